"""Who may look: what a provider says of a person, against AOAI_OIDC_ALLOW."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

EVERYONE: Final = "*"
GROUP: Final = "group:"
_MAIL: Final = re.compile(r"[!-?A-~]+@[a-z0-9-]+(\.[a-z0-9-]+)+")


def mail_of(claims: Mapping[str, Any]) -> str | None:
    """The person's mail address in lower case; None where the provider names none or says it is not verified.

    Only plain ASCII with one `@`: a letter that merely looks like another must not open a domain.
    """
    if str(claims.get("email_verified")).lower() in {"false", "0"}:
        return None
    for name in ("email", "preferred_username", "upn"):
        said = claims.get(name)
        if isinstance(said, str) and said.isascii() and _MAIL.fullmatch(said.lower()):
            return said.lower()
    return None


def entry_for(claims: Mapping[str, Any], allow: Sequence[str]) -> str | None:
    """The first entry of the list that lets this person in, or None.

    An entry is `*`, a mail address, a domain (`example.com` or `@example.com`; its subdomains are others), or a
    group or app role (an id or a name without a dot; `group:NAME` where the name has one).
    """
    mail = mail_of(claims)
    memberships = {*_texts(claims.get("groups")), *_texts(claims.get("roles"))}
    return next((entry for entry in allow if _admits(entry, mail, memberships)), None)


def groups_left_out(claims: Mapping[str, Any]) -> bool:
    """Whether the provider named too many groups to send (Entra ID does so above 200) and sent a pointer instead."""
    pointed = claims.get("_claim_names")
    return bool(claims.get("hasgroups")) or (isinstance(pointed, Mapping) and "groups" in pointed)


def _admits(entry: str, mail: str | None, memberships: set[str]) -> bool:
    if entry == EVERYONE:
        return True
    if entry.startswith(GROUP):
        return entry.removeprefix(GROUP) in memberships
    name, at, domain = entry.lower().rpartition("@")
    if name:
        return mail == f"{name}@{domain}"
    if at or "." in domain:
        return mail is not None and mail.rpartition("@")[2] == domain
    return entry in memberships


def _texts(said: Any) -> list[str]:
    if isinstance(said, str):
        return [said]
    return [one for one in said if isinstance(one, str)] if isinstance(said, list) else []
