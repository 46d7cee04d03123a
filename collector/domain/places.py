"""Hosts and ports as people write them."""

import ipaddress
import re
from typing import Final

_PLACE: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.%]+\]|[^\s:\[\]]+):(?P<port>\d{1,5})")


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine; names other than localhost are never trusted to."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_and_port(text: str) -> tuple[str, int]:
    """Both halves of `127.0.0.1:8501` or `[::1]:8501`, the brackets gone; `ValueError` says what is expected."""
    found = _PLACE.fullmatch(text)
    if found is None or int(found["port"]) > 65_535:
        raise ValueError("expected host:port such as 127.0.0.1:8501, with a port up to 65535")
    return found["host"].strip("[]"), int(found["port"])


def written(host: str, port: int) -> str:
    """The way back: an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
