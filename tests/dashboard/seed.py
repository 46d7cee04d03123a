"""Rows straight into the tables: an estate whose every figure is known, without collecting anything."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Engine, insert, text

from collector.domain.periods import Month, Window, floor_hour, midnight, months
from collector.domain.types import account_key
from collector.domain.usage.histogram import Histogram
from collector.domain.usage.minutes import MinuteBlock, pack_many
from collector.jobs.derive_full import derive_until_full
from collector.store import partitions, schema, tables
from collector.store.engine import open_engine, writing
from collector.store.writes.cost_sums import roll_up

NOW = datetime(2026, 11, 22, 18, 10, tzinfo=UTC)
SUBSCRIPTIONS = (
    ("11111111-1111-4111-8111-111111111111", "Contoso Production"),
    ("22222222-2222-4222-8222-222222222222", "Contoso Research"),
    ("33333333-3333-4333-8333-333333333333", "Contoso Platform"),
)
FIRST_SEEN = NOW - timedelta(days=120)
BATCH = 5_000


@dataclass(frozen=True)
class Deployment:
    """What to seed of one deployment; `tokens_per_day` is its mean, `busy` how near its peaks come to the limit."""

    name: str
    model: str
    version: str
    sku: str
    limit_tpm: int | None
    input_price: str | None
    output_price: str | None
    busy: float = 0.5
    ends_in: int | None = None
    upgrade: str = "OnceNewDefaultVersionAvailable"
    lifecycle: str = "GenerallyAvailable"
    replacement: tuple[str, str] | None = None
    tags: dict[str, str] = field(default_factory=dict)
    throttled: float = 0.0
    api_versions: tuple[str, ...] = ("2024-10-21",)
    currency: str = "USD"
    growth: float = 0.3
    ptu: float | None = None

    @property
    def limit_rpm(self) -> int | None:
        return None if self.limit_tpm is None else max(1, self.limit_tpm // 166)


@dataclass(frozen=True)
class Account:
    name: str
    subscription: int
    location: str
    tags: dict[str, str] = field(default_factory=dict)
    kind: str = "OpenAI"

    @property
    def arm_id(self) -> str:
        subscription_id = SUBSCRIPTIONS[self.subscription][0]
        return (
            f"/subscriptions/{subscription_id}/resourceGroups/rg-{self.location}"
            f"/providers/Microsoft.CognitiveServices/accounts/{self.name}"
        )

    @property
    def key(self) -> UUID:
        return account_key(self.arm_id)


class Seed:
    """Collects rows and writes them; the order of the calls does not matter."""

    def __init__(self, now: datetime = NOW, days: int = 30) -> None:
        self.now, self.days = now, days
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def add(self, table: str, **values: Any) -> None:
        self.rows[table].append(values)

    def write(self, engine: Engine) -> None:
        schema.upgrade(engine)
        with writing(engine) as connection:
            partitions.ensure_months(connection, months(Window(FIRST_SEEN, self.now + timedelta(days=1))))
            for name, rows in self.rows.items():
                table = tables.metadata.tables[name]
                unset = dict.fromkeys({key for row in rows for key in row})
                rows = [{**unset, **row} for row in rows]
                for start in range(0, len(rows), BATCH):
                    connection.execute(insert(table), rows[start : start + BATCH])
            if days := [row["day"] for row in self.rows["charge_day"]]:
                roll_up(connection, min(days), max(days) + timedelta(days=1))
            if connection.dialect.name == "postgresql":
                connection.execute(text("analyze"))
        derive_until_full(engine, self.now)

    def fill(self, url: str) -> str:
        """The store at this URL, with all of it."""
        engine = open_engine(url)
        self.write(engine)
        engine.dispose()
        return url

    def subscriptions(self) -> None:
        for subscription_id, name in SUBSCRIPTIONS:
            self.add(
                "subscription",
                subscription_id=subscription_id,
                name=name,
                tenant_id="t",
                state="Enabled",
                currency="USD",
                tags={},
                first_seen_at=FIRST_SEEN,
                last_seen_at=self.now,
            )

    def account(self, account: Account, through: datetime | None = None, error: str | None = None) -> None:
        self.add(
            "account",
            account_key=account.key,
            arm_id=account.arm_id,
            subscription_id=SUBSCRIPTIONS[account.subscription][0],
            resource_group=f"rg-{account.location}",
            name=account.name,
            location=account.location,
            kind=account.kind,
            sku="S0",
            tags=account.tags,
            first_seen_at=FIRST_SEEN,
            last_seen_at=self.now,
        )
        self.watermark("metrics", account.arm_id.lower(), through or self.now - timedelta(minutes=4), error)

    def watermark(
        self,
        job: str,
        scope: str,
        through: datetime | None,
        error: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.add(
            "watermark",
            job=job,
            scope=scope,
            through=through,
            status="failed" if error else "ok",
            error=error,
            remedy=remedy,
            attempted_at=self.now - timedelta(minutes=2),
            succeeded_at=through,
        )

    def deployment(self, account: Account, what: Deployment, *, hours: bool = True, number: int = 0) -> None:
        """A deployment with its usage, charges, room, endings and api-versions over the seed's days."""
        key = {"account_key": account.key, "deployment": what.name.casefold()}
        self.add(
            "deployment",
            **key,
            name=what.name,
            tags=what.tags,
            created_at=FIRST_SEEN,
            first_seen_at=FIRST_SEEN,
            last_seen_at=self.now,
            known_by_metrics_only=False,
        )
        self.add(
            "deployment_revision",
            **key,
            starts_at=FIRST_SEEN,
            format="OpenAI",
            model=what.model,
            version=what.version,
            sku=what.sku,
            capacity=None if what.limit_tpm is None else what.limit_tpm // 1000,
            limit_tpm=what.limit_tpm,
            limit_rpm=what.limit_rpm,
            upgrade_option=what.upgrade,
            state="Succeeded",
            assumed=False,
        )
        usage = _usage(what, self.now, self.days, number)
        if hours:
            self._hours(key, what, usage)
        self._days(key, what, account, usage)
        self._room(key, what, usage)
        self._api(key, what, usage)

    def copy(self, pattern: "Seed", account: Account, name: str) -> None:
        """The rows of the one deployment of `pattern`, under another account and name."""
        key = {"account_key": account.key, "deployment": name.casefold()}
        for table, rows in pattern.rows.items():
            for row in rows:
                named = {"name": name} if "name" in row else {}
                located = {"location": account.location} if "location" in row else {}
                self.rows[table].append({**row, **key, **named, **located})

    def offer(self, account: Account, what: Deployment) -> None:
        key = (account.location, what.model, what.version, what.sku)
        if any(
            (row["location"], row["model"], row["version"], row["sku"]) == key
            for row in self.rows["catalog_model"]
        ):
            return
        ends = None if what.ends_in is None else midnight(self.now.date()) + timedelta(days=what.ends_in)
        self.add(
            "catalog_model",
            location=account.location,
            format="OpenAI",
            model=what.model,
            version=what.version,
            sku=what.sku,
            fine_tuned=False,
            usage_name=f"OpenAI.{what.sku}.{what.model}",
            kinds=["OpenAI"],
            lifecycle_status=what.lifecycle,
            deprecation_status="Planned" if ends else None,
            inference_retires_at=ends,
            sku_retires_at=ends,
            replacement_model=what.replacement[0] if what.replacement else None,
            replacement_version=what.replacement[1] if what.replacement else None,
            is_default=True,
            publisher="OpenAI",
            costs=[],
            capabilities={},
            first_seen_at=FIRST_SEEN,
            last_seen_at=self.now - timedelta(hours=6),
        )

    def quota(
        self, subscription: int, location: str, usage_name: str, limit: int, current: int, *, grew: int = 0
    ) -> None:
        """A line in thousands of tokens a minute that grew by `grew` over the last 60 days, in steps."""
        steps = 4 if grew else 1
        for step in range(steps):
            left = grew * (steps - 1 - step) // max(1, steps - 1)
            self.add(
                "quota_reading",
                subscription_id=SUBSCRIPTIONS[subscription][0],
                location=location,
                usage_name=usage_name,
                read_at=self.now - timedelta(days=60 - 20 * step) if grew else FIRST_SEEN,
                label=f"Tokens Per Minute (thousands) - {usage_name.rsplit('.', maxsplit=1)[-1]}",
                limit=Decimal(limit),
                current=Decimal(current - left),
                unit="tokens_per_minute",
                per_unit=Decimal(1000),
                last_read_at=self.now - timedelta(minutes=40),
            )

    def run(
        self, job: str, minutes_ago: int, status: str = "ok", error: str | None = None, calls: int = 12
    ) -> None:
        started = self.now - timedelta(minutes=minutes_ago)
        self.add(
            "run",
            run_id=f"{job}-{minutes_ago}",
            job=job,
            started_at=started,
            finished_at=started + timedelta(seconds=9),
            status=status,
            calls=calls,
            throttles=1 if status == "partial" else 0,
            rows=420,
            windows=4,
            error=error,
            holder="seed",
        )

    def gap(self, job: str, scope: str, starts_at: datetime, ends_at: datetime, why: str) -> None:
        self.add("gap", job=job, scope=scope, starts_at=starts_at, ends_at=ends_at, why=why, seen_at=self.now)

    def _hours(self, key: dict[str, Any], what: Deployment, usage: "Usage") -> None:
        block = MinuteBlock(
            prompt=usage.prompt,
            completion=usage.completion,
            requests=usage.requests,
            throttled=usage.throttled,
            spilled=np.zeros_like(usage.requests),
            ptu_max=np.full(usage.requests.shape, np.nan) if what.ptu is None else usage.ptu,
            covered=np.ones(usage.requests.shape, dtype=np.bool_),
        )
        for row, packed in enumerate(pack_many(block)):
            self.add(
                "usage_hour",
                **key,
                hour=usage.hours[row],
                name=what.name,
                model=what.model,
                version=what.version,
                family="azure_openai",
                grain_minutes=1,
                minutes_covered=60,
                requests=int(usage.requests[row].sum()),
                other_family_requests=0,
                throttled=int(usage.throttled[row].sum()),
                client_errors=0,
                server_errors=0,
                spilled=0,
                prompt_tokens=int(usage.prompt[row].sum()),
                completion_tokens=int(usage.completion[row].sum()),
                peak_tpm=int(usage.tokens[row].max()),
                peak_rpm=int(usage.requests[row].max()),
                ptu_max=None if what.ptu is None else float(usage.ptu[row].max()),
                minutes=packed,
            )

    def _days(self, key: dict[str, Any], what: Deployment, account: Account, usage: "Usage") -> None:
        months: dict[date, list[slice]] = defaultdict(list)
        for day, rows in usage.days():
            months[day.replace(day=1)].append(rows)
            self.add(
                "usage_day", **key, day=day, model=what.model, version=what.version, family="azure_openai",
                **usage.sums(what, rows),
            )  # fmt: skip
            self._charges("charge_day", {"day": day}, key, what, account, usage, [rows])
        for month, parts in months.items():
            whole = slice(parts[0].start, parts[-1].stop)
            self.add("usage_month", **key, month=month, **usage.sums(what, whole))
            self._charges("charge_month", {"month": month, "part": 0}, key, what, account, usage, parts)

    def _charges(
        self,
        table: str,
        when: dict[str, Any],
        key: dict[str, Any],
        what: Deployment,
        account: Account,
        usage: "Usage",
        parts: list[slice],
    ) -> None:
        used = {
            "input": sum(int(usage.prompt[rows].sum()) for rows in parts),
            "output": sum(int(usage.completion[rows].sum()) for rows in parts),
        }
        team = what.tags.get("team") or account.tags.get("team")
        for kind, price in (("input", what.input_price), ("output", what.output_price)):
            quantity = Decimal(used[kind])
            each = None if price is None else Decimal(price) / 1_000_000
            cost = None if each is None else quantity * each
            self.add(
                table,
                **key,
                **when,
                model=what.model,
                version=what.version,
                sku=what.sku,
                kind=kind,
                tier="standard",
                currency=what.currency,
                location=account.location,
                team=team,
                quantity=quantity,
                unit="token",
                unit_price=each,
                cost=cost,
                low=None if cost is None else (cost / 2 if kind == "input" else cost),
                high=cost,
                basis="estimated",
                step=None if cost is None else "meter-name",
                meter_id=None if cost is None else f"meter-{what.model}-{kind}",
                meter_name=None if cost is None else f"{what.model} {kind} glbl Tokens",
                why=None if cost is not None else "no meter's name means this model",
            )

    def _room(self, key: dict[str, Any], what: Deployment, usage: "Usage") -> None:
        today = midnight(self.now.date()) + timedelta(days=1)
        spans = {f"{days}d": (today - timedelta(days=days), today) for days in (1, 7, 30, 90)}
        for month in (Month(self.now.year, self.now.month), Month(self.now.year, self.now.month).shifted(-1)):
            spans[str(month)] = (month.window.start, month.window.end)
        for period, (start, end) in spans.items():
            rows = usage.between(start, end)
            if rows.start < rows.stop:
                self.add(
                    "room_period", **key, period=period, starts_at=start, ends_at=min(end, self.now),
                    computed_at=self.now, **usage.room(what, rows),
                )  # fmt: skip

    def _api(self, key: dict[str, Any], what: Deployment, usage: "Usage") -> None:
        for day, rows in usage.days():
            asked = int(usage.requests[rows].sum())
            for place, version in enumerate(what.api_versions):
                requests = (
                    asked // len(what.api_versions) if place else asked - asked // len(what.api_versions)
                )
                self.add(
                    "api_use_day", **key, day=day, api_version=version, operation="ChatCompletions_Create",
                    tier="", stream="", requests=requests, throttled=0,
                )  # fmt: skip


@dataclass(frozen=True)
class Usage:
    """Minute by minute, a row an hour."""

    hours: list[datetime]
    prompt: Any
    completion: Any
    requests: Any
    throttled: Any
    ptu: Any

    @property
    def tokens(self) -> Any:
        return self.prompt + self.completion

    def days(self) -> list[tuple[date, slice]]:
        found: dict[date, list[int]] = defaultdict(list)
        for row, hour in enumerate(self.hours):
            found[hour.date()].append(row)
        return [(day, slice(rows[0], rows[-1] + 1)) for day, rows in found.items()]

    def between(self, start: datetime, end: datetime) -> slice:
        inside = [row for row, hour in enumerate(self.hours) if start <= hour < end]
        return slice(inside[0], inside[-1] + 1) if inside else slice(0, 0)

    def sums(self, what: Deployment, rows: slice) -> dict[str, Any]:
        tokens, requests = self.tokens[rows], self.requests[rows]
        share = tokens / what.limit_tpm if what.limit_tpm else np.zeros(tokens.shape)
        throttled = int(self.throttled[rows].sum())
        return {
            "minutes_known": tokens.size,
            "minutes_covered": tokens.size,
            "minutes_existed": tokens.size,
            "requests": int(requests.sum()),
            "other_family_requests": 0,
            "throttled": throttled,
            "throttled_at_limit": throttled // 2,
            "throttled_below_limit": throttled - throttled // 2,
            "throttled_unclassified": 0,
            "throttled_minutes": int((self.throttled[rows] > 0).sum()),
            "client_errors": 0,
            "server_errors": 0,
            "spilled": 0,
            "prompt_tokens": int(self.prompt[rows].sum()),
            "completion_tokens": int(self.completion[rows].sum()),
            "peak_tpm": int(tokens.max()),
            "peak_rpm": int(requests.max()),
            "minutes_over_80": int((share >= 0.8).sum()),
            "minutes_over_90": int((share >= 0.9).sum()),
            "minutes_over_100": int((share >= 1).sum()),
            "tpm_histogram": Histogram.from_values(tokens).to_bytes(),
            "rpm_histogram": Histogram.from_values(requests).to_bytes(),
        }

    def room(self, what: Deployment, rows: slice) -> dict[str, Any]:
        sums = self.sums(what, rows)
        tokens, requests = np.sort(self.tokens[rows], axis=None), np.sort(self.requests[rows], axis=None)
        peak = sums["peak_tpm"]
        share = None if not what.limit_tpm else peak / what.limit_tpm
        by_slice = [float(part.max()) / what.limit_tpm for part in np.array_split(self.tokens[rows], 28) if part.size] if what.limit_tpm else None  # fmt: skip
        keep = (
            *(
                "requests",
                "throttled",
                "throttled_at_limit",
                "throttled_below_limit",
                "throttled_unclassified",
            ),
            *("throttled_minutes", "spilled", "prompt_tokens", "completion_tokens", "peak_tpm", "peak_rpm"),
            *("minutes_over_80", "minutes_over_90", "minutes_over_100"),
        )
        ptu = None if what.ptu is None else self.ptu[rows]
        return {
            **{name: sums[name] for name in keep},
            "limit_tpm": what.limit_tpm,
            "limit_rpm": what.limit_rpm,
            "p99_tpm": int(tokens[int(len(tokens) * 0.99) - 1]),
            "p95_tpm": int(tokens[int(len(tokens) * 0.95) - 1]),
            "p50_tpm": int(tokens[len(tokens) // 2]),
            "p99_rpm": int(requests[int(len(requests) * 0.99) - 1]),
            "peak_tpm_at": self.hours[rows.start + int(self.tokens[rows].max(axis=1).argmax())],
            "peak_at_least": False,
            "headroom_tpm": None if what.limit_tpm is None else what.limit_tpm - peak,
            "headroom_rpm": None if what.limit_rpm is None else what.limit_rpm - sums["peak_rpm"],
            "binding": "ptu" if ptu is not None else "tpm" if what.limit_tpm else None,
            "used_share": float(ptu.max()) / 100 if ptu is not None else share,
            "ptu_mean": None if ptu is None else float(ptu.mean()),
            "ptu_max": None if ptu is None else float(ptu.max()),
            "coverage": 1.0,
            "minute_coverage": 1.0,
            "trend": by_slice,
        }


def _usage(what: Deployment, now: datetime, days: int, number: int) -> Usage:
    """Working-day shapes with growth and bursts; the same deployment and number give the same minutes."""
    random = np.random.default_rng(abs(hash_of(what.name)) + number)
    end = floor_hour(now)
    start = midnight(now.date()) - timedelta(days=days - 1)
    hours = [start + timedelta(hours=hour) for hour in range(int((end - start) / timedelta(hours=1)))]
    shape = np.array([_working(hour) for hour in hours]) * np.linspace(
        1 - what.growth / 2, 1 + what.growth / 2, len(hours)
    )
    shape = shape * np.repeat(random.lognormal(0, 0.09, days + 1), 24)[: len(hours)]
    limit = what.limit_tpm or 60_000
    level = what.busy * limit * 0.45
    tokens = (shape[:, None] * level * random.lognormal(-0.1, 0.25, (len(hours), 60))).astype(np.int64)
    peak_row = int(shape.argmax())
    tokens[peak_row, 30] = int(what.busy * limit)
    tokens = np.minimum(tokens, int(what.busy * limit))
    prompt = tokens * 4 // 5
    requests = tokens // 1_400
    throttled = np.where(tokens > 0.75 * tokens.max(), (requests * what.throttled).astype(np.int64), 0)
    ptu = np.minimum(100.0, np.round(tokens / max(1, tokens.max()) * 100 * (what.ptu or 0), 2))
    return Usage(hours, prompt, tokens - prompt, requests, throttled, ptu)


def _working(hour: datetime) -> float:
    weekend = 0.35 if hour.weekday() >= 5 else 1.0
    return weekend * (0.22 + 0.78 * max(0.0, float(np.sin((hour.hour - 5) / 15 * np.pi))))


def hash_of(name: str) -> int:
    return int.from_bytes(name.encode()[:6].ljust(6, b"."), "big") % 1_000_003
