"""Where the dashboard listens: taken before anything starts, so that what cannot be is said in a sentence."""

import errno
import socket

from collector.domain.places import is_loopback, written
from collector.domain.types import Misconfigured, TryLater
from collector.settings import Settings
from dashboard.login.settings import login_settings

_HOW = "--listen or AOAI_DASHBOARD_LISTEN"


def take(host: str, port: int) -> socket.socket:
    """A socket that listens there. A port that another process has is a matter of time; a foreign address is not."""
    place = written(host, port)
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise TryLater(
                f"{place} is taken by another process: end that one, or name another port with {_HOW}"
            ) from error
        raise Misconfigured(
            f"cannot listen on {place} ({error.strerror}): expected an address of this machine and a port that this "
            f"user may open, such as 127.0.0.1:8501; name it with {_HOW}"
        ) from error


def told(settings: Settings, host: str, port: int) -> list[str]:
    """What whoever starts the dashboard has to know."""
    place = written("127.0.0.1" if host in {"0.0.0.0", "::"} else host, port)  # noqa: S104  # only read here
    lines = [f"dashboard: {settings.public_url or f'http://{place}'}   (listens on {written(host, port)})"]
    if login_settings(settings) is None and not is_loopback(host):
        lines.append(
            "warning: there is no login (AOAI_OIDC_* is not set), so whoever reaches that port sees every figure; "
            "docs/operate.md shows how to set one up"
        )
    return lines
