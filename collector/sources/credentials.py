"""Who we are to Azure: a token policy for each client."""

import os
import threading
import time
from dataclasses import dataclass
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, SansIOHTTPPolicy
from azure.identity import DefaultAzureCredential
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from collector.domain.types import Misconfigured
from collector.sources.endpoints import Endpoints, is_loopback, is_plain

_RENEW_BEFORE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A credential for a loopback server: a word where a secret would be."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("loopback", int(time.time()) + 3600)


class LoopbackBearer(SansIOHTTPPolicy[Any, Any]):
    """Sets the token without the SDK's refusal of plain http; built for loopback addresses only."""

    def __init__(self, credential: TokenCredential, scope: str) -> None:
        super().__init__()
        self._credential = credential
        self._scope = scope
        self._token: AccessToken | None = None
        self._lock = threading.Lock()

    def on_request(self, request: PipelineRequest[Any]) -> None:
        with self._lock:
            if self._token is None or self._token.expires_on - time.time() < _RENEW_BEFORE_SECONDS:
                self._token = self._credential.get_token(self._scope)
        request.http_request.headers["Authorization"] = f"Bearer {self._token.token}"


def credential_for(auth: str, endpoints: Endpoints) -> TokenCredential:
    """The credential of `AOAI_AUTH`.

    A person's own login is never sent to a loopback server over plain http: there only the stand-in of a
    managed identity (IDENTITY_ENDPOINT) gives tokens, and without one a placeholder goes in their place.
    """
    if auth not in {"default", "none"}:
        raise Misconfigured(f"AOAI_AUTH={auth!r}: expected 'default' or 'none'")
    local = is_loopback(endpoints.arm) and is_loopback(endpoints.metrics_at("region"))
    if auth == "none":
        if not local:
            raise Misconfigured(
                "AOAI_AUTH='none': accepted only where AOAI_ARM_ENDPOINT and AOAI_METRICS_ENDPOINT are loopback "
                "addresses; use 'default'"
            )
        return Placeholder()
    if local and is_plain(endpoints.arm):
        if not os.environ.get("IDENTITY_ENDPOINT"):
            return Placeholder()
        return DefaultAzureCredential(
            exclude_environment_credential=True,
            exclude_workload_identity_credential=True,
            exclude_developer_cli_credential=True,
            exclude_cli_credential=True,
            exclude_powershell_credential=True,
            exclude_shared_token_cache_credential=True,
            exclude_visual_studio_code_credential=True,
            exclude_broker_credential=True,
        )
    return DefaultAzureCredential(authority=endpoints.authority)


def authentication(credential: TokenCredential, url: str, scope: str, *, arm: bool) -> Any:
    """The policy that puts the token on calls to `url`."""
    if is_plain(url) and is_loopback(url):
        return LoopbackBearer(credential, scope)
    return (ARMChallengeAuthenticationPolicy if arm else BearerTokenCredentialPolicy)(credential, scope)
