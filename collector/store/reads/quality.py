"""How well deployments answered over a period, beside how busy they were; and by which interface they are called."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, and_, func, select

from collector.domain.advice.latency import AnswerTimes
from collector.domain.periods import Window
from collector.store import tables
from collector.store.reads.scope import EVERYTHING, Filters, within

MEANS = ("first_token_ms", "between_tokens_ms", "last_byte_ms")


@dataclass(frozen=True, slots=True)
class QualityRow:
    """Means are those of the hours that publish a figure, each hour alike; `worst` is the worst hour's mean.

    `stream` is empty where Azure does not tell streaming apart. None is not published.
    """

    account_key: UUID
    key: str
    account: str
    account_name: str
    deployment: str
    model: str | None
    sku: str | None
    location: str
    stream: str
    hours: int
    first_token_ms: float | None
    first_token_ms_worst: float | None
    between_tokens_ms: float | None
    between_tokens_ms_worst: float | None
    last_byte_ms: float | None
    last_byte_ms_worst: float | None
    availability: float | None
    availability_worst: float | None
    filtered_requests: int | None
    filter_rejections: int | None


@dataclass(frozen=True, slots=True)
class QualityHourRow:
    hour: datetime
    stream: str
    first_token_ms: float | None
    between_tokens_ms: float | None
    last_byte_ms: float | None
    availability: float | None
    tokens: int | None


@dataclass(frozen=True, slots=True)
class UseRow:
    """Requests of a deployment by operation and api-version; an api-version that Azure does not tell is `unversioned`."""

    account: str
    account_name: str
    deployment: str
    operation: str
    api_version: str
    stream: str
    requests: int
    throttled: int
    last_day: date


def quality_rows(connection: Connection, window: Window, filters: Filters = EVERYTHING) -> list[QualityRow]:
    """Every deployment with anything published in the window, slowest to its first token first."""
    hour, account, deployment, revision = (
        tables.quality_hour,
        tables.account,
        tables.deployment,
        tables.deployment_revision,
    )
    figures = [
        part
        for name in MEANS
        for part in (func.avg(hour.c[f"{name}_mean"]), func.max(hour.c[f"{name}_mean"]))
    ]
    summed = (
        select(
            hour.c.account_key,
            hour.c.deployment,
            hour.c.stream,
            func.count().label("hours"),
            *(figure.label(f"figure_{place}") for place, figure in enumerate(figures)),
            func.avg(hour.c.availability_mean).label("availability"),
            func.min(hour.c.availability_mean).label("availability_worst"),
            func.sum(hour.c.filtered_requests).label("filtered"),
            func.sum(hour.c.filter_rejections).label("rejected"),
        )
        .where(hour.c.hour >= window.start, hour.c.hour < window.end, *within(connection, filters, hour))
        .group_by(hour.c.account_key, hour.c.deployment, hour.c.stream)
        .subquery()
    )
    same = and_(
        deployment.c.account_key == summed.c.account_key, deployment.c.deployment == summed.c.deployment
    )
    newest = and_(
        revision.c.account_key == summed.c.account_key,
        revision.c.deployment == summed.c.deployment,
        revision.c.ends_at.is_(None),
    )
    asked = select(
        summed.c.account_key,
        summed.c.deployment,
        account.c.arm_id,
        account.c.name,
        deployment.c.name.label("shown"),
        revision.c.model,
        revision.c.sku,
        account.c.location,
        *(summed.c[name] for name in ("stream", "hours", *(f"figure_{place}" for place in range(6)))),
        summed.c.availability,
        summed.c.availability_worst,
        summed.c.filtered,
        summed.c.rejected,
    ).select_from(
        summed.join(account, account.c.account_key == summed.c.account_key)
        .join(deployment, same)
        .outerjoin(revision, newest)
    )
    rows = [QualityRow(*[*row[:-2], _whole(row[-2]), _whole(row[-1])]) for row in connection.execute(asked)]
    return sorted(rows, key=lambda row: (-(row.first_token_ms or 0), row.account, row.key, row.stream))


def told_apart(rows: Iterable[QualityRow]) -> list[QualityRow]:
    """Without the rows that repeat others: where Azure tells streaming apart, the same answers untold say nothing more.

    Availability and the content filter are told for the deployment as a whole, so they stand beside each of its rows.
    """
    told = list(rows)
    whole = {(row.account_key, row.key): row for row in told if not row.stream}
    apart = {(row.account_key, row.key) for row in told if row.stream and row.first_token_ms is not None}
    found: list[QualityRow] = []
    for row in told:
        key = (row.account_key, row.key)
        if row.stream and key in whole:
            deployment = {
                name: getattr(whole[key], name) for name in _OF_THE_WHOLE if getattr(row, name) is None
            }
            found.append(replace(row, **deployment))
        elif row.stream or key not in apart:
            found.append(row)
    return found


_OF_THE_WHOLE = ("availability", "availability_worst", "filtered_requests", "filter_rejections")


def answer_times(rows: Iterable[QualityRow]) -> list[AnswerTimes]:
    """One time for each deployment, over all its answers where they are told together, else the mean of the kinds."""
    found: dict[str, list[QualityRow]] = {}
    for row in rows:
        if row.first_token_ms is not None and row.model is not None and row.sku is not None:
            found.setdefault(f"{row.account}/deployments/{row.key}", []).append(row)
    return [_times(key, members) for key, members in found.items()]


def quality_course(
    connection: Connection, account_key: UUID, deployment: str, window: Window
) -> list[QualityHourRow]:
    """One deployment hour by hour, with the tokens of the hour beside."""
    hour, usage = tables.quality_hour, tables.usage_hour
    same = and_(
        usage.c.account_key == hour.c.account_key,
        usage.c.deployment == hour.c.deployment,
        usage.c.hour == hour.c.hour,
    )
    asked = (
        select(
            hour.c.hour,
            hour.c.stream,
            hour.c.first_token_ms_mean,
            hour.c.between_tokens_ms_mean,
            hour.c.last_byte_ms_mean,
            hour.c.availability_mean,
            func.coalesce(usage.c.prompt_tokens, 0) + func.coalesce(usage.c.completion_tokens, 0),
        )
        .select_from(hour.outerjoin(usage, same))
        .where(
            hour.c.account_key == account_key,
            hour.c.deployment == deployment,
            hour.c.hour >= window.start,
            hour.c.hour < window.end,
        )
        .order_by(hour.c.hour, hour.c.stream)
    )
    return [QualityHourRow(*row) for row in connection.execute(asked)]


def use_rows(connection: Connection, window: Window, filters: Filters = EVERYTHING) -> list[UseRow]:
    """By which operation and api-version each deployment is called, most used first."""
    use, account, deployment = tables.api_use_day, tables.account, tables.deployment
    asked = (
        select(
            account.c.arm_id,
            account.c.name,
            deployment.c.name.label("shown"),
            use.c.operation,
            use.c.api_version,
            use.c.stream,
            func.sum(use.c.requests),
            func.sum(use.c.throttled),
            func.max(use.c.day),
        )
        .select_from(
            use.join(account, account.c.account_key == use.c.account_key).join(
                deployment,
                and_(
                    deployment.c.account_key == use.c.account_key, deployment.c.deployment == use.c.deployment
                ),
            )
        )
        .where(
            use.c.day >= window.start.date(), use.c.day < window.end.date(), *within(connection, filters, use)
        )
        .group_by(
            account.c.arm_id,
            account.c.name,
            deployment.c.name,
            use.c.operation,
            use.c.api_version,
            use.c.stream,
        )
    )
    rows = [UseRow(*row[:6], int(row[6]), int(row[7]), _day(row[8])) for row in connection.execute(asked)]
    return sorted(rows, key=lambda row: (-row.requests, row.account, row.deployment))


def _times(key: str, rows: list[QualityRow]) -> AnswerTimes:
    together = [row for row in rows if not row.stream] or rows
    worst = [row.first_token_ms_worst for row in rows if row.first_token_ms_worst is not None]
    return AnswerTimes(
        deployment=key,
        model=rows[0].model or "",
        sku=rows[0].sku or "",
        mean_ms=sum(row.first_token_ms or 0 for row in together) / len(together),
        worst_ms=max(worst, default=None),
    )


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value).partition(".")[0])


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
