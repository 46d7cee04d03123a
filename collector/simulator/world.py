"""A whole estate from a seed: who exists from when to when. What they did is in traffic, what Azure says in the rest."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from collector.simulator import facts
from collector.simulator.callers import CALLERS
from collector.simulator.cast import CAST, FILLERS, TEAMS
from collector.simulator.estate import Account, Deployment, Profile, Revision, Subscription
from collector.simulator.plan import Plan
from collector.simulator.story import Story

NAMESPACE = uuid.UUID("2b2f0e1c-6f0a-5d55-9e0b-0d9c6f5a7e11")
# Three to a subscription, as companies keep a team's accounts together.
LOCATIONS = (
    "eastus2",
    "swedencentral",
    "westeurope",
    "eastus2",
    "uksouth",
    "japaneast",
    "centralus",
    "australiaeast",
    "francecentral",
)
HOSTILE_NAMES = (
    '=HYPERLINK("http://x","y")',
    "<b>Größe & Co</b>",
    "O'Neil; DROP TABLE usage",
    "+1 team\u202e",
    "@sum(a1)",
)


@dataclass(frozen=True, slots=True)
class WorldSize:
    seed: int = 1
    subscriptions: int = 3
    accounts: int = 12
    deployments: int = 40
    days: int = 90
    hostile: bool = False
    euro: bool = False
    disagreeing: bool = False


class World:
    """The estate of one seed; `now` is only the day its history is told from, the clock lives in the server."""

    def __init__(
        self,
        seed: int = 1,
        subscriptions: int = 3,
        accounts: int = 12,
        deployments: int = 40,
        days: int = 90,
        *,
        now: datetime | None = None,
        hostile: bool = False,
        euro: bool = False,
        disagreeing: bool = False,
        story: Story | None = None,
    ) -> None:
        told_at = now or datetime.now(UTC)
        if told_at.tzinfo is None:
            raise ValueError(f"now={told_at!r}: expected an aware datetime, such as datetime.now(UTC)")
        self.story = story
        self._cast = story.cast if story else CAST
        self.size = WorldSize(seed, subscriptions, accounts, deployments, days, hostile, euro, disagreeing)
        self.now = told_at.astimezone(UTC).replace(microsecond=0)
        self.start = self.now.replace(hour=0, minute=0, second=0) - timedelta(days=days)
        self._rng = np.random.default_rng([seed, 77])
        self.subscriptions = tuple(self._subscription(i) for i in range(subscriptions))
        self.accounts = tuple(self._account(i) for i in range(accounts))
        self._taken: Counter[int] = Counter()
        self.deployments = tuple(self._deployments(deployments))
        by_account: dict[str, list[Deployment]] = defaultdict(list)
        for deployment in self.deployments:
            by_account[deployment.account.id.lower()].append(deployment)
        self._by_account = dict(by_account)
        self._accounts = {a.id.lower(): a for a in self.accounts}
        both = [a for a in self.accounts if len(a.families) == 2 and self.deployments_of(a)]
        # The account whose Models family loses a minute in 24, so that the two families differ by some 4 %.
        self.disagreeing = both[0] if disagreeing and both else None

    def account(self, resource_id: str) -> Account | None:
        return self._accounts.get(resource_id.lower().rstrip("/"))

    def deployments_of(self, account: Account) -> Sequence[Deployment]:
        return self._by_account.get(account.id.lower(), ())

    def deployment(self, role: str) -> Deployment:
        """The first deployment that plays this role, for tests that need a certain one."""
        return next(d for d in self.deployments if d.role == role)

    def spilling_into(self, target: Deployment) -> Sequence[Deployment]:
        return [
            d
            for d in self.deployments_of(target.account)
            if d.spillover_to is not None and d.spillover_to.casefold() == target.name.casefold()
        ]

    def _id(self, what: str) -> str:
        return str(uuid.uuid5(NAMESPACE, f"{self.size.seed}|{what}"))

    def _subscription(self, i: int) -> Subscription:
        names = ("contoso-ai-prod", "contoso-ai-dev", "contoso-research", "contoso-bank", "contoso-retail")
        name = names[i] if i < len(names) else f"contoso-unit-{i:02d}"
        if self.size.hostile:
            name = HOSTILE_NAMES[i % len(HOSTILE_NAMES)]
        currency = "EUR" if self.size.euro and i == self.size.subscriptions - 1 else "USD"
        discount = 12 if i == 1 else 0
        return Subscription(
            self._id(f"sub{i}"),
            name,
            currency,
            discount,
            {"env": name.rsplit("-", maxsplit=1)[-1]},
            self._id("tenant"),
        )

    def _account(self, i: int) -> Account:
        home = 3 * (i % self.size.subscriptions) + (i // self.size.subscriptions) % 3
        location = LOCATIONS[home % len(LOCATIONS)]
        team = TEAMS[i % len(TEAMS)]
        kind = "AIServices" if i % 3 == 1 else "OpenAI"
        tags = {
            "team": team,
            "cost-center": f"CC-{4100 + 7 * (i % 23)}",
            "owner": f"{team}.lead@contoso.example",
        }
        if i % 5 == 2:
            tags = {"Team": team}
        if i % 7 == 4:
            tags = {}
        if self.size.hostile:
            tags = {**tags, "note": HOSTILE_NAMES[i % len(HOSTILE_NAMES)]}
        born = self.start - timedelta(
            days=int(self._rng.integers(40, 500)), minutes=int(self._rng.integers(0, 1440))
        )
        last = i == self.size.accounts - 1 and self.size.accounts >= 4 and self.size.days >= 3
        return Account(
            index=i,
            name=f"{'aif' if kind == 'AIServices' else 'oai'}-{team}-{location}-{i:02d}",
            resource_group=f"rg-{team}-AI" if i % 2 else f"rg-{team}-ai-{i:02d}",
            subscription=self.subscriptions[i % len(self.subscriptions)],
            location=location,
            spelled_location=location.upper() if i % 5 == 3 else location,
            kind=kind,
            tags=tags,
            created_at=born,
            deleted_at=self.now - timedelta(hours=30) if last else None,
            families=(("azure", "models"), ("azure", "models"), ("azure",), ("models",))[i % 4],
            unpublished="zeros" if i % 2 else "empty",
            quiet="bare" if i % 3 == 0 else "zeros",
            floats=i % 2 == 1,
            local_auth_disabled=i % 4 == 0,
            public_network=i % 3 != 0,
            private_endpoint=i % 3 == 0,
            customer_key=i % 6 == 5,
        )

    def _deployments(self, count: int) -> list[Deployment]:
        made: list[Deployment] = []
        by_role = {p.role: p for p in CAST}
        for i in range(count):
            cast = i < len(self._cast)
            plan = self._cast[i] if cast else by_role[FILLERS[i % len(FILLERS)]]
            made.append(self._deployment(i, plan, cast, made))
        names = {(d.account.id, d.name) for d in made}
        return [d if (d.account.id, d.spillover_to) in names else replace(d, spillover_to=None) for d in made]

    def _home(self, i: int, plan: Plan, made: list[Deployment]) -> Account:
        beside = next((d for d in made if plan.beside and d.name == plan.beside), None)
        if beside is not None and i < len(self._cast):
            return beside.account
        living = [a for a in self.accounts if a.deleted_at is None] or list(self.accounts)
        fitting = [a for a in living if plan.needs is None or plan.needs in (a.kind, *a.families)] or living
        priced = [a for a in fitting if _priced(plan, a.location)] or fitting
        doomed = [a for a in self.accounts if a.deleted_at is not None and _priced(plan, a.location)]
        if doomed and i >= len(self._cast) and i % len(self.accounts) == 0:
            return doomed[0]
        return min(priced, key=lambda a: (self._taken[a.index], (a.index + i) % len(self.accounts)))

    def _deployment(self, i: int, plan: Plan, cast: bool, made: list[Deployment]) -> Deployment:
        account = self._home(i, plan, made)
        self._taken[account.index] += 1
        profile, capacity = (plan.profile, plan.capacity) if cast else self._varied(plan)
        born = account.created_at + timedelta(
            days=int(self._rng.integers(1, 30)), minutes=int(self._rng.integers(1440))
        )
        event = plan.event if cast else None
        span = timedelta(days=self.size.days)
        if event == "create":
            born = (self.now - min(span / 10, timedelta(days=6))).replace(second=0)
        if plan.born_on:
            born = _odd(_midnight(plan.born_on))
        fact = facts.model(plan.model, plan.version)
        tuned = plan.fine_tuned_name.format(hex=self._id(f"ft{i}")[:8]) if plan.fine_tuned_name else None
        first = Revision(born, tuned or plan.model, "1" if tuned else plan.version, plan.sku, capacity)
        revisions = (first,)
        if event == "resize":
            revisions = (first, replace(first, from_at=_odd(self.now - span / 2), capacity=capacity * 3))
        if event == "upgrade":
            revisions = (first, replace(first, from_at=_odd(self.now - span * 0.4), version="2024-11-20"))
        if cast and plan.capacities:
            revisions = (
                first,
                *(replace(first, from_at=_odd(_midnight(on)), capacity=held) for on, held in plan.capacities),
            )
        if not cast and i % 50 == 13:
            revisions = (first, replace(first, from_at=_odd(self.now - span / 3), capacity=capacity * 2))
        deployment = Deployment(
            index=i,
            role=plan.role if cast else f"{plan.role}-{i}",
            name=_free_name(plan.stem, {d.name for d in made if d.account is account}),
            account=account,
            format=fact.format,
            publisher=None if fact.format == "OpenAI" else fact.format,
            revisions=revisions,
            created_at=born,
            deleted_at=_gone_at(plan, self.now - span * 0.3 if event == "delete" else None),
            profile=profile,
            callers=plan.own_callers or CALLERS[plan.callers],
            upgrade_option=plan.upgrade,
            spillover_to=plan.spills_to if cast else None,
            base_model=(plan.model, plan.version) if tuned else None,
            trained_on=(self.start + span * 0.2).date() if tuned else None,
        )
        return replace(deployment, peak_rpm=_peak_rpm(deployment))

    def _varied(self, plan: Plan) -> tuple[Profile, int]:
        stretch = float(self._rng.uniform(0.6, 1.5))
        sku = facts.model(plan.model, plan.version).sku(plan.sku, plan.fine_tuned_name is not None)
        capacity = max(10, int(plan.capacity * float(self._rng.uniform(0.3, 1.6))) // 10 * 10)
        if sku.step:
            capacity = max(sku.minimum or sku.step, capacity // sku.step * sku.step)
        load = min(plan.profile.load, 0.8) * float(self._rng.uniform(0.3, 1.2))
        profile = replace(
            plan.profile,
            load=load,
            prompt=plan.profile.prompt * stretch,
            cached=min(0.8, plan.profile.cached * float(self._rng.uniform(0.5, 1.5))),
            growth=float(self._rng.uniform(-0.01, 0.03)),
        )
        return profile, capacity


def _odd(at: datetime) -> datetime:
    """Events do not happen on the hour."""
    return at.replace(minute=23, second=41)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _gone_at(plan: Plan, by_event: datetime | None) -> datetime | None:
    gone = _midnight(plan.gone_on) if plan.gone_on else by_event
    return _odd(gone) if gone else None


def _free_name(stem: str, taken: set[str]) -> str:
    """Accounts of one company hold deployments of equal names; one account does not."""
    numbered = (f"{stem}-{n}" for n in itertools.count(2))
    return next(name for name in itertools.chain((stem,), numbered) if name not in taken)


def _priced(plan: Plan, location: str) -> bool:
    kind = "ptu_hour" if "Provisioned" in plan.sku else "input"
    meter = facts.meter_for(
        plan.model, plan.version, plan.sku, kind, fine_tuned=plan.fine_tuned_name is not None
    )
    return meter is None or location in meter.prices


def _peak_rpm(deployment: Deployment) -> float:
    """Requests a minute in the busiest hour, so that the plan's load is reached with the first revision's limits."""
    profile, first = deployment.profile, deployment.revisions[0]
    if profile.kind == "batch":
        return 40.0
    if deployment.provisioned:
        name, version = deployment.base_model or (first.model, first.version)
        per_unit, weight = facts.PTU_THROUGHPUT.get(facts.model(name, version).name, (2500, 4))
        cost = profile.prompt * (1 - profile.cached) + weight * profile.completion
        return profile.load * per_unit * first.capacity / cost
    rpm, tpm = deployment.limits(first)
    if tpm is not None and profile.prompt:
        by_tokens = profile.load * tpm / (profile.prompt + profile.max_tokens)
        return min(by_tokens, profile.load * rpm) if rpm and profile.kind != "embedding" else by_tokens
    return profile.load * (rpm or 10)
