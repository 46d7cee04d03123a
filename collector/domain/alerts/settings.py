"""What a company may say of alerts in its configuration, read strictly: a slip names its key and what would be right."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import time
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from collector.domain.alerts.routing import OWNER_KEYS, TEAM_KEYS, Route, Routing
from collector.domain.alerts.rules import SEVERITIES, Severity, Tell
from collector.domain.alerts.table import DEFAULT_THRESHOLDS, RULES, Thresholds
from collector.domain.alerts.types import AlertConfig

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TELLS = ("at_once", "digest", "weekly")
_ROUTE_KEYS = ("to", "subscription", "account", "rule", "severity", "team", "tag")


class BadAlertSettings(ValueError):
    """A setting of alerts that can not be used; the message names it and what would be right."""


@dataclass(frozen=True, slots=True)
class AlertRules:
    """All that decides what is told to whom, and when."""

    config: AlertConfig = field(default_factory=AlertConfig)
    thresholds: Thresholds = DEFAULT_THRESHOLDS
    routing: Routing = field(default_factory=lambda: Routing(()))
    owner_keys: tuple[str, ...] = OWNER_KEYS
    team_keys: tuple[str, ...] = TEAM_KEYS


def parse_thresholds(table: Mapping[str, Any]) -> Thresholds:
    """`[alerts.thresholds]` laid over the defaults; each key takes the form that its default has."""
    known = {one.name for one in fields(Thresholds)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise BadAlertSettings(
                f"[alerts.thresholds] {key}: no such threshold; docs/alerts.md lists them by rule"
            )
        default = getattr(DEFAULT_THRESHOLDS, key)
        if isinstance(default, tuple):
            values[key] = _list(key, value, cast("tuple[Any, ...]", default))
        else:
            values[key] = _number(key, value, whole=isinstance(default, int))
    return replace(DEFAULT_THRESHOLDS, **values)


def parse_routes(tables: Sequence[Mapping[str, Any]], webhooks: Collection[str] = ()) -> tuple[Route, ...]:
    """The `[[routes]]` tables; addresses and rules are checked by `Routing`, webhooks must be among the named."""
    routes: list[Route] = []
    for number, table in enumerate(tables, 1):
        place = f"[[routes]] number {number}"
        stray = sorted(set(table) - set(_ROUTE_KEYS))
        if stray:
            raise BadAlertSettings(f"{place}: no key {stray[0]!r}; expected {', '.join(_ROUTE_KEYS)}")
        values = dict(table)
        to = values.pop("to", None)
        if isinstance(to, str):
            to = [to]
        if (
            not isinstance(to, list)
            or not to
            or not all(isinstance(one, str) for one in cast("list[Any]", to))
        ):
            raise BadAlertSettings(
                f"{place}: to={to!r}: expected a list of addresses such as ['ann@example.com']"
            )
        for name in (
            one.removeprefix("webhook:") for one in cast("list[str]", to) if one.startswith("webhook:")
        ):
            if name not in webhooks:
                raise BadAlertSettings(f"{place}: to='webhook:{name}': no [[webhooks]] has the name {name!r}")
        for key, value in values.items():
            if not isinstance(value, str) or not value.strip():
                raise BadAlertSettings(f"{place}: {key}={value!r}: expected a text")
        tag = values.pop("tag", None)
        if tag is not None and "=" not in tag:
            raise BadAlertSettings(f"{place}: tag={tag!r}: expected key=value")
        pair = None if tag is None else (tag.partition("=")[0], tag.partition("=")[2])
        routes.append(Route(to=tuple(cast("list[str]", to)), tag=pair, **values))
    return tuple(routes)


def parse_severities(table: Mapping[str, Any]) -> dict[str, Severity]:
    return cast("dict[str, Severity]", _by_rule("alerts.severities", table, tuple(SEVERITIES)))


def parse_tells(table: Mapping[str, Any]) -> dict[str, Tell]:
    return cast("dict[str, Tell]", _by_rule("alerts.tells", table, TELLS))


def parse_spares(words: Sequence[str]) -> frozenset[Severity]:
    """The severities that quiet hours do not hold."""
    for word in words:
        if word not in SEVERITIES:
            raise BadAlertSettings(f"AOAI_ALERTS_QUIET_SPARES={word!r}: expected {', '.join(SEVERITIES)}")
    return frozenset(cast("Sequence[Severity]", words))


def parse_clock(key: str, text: str | None) -> time | None:
    """A time of day written 20:00."""
    if text is None:
        return None
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise BadAlertSettings(f"{key}={text!r}: expected a time of day such as '20:00'") from error


def _by_rule(section: str, table: Mapping[str, Any], allowed: tuple[str, ...]) -> dict[str, str]:
    for rule, value in table.items():
        if rule not in RULES:
            raise BadAlertSettings(f"[{section}] {rule}: no such rule; docs/alerts.md lists them")
        if value not in allowed:
            raise BadAlertSettings(f"[{section}] {rule}={value!r}: expected one of {', '.join(allowed)}")
    return dict(table)


def _list(key: str, value: Any, default: tuple[Any, ...]) -> tuple[Any, ...]:
    """Thresholds rise in urgency: a list that turns about would skip a step."""
    shown = ", ".join(str(one) for one in default)
    if not isinstance(value, list) or not value:
        raise BadAlertSettings(f"[alerts.thresholds] {key}={value!r}: expected a list such as [{shown}]")
    items = tuple(_number(key, one, whole=isinstance(default[0], int)) for one in cast("list[Any]", value))
    falls = len(default) > 1 and default[0] > default[-1]
    if list(items) != sorted(set(items), reverse=falls):
        order = "falling" if falls else "rising"
        raise BadAlertSettings(
            f"[alerts.thresholds] {key}={value!r}: expected {order} numbers such as [{shown}]"
        )
    return items


def _number(key: str, value: Any, *, whole: bool) -> Any:
    what = "a whole number" if whole else "a number"
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = None
    right = number is not None and number.is_finite() and number >= 0 and not isinstance(value, bool)
    if number is None or not right or (whole and number != int(number)):
        raise BadAlertSettings(f"[alerts.thresholds] {key}={value!r}: expected {what} of at least 0")
    return int(number) if whole else number
