"""Logging in to Azure Database for PostgreSQL as an Entra identity: its token is the password."""

from collections.abc import Callable
from typing import Final

from azure.core.exceptions import AzureError

from collector.domain.types import NeedsHuman
from collector.sources.credentials import credential_for
from collector.sources.endpoints import endpoints_of

_SCOPES: Final = {
    "public": "https://ossrdbms-aad.database.windows.net/.default",
    "usgov": "https://ossrdbms-aad.database.usgovcloudapi.net/.default",
}


def database_password(cloud: str = "public") -> Callable[[], str]:
    """A function that gives a token that is good now; the credential keeps one and renews it before it ends."""
    credential = credential_for("default", endpoints_of(cloud))

    def password() -> str:
        try:
            return credential.get_token(_SCOPES[cloud]).token
        except AzureError as error:
            lines = str(error).strip().splitlines()
            raise NeedsHuman(
                f"AOAI_DATABASE_AUTH='entra': no token for PostgreSQL ({lines[0] if lines else type(error).__name__}); "
                "give the process a managed identity, or sign in with 'az login'"
            ) from error

    return password
