"""The OpenID provider: where a browser is sent to sign in, and what comes back, checked.

Authorization code flow with PKCE, state and nonce (Authlib). The provider is asked only while somebody signs in.
"""

import os
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import MismatchingStateError, OAuthError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

_CLOCK_TOLERANCE_SECONDS: Final = 120
_FORGET_AFTER_SECONDS: Final = 600
_TIMEOUT_SECONDS: Final = 10
# Signatures that only the provider can make: never `none`, never one with a shared secret.
_ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)


class ProviderDown(Exception):
    """The provider does not answer, or not as a provider: nobody can sign in now."""


class SignInRefused(Exception):
    """The provider, or our check of its token, said no; the text is for the log and holds no secret."""


class SignInStale(Exception):
    """This browser began another sign-in since, or none: beginning again helps."""


class Provider:
    """One issuer and our client there."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._secret = client_secret
        self._clock = clock
        self._kept: tuple[float, Any] | None = None

    async def sign_in(self, request: Request, callback: str) -> Response:
        """The answer that sends the browser to the provider."""
        client = await self._client()
        return await client.authorize_redirect(request, callback)

    async def claims(self, request: Request) -> Mapping[str, Any]:
        """What the provider says of who came back, once signature, issuer, audience, times and nonce hold."""
        client = await self._client()
        try:
            token = await client.authorize_access_token(
                request,
                leeway=_CLOCK_TOLERANCE_SECONDS,
                claims_options=self._claims_options(client.server_metadata["issuer"]),
            )
        except MismatchingStateError as error:
            raise SignInStale from error
        except OAuthError as error:
            raise SignInRefused(f"the provider answered {str(error.error)[:40]!r}") from error
        except (httpx2.HTTPError, ssl.SSLError) as error:
            raise self._down(error) from error
        except (JoseError, ValueError, TypeError, KeyError, RuntimeError) as error:
            raise SignInRefused(f"the token does not hold: {type(error).__name__}: {error}") from error
        claims = token.get("userinfo")
        if not claims or not isinstance(claims.get("sub"), str):
            raise SignInRefused("the provider sent no id token")
        return claims

    async def check(self) -> None:
        """Raises `ProviderDown` where nobody could sign in now; asks for what every sign-in asks first."""
        client = await self._client()
        if not client.server_metadata["id_token_signing_alg_values_supported"]:
            raise ProviderDown(
                f"the provider at {self.issuer} signs its tokens by no way that is believed; expected one of "
                f"{', '.join(sorted(_ALGORITHMS))}"
            )

    @property
    def sign_out_address(self) -> str | None:
        """Where the provider itself signs out, as far as it has said so."""
        said = self._kept[1].server_metadata.get("end_session_endpoint") if self._kept else None
        return said if isinstance(said, str) and urlsplit(said).scheme in {"https", "http"} else None

    async def _client(self) -> Any:
        """Authlib's client, its knowledge of the provider (addresses, keys) not older than ten minutes."""
        now = self._clock()
        if self._kept is None or now - self._kept[0] > _FORGET_AFTER_SECONDS:
            client = self._registered()
            try:
                metadata = await client.load_server_metadata()
                said = metadata["issuer"]
                algorithms = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
            except (httpx2.HTTPError, ssl.SSLError, ValueError, TypeError, KeyError) as error:
                raise self._down(error) from error
            # A slash at the end is a matter of spelling; the token must then spell it as the provider does.
            if not isinstance(said, str) or said.rstrip("/") != self.issuer.rstrip("/"):
                raise ProviderDown(
                    f"the provider at {self.issuer} calls itself {said!r}; expected AOAI_OIDC_ISSUER to be the same"
                )
            metadata["id_token_signing_alg_values_supported"] = [
                one for one in algorithms if one in _ALGORITHMS
            ]
            self._kept = now, client
        return self._kept[1]

    def _registered(self) -> Any:
        return OAuth().register(
            name="provider",
            client_id=self._client_id,
            client_secret=self._secret,
            server_metadata_url=f"{self.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile email",
                "code_challenge_method": "S256",
                "timeout": _TIMEOUT_SECONDS,
                "verify": _trusted(),
            },
        )

    def _claims_options(self, issuer: str) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": self._client_id},
        }

    def _down(self, error: Exception) -> ProviderDown:
        return ProviderDown(
            f"the provider at {self.issuer} did not answer as one: {type(error).__name__}: {error}"
        )


def _trusted() -> ssl.SSLContext | bool:
    """The company's root certificates where REQUESTS_CA_BUNDLE names some, as for every call to Azure."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    return ssl.create_default_context(cafile=bundle) if bundle else True
