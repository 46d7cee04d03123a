"""PostgreSQL over the network is spoken to with TLS, its certificate and name verified, unless the URL says otherwise."""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL

from collector.domain.places import is_loopback

# Where systems keep their trusted roots in one file; the driver brings an OpenSSL of its own that does not know.
_SYSTEM_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def verified(url: URL, environment: Mapping[str, str]) -> URL:
    """The URL with `sslmode=verify-full` and the roots to trust, where neither it nor libpq's variables choose.

    Addresses of this machine are left alone: nobody listens in between. The URL carries the choice, so that every
    connection made from it, also the one that holds a lease, is checked alike.
    """
    if "service" in url.query or all(_is_local(host) for host in _hosts(url)):
        return url
    chosen = dict(url.query)
    if "sslmode" not in chosen and "PGSSLMODE" not in environment:
        chosen["sslmode"] = "verify-full"
    wanted = chosen.get("sslmode", environment.get("PGSSLMODE"))
    if (
        wanted in {"verify-ca", "verify-full"}
        and "sslrootcert" not in chosen
        and "PGSSLROOTCERT" not in environment
    ):
        chosen["sslrootcert"] = _roots(environment)
    return url.set(query=chosen)


def _hosts(url: URL) -> Iterator[str]:
    named = url.query.get("host", url.host or "")
    for one in named if isinstance(named, tuple) else (named,):
        yield from (
            host.rpartition(":")[0] or host if host.count(":") == 1 else host for host in one.split(",")
        )


def _is_local(host: str) -> bool:
    """Whether a host is this machine: a socket's folder, localhost, a loopback address."""
    return not host or host.startswith(("/", "@")) or is_loopback(host)


def _roots(environment: Mapping[str, str]) -> str:
    """The company's own bundle where it names one, as for every call to Azure; else the system's."""
    named = [environment.get(name, "") for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")]
    found = [ssl.get_default_verify_paths().cafile or "", *_SYSTEM_BUNDLES]
    return next((path for path in [*named, *found] if path and Path(path).is_file()), "system")
