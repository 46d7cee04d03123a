"""Whether people can sign in to the dashboard: its login settings, and the OpenID provider as its machine reaches it."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collector.doctor import Check
    from collector.settings import Settings


def login_checks(settings: "Settings") -> Iterator["Check"]:
    """Nobody is signed in for it."""
    from collector.doctor import Check
    from collector.settings import BadSettings
    from dashboard.login.pages import CALLBACK
    from dashboard.login.provider import Provider, ProviderDown
    from dashboard.login.settings import login_settings

    try:
        login = login_settings(settings)
    except BadSettings as error:
        for problem in error.problems:
            yield Check("login", "login", "bad setting", problem)
        return
    if login is None:
        yield Check(
            "login",
            "login",
            "not set up",
            "whoever reaches the dashboard sees every figure; AOAI_OIDC_* sets one up",
        )
        return
    try:
        asyncio.run(Provider(login.issuer, login.client_id, login.client_secret).check())
    except ProviderDown as error:
        yield Check("login", "OpenID provider", "missing", str(error))
    else:
        back = f"{login.public_url}{CALLBACK}"
        yield Check(
            "login",
            "OpenID provider",
            "works",
            f"{login.issuer} answers; it must know the redirect address {back}",
        )
