"""What `--json` promises to scripts: one object a command, keys that are never renamed, null for unknown.

Money and quantities are decimal strings or integers, instants ISO 8601 with `Z`, days `2026-10-01`.
Rows come from the store's questions; this room lies below it and knows them by their fields.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from collector.domain.endings.api_versions import ApiVersionFact, api_ending
from collector.domain.periods import Window
from collector.domain.room.fullness import NoDate, UntilFull

Json = dict[str, Any]
LineKey = tuple[str, str, str]

COST_ROW = (
    *("currency", "subscription_id", "account", "deployment", "model", "version", "sku", "location"),
    *("kind", "tier", "quantity", "unit", "unit_price", "cost", "low", "high", "basis", "step", "meter_id"),
    *("meter_name", "team"),
)
UNPRICED_ROW = (
    *("subscription_id", "account", "deployment", "model", "version", "sku", "location"),
    *("kind", "quantity", "unit", "why"),
)
ROOM_ROW = (
    *(
        "subscription_id",
        "account",
        "deployment",
        "model",
        "version",
        "sku",
        "location",
        "limit_tpm",
        "limit_rpm",
    ),
    *("peak_tpm", "p99_tpm", "p95_tpm", "peak_rpm", "p99_rpm", "headroom_tpm", "headroom_rpm", "binding"),
    *("used_share", "peak_at_least", "peak_tpm_at", "peak_rpm_at"),
    *(
        "minutes_over_80",
        "minutes_over_90",
        "minutes_over_100",
        "requests",
        "throttled",
        "throttled_at_limit",
    ),
    *(
        "throttled_below_limit",
        "throttled_unclassified",
        "throttled_minutes",
        "spilled",
        "ptu_mean",
        "ptu_max",
    ),
    *("quota_line", "coverage", "minute_coverage"),
)
QUOTA_ROW = (
    "subscription_id",
    "location",
    "usage_name",
    "label",
    "unit",
    "per_unit",
    "limit",
    "current",
    "free",
)
SCOPE_ROW = ("job", "scope", "through", "status", "error", "remedy", "attempted_at")
LEASE_ROW = ("step", "host", "pid", "since", "mark")
RESERVATION = (
    "name",
    "source",
    "currency",
    "units",
    "paid_hours",
    "used_hours",
    "needed_hours",
    "utilisation",
    "coverage",
    "cost",
    "unused_cost",
)
GAP_ROW = ("job", "scope", "starts_at", "ends_at", "why")


def cost_object(
    period: Window,
    *,
    as_of: datetime | None,
    coverage: float | None,
    rows: Iterable[Any],
    unpriced: Iterable[Any],
    totals: Iterable[Any],
    reservations: Iterable[Any] = (),
) -> Json:
    """What the period cost. Other publishers' models are out of our scope, which is not the same as unpriced."""
    apart: dict[bool, list[Json]] = {False: [], True: []}
    for row in unpriced:
        apart[row.out_of_scope].append(_fields(row, UNPRICED_ROW))
    return {
        "period": _days(period),
        "as_of": _plain(as_of),
        "coverage": coverage,
        "rows": [_cost_row(row) for row in rows],
        "unpriced": apart[False],
        "out_of_scope": apart[True],
        "totals": [_fields(total, ("currency", "cost", "low", "high")) for total in totals],
        "reservations": [_fields(one, RESERVATION) for one in reservations],
    }


def room_object(
    period: Window,
    *,
    as_of: datetime | None,
    rows: Iterable[Any],
    quotas: Iterable[Any],
    days_to_full: Mapping[LineKey, UntilFull | NoDate] | None = None,
) -> Json:
    """Deployments against their limits, and the quota lines they draw from."""
    known = days_to_full or {}
    return {
        "period": _instants(period),
        "as_of": _plain(as_of),
        "deployments": [_fields(row, ROOM_ROW) for row in rows],
        "quotas": [
            _quota(row, known.get((row.subscription_id, row.location, row.usage_name))) for row in quotas
        ],
    }


def endings_object(
    today: date,
    *,
    as_of: datetime | None,
    stories: Iterable[Any],
    api_uses: Iterable[Any],
    api_versions: Mapping[str, ApiVersionFact],
    callers: Mapping[Any, Any] | None = None,
) -> Json:
    """What ends when, soonest first; what has no date comes last."""
    deployments = [_ending(story) for story in stories]
    who = callers or {}
    heard = [
        _api_use(row, api_versions, today, who.get((row.account_key, row.key, row.api_version)))
        for row in api_uses
    ]
    return {
        "as_of": _plain(as_of),
        "deployments": sorted(deployments, key=_soonest),
        "api_versions": sorted(heard, key=_soonest),
    }


def status_object(
    *,
    scopes: Iterable[Any],
    gaps: Iterable[Any],
    coverage_24h: float | None,
    calls_24h: int,
    throttles_24h: int,
    calls_month: int,
    call_price_per_1000: Decimal | str | None,
    runs: Sequence[Any] = (),
    leases: Iterable[Any] = (),
    charged_by: Iterable[Any] = (),
    waiting: Any = None,
) -> Json:
    """How far everything is known, and what knowing it cost."""
    price = None if call_price_per_1000 is None else Decimal(call_price_per_1000)
    return {
        "scopes": [_fields(scope, SCOPE_ROW) for scope in scopes],
        "gaps": [_fields(gap, GAP_ROW) for gap in gaps],
        "coverage_24h": coverage_24h,
        "calls_24h": calls_24h,
        "throttles_24h": throttles_24h,
        "call_cost_month": None if price is None else _plain(price * calls_month / 1000),
        "runs": [
            _fields(
                run, ("job", "started_at", "finished_at", "status", "calls", "throttles", "rows", "error")
            )
            for run in runs
        ],
        "leases": [_fields(lease, LEASE_ROW) for lease in leases],
        "charged_by": [_fields(one, ("part", "changed_at", "why")) for one in charged_by],
        "waiting": waiting and _fields(waiting, ("days", "charges_only", "first")),
    }


def unpriced_object(row: Any) -> Json:
    return _fields(row, UNPRICED_ROW)


def _cost_row(row: Any) -> Json:
    found = _fields(row, COST_ROW)
    return found if row.day is None else {**found, "day": _plain(row.day)}


def _quota(row: Any, full: UntilFull | NoDate | None) -> Json:
    return {
        **_fields(row, QUOTA_ROW),
        "last_read_at": _plain(row.last_read_at),
        "days_to_full": full.days if isinstance(full, UntilFull) else None,
        "days_to_full_low": full.low if isinstance(full, UntilFull) else None,
        "days_to_full_high": full.high if isinstance(full, UntilFull) else None,
    }


def _ending(story: Any) -> Json:
    row, ending, free = story.row, story.ending, story.replacement_free
    return {
        "subscription_id": row.subscription_id,
        "account": row.account,
        "deployment": row.deployment,
        "model": row.what.model,
        "version": row.what.version,
        "sku": row.what.sku,
        "location": row.location,
        "lifecycle": ending.lifecycle,
        "ends_on": _plain(ending.ends_on),
        "ends_on_source": ending.ends_on_source,
        "firmness": ending.firmness,
        "inference_retires_on": _plain(ending.inference_retires_on),
        "on_the_day": ending.on_the_day,
        "why": ending.why,
        "replacement": ending.replacement,
        "days_left": ending.days_left,
        "requests_30d": row.requests_30d,
        "cost_30d": [{"currency": currency, "cost": _plain(cost)} for currency, cost in row.costs_30d],
        "account_name": row.account_name,
        "owner": story.where.owner,
        "team": story.where.team,
        "last_used_on": _plain(story.last_used_on),
        "listed": ending.standing,
        "read_at": _plain(ending.read_at),
        "replacement_offered": ending.replacement_offered,
        "replacement_free_quota": free and {"amount": _plain(free.amount), "unit": free.unit},
        "price": _use_price(story.price),
        "replacement_price": _use_price(story.replacement_price),
    }


def _use_price(price: Any) -> Json | None:
    """For one token or one provisioned unit and hour, never for a thousand or a million."""
    return price and _fields(price, ("currency", "input", "output", "unit_hour"))


def _api_use(row: Any, facts: Mapping[str, ApiVersionFact], today: date, who: Any) -> Json:
    ending = api_ending(row.api_version, facts, today)
    return {
        "account": row.account,
        "account_name": row.account_name,
        "deployment": row.deployment,
        "api_version": row.api_version,
        "state": ending.state,
        "ends_on": _plain(ending.ends_on),
        "days_left": ending.days_left,
        "target": ending.target,
        "advice": ending.advice,
        "requests_30d": row.requests,
        "last_seen": _plain(row.last_seen),
        "first_seen": _plain(row.first_seen),
        "share": _plain(row.share),
        "requests_30d_before": row.requests_before,
        "share_before": _plain(row.share_before),
        "operations": list(row.operations),
        "callers": who
        and {
            "count": who.count,
            "named": [{"caller": caller, "requests": requests} for caller, requests in who.named],
            "read_at": _plain(who.read_at),
        },
    }


def _soonest(found: Json) -> tuple[bool, str, int]:
    return found["ends_on"] is None, found["ends_on"] or "", -(found["requests_30d"] or 0)


def _fields(row: Any, names: Iterable[str]) -> Json:
    return {name: _plain(getattr(row, name)) for name in names}


def _days(period: Window) -> Json:
    return {"from": period.start.date().isoformat(), "to": period.end.date().isoformat()}


def _instants(period: Window) -> Json:
    return {"from": _plain(period.start), "to": _plain(period.end)}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _digits(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    return value


def _digits(value: Decimal) -> str:
    """The amount without exponent and idle zeros, the same from every database."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
