"""PostgreSQL over the network is believed only if its certificate and its name hold."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy.engine import make_url

from collector.store import schema
from collector.store.engine import open_engine
from collector.store.errors import DatabaseUnavailable
from collector.store.tls import verified

SERVER = "db.example.com"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@127.0.0.1/aoai",
        "postgresql://u@[::1]:5432/aoai",
        "postgresql://u@localhost/aoai",
        "postgresql:///aoai",
        "postgresql:///aoai?host=/var/run/postgresql",
        "postgresql:///aoai?service=monitor",
    ],
)
def test_this_machine_needs_no_certificate(url: str) -> None:
    assert make_url(url) == verified(make_url(url), {})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@db.example.com/aoai",
        "postgresql://u@10.1.2.3:5432/aoai",
        "postgresql://u@localhost.example.com/aoai",
        "postgresql:///aoai?host=127.0.0.1,db.example.com",
        "postgresql:///aoai?host=localhost&host=db.example.com:5432",
    ],
)
def test_any_other_host_is_verified(url: str) -> None:
    found = verified(make_url(url), {"REQUESTS_CA_BUNDLE": __file__})

    assert ("verify-full", __file__) == (found.query["sslmode"], found.query["sslrootcert"])


@pytest.mark.parametrize(
    ("query", "environment", "expected"),
    [
        ("?sslmode=disable", {}, {"sslmode": "disable"}),
        ("", {"PGSSLMODE": "require"}, {}),
        ("?sslmode=verify-ca&sslrootcert=/ca.pem", {}, {"sslmode": "verify-ca", "sslrootcert": "/ca.pem"}),
        ("", {"PGSSLROOTCERT": "/ca.pem"}, {"sslmode": "verify-full"}),
    ],
)
def test_what_an_operator_chose_stays(
    query: str, environment: dict[str, str], expected: dict[str, str]
) -> None:
    assert expected == dict(verified(make_url(f"postgresql://u@{SERVER}/aoai{query}"), environment).query)


@contextmanager
def a_server(certificate: Path, key: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A server that offers TLS as PostgreSQL does and keeps what a client then says to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.recv(8)
                client.sendall(b"S")
                try:
                    with context.wrap_socket(client, server_side=True) as safe:
                        heard.append(safe.recv(1024))
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)


def a_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form, private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, private))
    return paths


@pytest.mark.parametrize(
    ("named", "trusted", "heard_us"),
    [
        pytest.param(SERVER, True, True, id="its name and a root we trust"),
        pytest.param(SERVER, False, False, id="a root we do not trust"),
        pytest.param("other.example.com", True, False, id="another name"),
    ],
)
def test_a_server_hears_our_name_and_password_only_behind_a_certificate_that_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, trusted: bool, heard_us: bool
) -> None:
    certificate, key = a_certificate(tmp_path, named)
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with a_server(certificate, key) as (port, heard):
        engine = open_engine(f"postgresql://monitor:secret@{SERVER}:{port}/aoai?hostaddr=127.0.0.1")

        with pytest.raises(DatabaseUnavailable) as refused:
            schema.check(engine)

        engine.dispose()
    assert heard_us == any(b"monitor" in words for words in heard)
    assert heard_us or "certificate" in str(refused.value)
    assert "secret" not in str(refused.value)
