"""How many more accounts Azure lets a subscription make in a location, read from its lines of account counts."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from collector.domain.room.quotas import LineUse

_ALL = "accountcount"
_OF_KIND = {"openai": "openai.s0.accountcount", "aiservices": "aiservices.s0.accountcount"}


def hosts(kind: str, model_format: str) -> bool:
    """An account of kind OpenAI takes OpenAI's models alone, one of kind AIServices those of every publisher."""
    return kind.casefold() == "aiservices" or (kind.casefold(), model_format.casefold()) == (
        "openai",
        "openai",
    )


def needs_account(kinds: AbstractSet[str], model_format: str) -> bool:
    """Whether no account that lies there could take the model."""
    return not any(hosts(kind, model_format) for kind in kinds)


def accounts_free(lines: Mapping[str, LineUse], model_format: str) -> int | None:
    """How many accounts that take the model may still be made; `lines` by their casefolded names.

    Every kind counts on the line of all accounts as well as on its own. What was not told is unknown: only a
    line that is full settles it then.
    """
    everyone = _free(lines, _ALL)
    kinds = [_free(lines, name) for kind, name in _OF_KIND.items() if hosts(kind, model_format)]
    best = None if None in kinds else max(free for free in kinds if free is not None)
    if 0 in (everyone, best):
        return 0
    return None if everyone is None or best is None else min(everyone, best)


def _free(lines: Mapping[str, LineUse], name: str) -> int | None:
    line = lines.get(name)
    return None if line is None else max(0, int(line.free))
