"""PostgreSQL is logged into with a token of the process's own identity."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from collector.domain.types import NeedsHuman
from collector.sources.database_login import database_password


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A stand-in for the managed identity's endpoint; the resources that tokens were asked for."""
    resources: list[str] = []

    class Identity(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            resources.append(parse_qs(urlsplit(self.path).query)["resource"][0])
            token = {
                "access_token": f"token-{len(resources)}",
                "expires_on": "4102444800",
                "token_type": "Bearer",
            }
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(token).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Identity) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "x")
        yield resources
        server.shutdown()


@pytest.mark.parametrize(
    ("cloud", "resource"),
    [
        ("public", "https://ossrdbms-aad.database.windows.net"),
        ("usgov", "https://ossrdbms-aad.database.usgovcloudapi.net"),
    ],
)
def test_the_token_is_for_postgresql_of_the_cloud_and_kept_while_it_is_good(
    asked: list[str], cloud: str, resource: str
) -> None:
    password = database_password(cloud)

    assert ["token-1", "token-1"] == [password(), password()]
    assert [resource] == asked


def test_without_an_identity_a_person_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "IDENTITY_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")

    with pytest.raises(NeedsHuman, match=r"AOAI_DATABASE_AUTH='entra'.*managed identity"):
        database_password()()
