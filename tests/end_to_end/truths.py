"""What the world really did beside what the store holds, in one shape, so that one `==` compares every figure."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Engine

from collector.domain.periods import DAY, Window, days, floor_hour, hours, midnight
from collector.domain.types import UsageHour, account_key
from collector.simulator.traffic import CAUSES
from collector.simulator.truth import Truth
from collector.store.reads.usage import usage_hours
from tests.domain.usage.hours import unpacked

COUNTS = ("requests", "throttled", "spilled", "client_errors", "server_errors", "prompt", "completion")
AUDIO = ("audio_prompt", "audio_completion", "images")
Key = tuple[str, str, datetime]


def true_hours(truth: Truth, window: Window, names: Iterable[str] = COUNTS) -> dict[Key, dict[str, int]]:
    """By account, deployment and hour; hours without any request are left out."""
    found: dict[Key, dict[str, int]] = defaultdict(lambda: dict.fromkeys(names, 0))
    for row in truth.usage(window.start, window.end, "hour"):
        if row.requests:
            key = (str(account_key(row.account)), row.deployment.casefold(), floor_hour(row.start))
            for name in names:
                found[key][name] += getattr(row, name)
    return dict(found)


def stored_hours(engine: Engine, window: Window) -> list[UsageHour]:
    with engine.connect() as connection:
        return list(usage_hours(connection, window))


def counted_hours(engine: Engine, window: Window) -> dict[Key, dict[str, int]]:
    """As `true_hours`; an unpublished count reads as 0, which the truth of such a deployment is."""
    return {
        (str(row.account_key), row.deployment, row.hour): {
            "requests": row.requests,
            "throttled": row.throttled,
            "spilled": row.spilled,
            "client_errors": row.client_errors,
            "server_errors": row.server_errors,
            "prompt": row.prompt_tokens or 0,
            "completion": row.completion_tokens or 0,
        }
        for row in stored_hours(engine, window)
        if row.requests
    }


def true_minutes(truth: Truth, window: Window) -> dict[Key, dict[str, list[int]]]:
    """Every minute of the hours with requests; straight from the minutes of traffic, as asking each is slow."""
    found: dict[Key, dict[str, list[int]]] = {}
    for deployment in truth.world.deployments:
        account = str(account_key(deployment.account.id))
        for day in days(window):
            block = truth.traffic.block(deployment, day)
            requests = sum((block.minute(name) for name in ("ok", "bad", "failed", *CAUSES)), start=0)
            throttled = sum((block.minute(name) for name in CAUSES if name != "spilled"), start=0)
            columns = {
                "prompt": block.minute("prompt"),
                "completion": block.minute("completion"),
                "requests": requests,
                "throttled": throttled,
                "spilled": block.minute("spilled"),
            }
            for hour in hours(Window(midnight(day), midnight(day) + DAY)):
                part = slice(hour.hour * 60, hour.hour * 60 + 60)
                minutes = {name: column[part].tolist() for name, column in columns.items()}
                if hour in window and sum(minutes["requests"]):
                    found[account, deployment.name.casefold(), hour] = minutes
    return found


_MINUTES = ("prompt", "completion", "requests", "throttled", "spilled")


def counted_minutes(engine: Engine, window: Window) -> dict[Key, dict[str, list[int]]]:
    found: dict[Key, dict[str, list[int]]] = {}
    for row in stored_hours(engine, window):
        if row.requests and row.minutes is not None:
            minutes = unpacked(row.minutes)
            key = (str(row.account_key), row.deployment, row.hour)
            found[key] = {name: list(getattr(minutes, name)) for name in _MINUTES}
    return found


def true_versions(truth: Truth, window: Window) -> dict[tuple[Key, str], tuple[int, int]]:
    """Tokens by model version, in hours that saw more than one."""
    parts: dict[Key, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in truth.usage(window.start, window.end, "hour"):
        if row.prompt:
            key = (str(account_key(row.account)), row.deployment.casefold(), floor_hour(row.start))
            parts[key][row.version] = (row.prompt, row.completion)
    return {
        (key, version): tokens
        for key, versions in parts.items()
        if len(versions) > 1
        for version, tokens in versions.items()
    }


def counted_versions(engine: Engine, window: Window) -> dict[tuple[Key, str], tuple[int, int]]:
    return {
        ((str(row.account_key), row.deployment, row.hour), str(part["version"])): (
            int(part["prompt_tokens"]),  # pyright: ignore[reportArgumentType]  # as the job stores it
            int(part["completion_tokens"]),  # pyright: ignore[reportArgumentType]  # as the job stores it
        )
        for row in stored_hours(engine, window)
        for part in row.by_version or ()
    }
