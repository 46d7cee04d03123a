"""Reading single values of ARM's: what it did not say is None, in one spelling each."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import structlog

log = structlog.get_logger(__name__)


def instant(said: Any) -> datetime | None:
    """An instant of ARM's, with or without fractions (up to seven digits) and zone; a date alone is its midnight."""
    if said is None or said == "":
        return None
    if isinstance(said, datetime):
        return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    try:
        found = datetime.fromisoformat(_six_digits(str(said).strip()))
    except ValueError:
        log.warning("a date that cannot be read", said=str(said)[:40])
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def whole(said: Any) -> int | None:
    return int(said) if isinstance(said, (int, float)) and not isinstance(said, bool) else None


def exact(said: Any) -> Decimal | None:
    """The number as it is written: 5000.0 is 5000."""
    if isinstance(said, bool) or not isinstance(said, (int, float, str, Decimal)):
        return None
    number = Decimal(str(said))
    if not number.is_finite():
        return None
    return number.to_integral_value() if number == number.to_integral_value() else number


def per_minute(rules: Iterable[Any] | None, key: str) -> Decimal | None:
    """The limit of `key` ("token", "request") a minute, None where no rule names it.

    A rule without a key is not guessed at; where several name one key, the tightest holds.
    """
    found = [
        Decimal(str(count)) * 60 / Decimal(str(period))
        for rule in rules or ()
        if (rule_key(rule) or "").casefold() == key
        and (count := getattr(rule, "count", None)) is not None
        and (period := getattr(rule, "renewal_period", None))
    ]
    return exact(min(found)) if found else None


def rule_key(rule: Any) -> str | None:
    """Deployments' rules have a `key`; the SDK's model of a catalogue rule lost it among the unknown fields."""
    return getattr(rule, "key", None) or unknown(rule).get("key")


def unknown(model: Any) -> dict[str, Any]:
    """The fields of an answer that the SDK's model does not know."""
    return getattr(model, "additional_properties", None) or {}


def texts(said: Any) -> dict[str, str]:
    return {str(key): "" if value is None else str(value) for key, value in (said or {}).items()}


def _six_digits(text: str) -> str:
    """Python 3.11 reads fractions of up to six digits; ARM writes seven."""
    head, dot, tail = text.partition(".")
    if not dot:
        return text
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}"
