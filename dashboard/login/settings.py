"""What login needs of the settings: wholly configured, or not at all."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from collector.domain.places import is_loopback
from collector.settings import BadSettings, Settings


@dataclass(frozen=True, slots=True)
class LoginSettings:
    issuer: str
    client_id: str
    client_secret: str
    allow: tuple[str, ...]
    public_url: str
    cookie_secret: str
    lifetime: timedelta


def login_settings(settings: Settings) -> LoginSettings | None:
    """None where no AOAI_OIDC_* is set; raises `BadSettings` with a sentence for each thing missing or wrong."""
    oidc = settings.oidc
    if not (oidc.issuer or oidc.client_id or oidc.client_secret or oidc.allow):
        return None
    given = {
        "AOAI_OIDC_ISSUER": oidc.issuer or "",
        "AOAI_OIDC_CLIENT_ID": oidc.client_id or "",
        "AOAI_OIDC_CLIENT_SECRET": oidc.client_secret or "",
        "AOAI_OIDC_ALLOW": ",".join(oidc.allow),
        "AOAI_PUBLIC_URL": settings.public_url or "",
        "AOAI_COOKIE_SECRET": settings.cookie_secret or "",
    }
    problems = [
        f"{name} is not set: login needs it, as docs/operate.md shows"
        for name, value in given.items()
        if not value
    ]
    for name in ("AOAI_OIDC_ISSUER", "AOAI_PUBLIC_URL"):
        problems += _address_problems(name, given[name])
    if problems:
        raise BadSettings(problems)
    return LoginSettings(
        given["AOAI_OIDC_ISSUER"],
        given["AOAI_OIDC_CLIENT_ID"],
        given["AOAI_OIDC_CLIENT_SECRET"],
        tuple(oidc.allow),
        given["AOAI_PUBLIC_URL"].rstrip("/"),
        given["AOAI_COOKIE_SECRET"],
        timedelta(hours=oidc.session_hours),
    )


def _address_problems(name: str, address: str) -> list[str]:
    if not address:
        return []
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return [f"{name}={address!r}: expected https://, since logins travel there"]
    if parts.query or parts.fragment or parts.username:
        return [f"{name}={address!r}: expected an address without user, '?' and '#'"]
    if name == "AOAI_PUBLIC_URL" and parts.path not in {"", "/"}:
        return [f"{name}={address!r}: expected no path, such as 'https://monitor.example.com'"]
    return []
