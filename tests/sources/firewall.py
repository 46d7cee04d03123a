"""A company's network on one machine: a proxy, TLS with certificates of its own, and an Entra that gives tokens."""

import select
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, StreamRequestHandler, ThreadingTCPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class PrivateRoots:
    """A root that only this company trusts, and a server's certificate under it."""

    bundle: Path
    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


def private_roots(folder: Path, *names: str) -> PrivateRoots:
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, said)]) for said in ("Company", "Proxy")
    )
    root = (
        _dated(root_name, root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True
        )
        .sign(root_key, hashes.SHA256())
    )
    server = (
        _dated(name, root_name, key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
        )
        .sign(root_key, hashes.SHA256())
    )
    made = PrivateRoots(folder / "roots.pem", folder / "server.pem", folder / "server.key")
    made.bundle.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    made.chain.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return made


def _dated(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


class _Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    owner: Any

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up, or did not trust us, is what some tests are about."""


@contextmanager
def tls_before(place: Place, roots: PrivateRoots) -> Iterator[Place]:
    """TLS in front of a plain server."""

    class Front(BaseRequestHandler):
        def handle(self) -> None:
            with (
                context.wrap_socket(self.request, server_side=True) as client,
                socket.create_connection(place) as server,
            ):
                _pump(client, server)

    context = roots.context()
    with _served(_Server(("127.0.0.1", 0), Front)) as server:
        yield server.server_address[:2]


@dataclass(slots=True)
class Proxy:
    """What it was asked to connect to; `refuses` answers 403 to everything."""

    places: Mapping[str, Place]
    url: str = ""
    refuses: bool = False
    asked: list[str] = field(default_factory=list[str])

    def place_of(self, host: str) -> Place | None:
        return next(
            (place for end, place in self.places.items() if host == end or host.endswith(f".{end}")), None
        )


@contextmanager
def a_proxy(places: Mapping[str, Place]) -> Iterator[Proxy]:
    """A proxy that knows CONNECT: hosts by their name or its end, wherever they really are."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            words = self.rfile.readline().decode("latin-1").split()
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            target = words[1]
            proxy.asked.append(target)
            place = proxy.place_of(target.partition(":")[0])
            if words[0] != "CONNECT" or proxy.refuses or place is None:
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(place) as server:
                _pump(self.connection, server)

    proxy = Proxy(places)
    with _served(_Server(("127.0.0.1", 0), Handler)) as server:
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield proxy


@contextmanager
def an_entra() -> Iterator[Place]:
    """The little of Entra that a service principal needs to get a token."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None: ...

        def do_GET(self) -> None:
            base = f"https://{self.headers['Host']}/tenant"
            self._say(
                f'{{"issuer":"{base}/v2.0","authorization_endpoint":"{base}/oauth2/v2.0/authorize",'
                f'"token_endpoint":"{base}/oauth2/v2.0/token","tenant_discovery_endpoint":"{base}/v2.0/.well-known/openid-configuration",'
                '"metadata":[]}'
            )

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._say('{"token_type":"Bearer","expires_in":3600,"access_token":"given-by-entra"}')

        def _say(self, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    with _served(http) as server:
        yield "127.0.0.1", server.server_address[1]


@contextmanager
def _served(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Bytes both ways until either side ends."""
    with suppress(OSError):
        while True:
            waiting = (
                [one] if getattr(one, "pending", lambda: 0)() else select.select([one, other], [], [])[0]
            )
            for source in waiting:
                sent = source.recv(65_536)
                if not sent:
                    return
                (other if source is one else one).sendall(sent)
