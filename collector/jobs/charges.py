"""Charges of changed days: hours and revisions in, priced quantities out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Final
from uuid import UUID

from collector.domain.money.calibration import Learned, Lesson, learning_days, lessons
from collector.domain.money.charge_prices import Pricing, Shares
from collector.domain.money.charge_types import Charge, ChargedDeployment, Revision
from collector.domain.money.charges import charges_of_day
from collector.domain.money.month_parts import month_parts
from collector.domain.money.reconciliation_meters import Family, MeterBook
from collector.domain.money.reservations import Covered, Holding, Reservation, covered
from collector.domain.money.reserved_charges import with_reserved
from collector.domain.money.rule_changes import (
    ARITHMETIC,
    Rules,
    rates_told,
    reservations_told,
    set_told,
    teams_told,
    whole,
)
from collector.domain.money.teams import TeamRules, team_of
from collector.domain.periods import DAY, Month, Window, floor_minute, midnight, month_of
from collector.domain.periods import days as span_days
from collector.domain.pricing import PriceBook, PriceNotes, PriceRow, Rate
from collector.domain.room.rollup import Lifetime
from collector.store.engine import Connection, Engine, retrying
from collector.store.reads import bills, closings, inventory, reservations, rollup
from collector.store.reads import charges as reads
from collector.store.reads.catalog import all_models
from collector.store.reads.prices import price_rows
from collector.store.writes.dirty import mark_days
from collector.store.writes.findings import replace_charge_months, replace_charges
from collector.store.writes.money import replace_lessons
from collector.store.writes.tags import account_subject, deployment_subject, subscription_subject

LIST_CURRENCY: Final = "USD"
_RELEARNED_MONTHS: Final = 3
_ACCOUNTS_AT_ONCE: Final = 10

DeploymentKey = tuple[UUID, str]


@dataclass(frozen=True)
class MoneyRules:
    """What configuration and catalog say of money."""

    rates: Sequence[Rate] = ()
    currency: str | None = None
    snapshot: Sequence[PriceRow] = ()
    notes: PriceNotes = field(default_factory=PriceNotes)
    teams: TeamRules = field(default_factory=TeamRules)
    prompt_includes_cached: bool = True
    reservations: Sequence[Reservation] = ()

    @cached_property
    def told(self) -> Rules:
        """The fingerprints of all of it, by the names that people know it by."""
        return {
            "rates": rates_told(self.rates),
            "teams": teams_told(self.teams),
            "reservations": reservations_told(self.reservations),
            "currency": whole(self.currency),
            "prompt_includes_cached": whole(self.prompt_includes_cached),
            "price snapshot": set_told(self.snapshot),
            "price notes": whole(self.notes),
            "arithmetic": whole(ARITHMETIC),
        }


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything beside hours that charging needs, read once for a derivation."""

    pricing: Pricing
    payers: Mapping[UUID, reads.Payer]
    lifetimes: Mapping[DeploymentKey, Lifetime]
    revisions: Mapping[DeploymentKey, tuple[Revision, ...]]
    tags: Mapping[str, tuple[inventory.TagPeriod, ...]]
    rules: MoneyRules
    deployments: Mapping[UUID, Sequence[str]]
    closed_teams: Mapping[tuple[UUID, str, date], str | None] = field(
        default_factory=dict[tuple[UUID, str, date], str | None]
    )
    holdings: Sequence[Holding] = ()
    _covers: dict[tuple[Window, datetime], Covered] = field(
        default_factory=dict[tuple[Window, datetime], Covered]
    )

    def with_reserved(
        self, key: DeploymentKey, day: Window, charges: Sequence[Charge], now: datetime
    ) -> Sequence[Charge]:
        """A deployment's charges of a day, with what reservations paid ahead of its units."""
        if not self.rules.reservations or not any(one.kind == "ptu_hour" for one in charges):
            return charges
        until = floor_minute(now)
        known = self._covers.get((day, until))
        if known is None:
            over = day.overlap(Window(day.start, until)) if day.start < until else None
            known = covered(self.rules.reservations, self.holdings, over) if over else {}
            self._covers[day, until] = known
        return with_reserved(charges, known.get(key, {}), {one.name: one for one in self.rules.reservations})

    def sharers(self, wanted: Iterable[tuple[UUID, date]]) -> set[tuple[UUID, date]]:
        """The same days of every account with provisioned units where one of them changed: they share reservations."""
        if not self.rules.reservations:
            return set()
        provisioned = {one.account_key for one in self.holdings}
        days = {day for account, day in wanted if account in provisioned}
        return {(account, day) for account in provisioned for day in days}

    def changed_within(self, account: UUID, span: Window) -> list[str]:
        """Deployments that became something else within the span."""
        return [
            name
            for name in self.deployments.get(account, ())
            if any(span.start < one.starts_at < span.end for one in self.revisions.get((account, name), ()))
        ]

    def charged(self, key: DeploymentKey, day: date) -> ChargedDeployment:
        account, deployment = key
        payer = self.payers[account]
        lifetime = self.lifetimes.get(key, Lifetime())
        return ChargedDeployment(
            account_key=account,
            deployment=deployment,
            location=payer.location,
            currency=self.rules.currency or payer.currency or LIST_CURRENCY,
            team=self._team(payer, key, day),
            created_at=lifetime.created_at,
            deleted_at=lifetime.deleted_at,
            revisions=self.revisions.get(key, ()),
        )

    def _team(self, payer: reads.Payer, key: DeploymentKey, day: date) -> str | None:
        """A closed month's team stays what it was, whatever tags and rules say since."""
        closed = (*key, day.replace(day=1))
        if closed in self.closed_teams:
            return self.closed_teams[closed]
        tags = self._tags_on(payer, key[1], day)
        return team_of(self.rules.teams, tags, payer.subscription_id, payer.arm_id, key[1])

    def _tags_on(self, payer: reads.Payer, deployment: str, day: date) -> list[Mapping[str, str]]:
        """Tags of a day: the deployment's first, then its account's, its resource group's, its subscription's."""
        subjects = (
            deployment_subject(payer.arm_id, deployment),
            account_subject(payer.arm_id),
            payer.arm_id.lower().partition("/providers/")[0],
            subscription_subject(payer.subscription_id),
        )
        return [_in_force(self.tags.get(subject, ()), midnight(day) + DAY) for subject in subjects]


def read_estate(
    connection: Connection, rules: MoneyRules, lifetimes: Mapping[DeploymentKey, Lifetime]
) -> Estate:
    payers = reads.payers(connection)
    regions = {payer.location for payer in payers.values()}
    revisions: dict[DeploymentKey, list[Revision]] = {}
    for one in inventory.revisions(connection):
        revisions.setdefault((one.account_key, one.deployment), []).append(
            Revision(
                one.starts_at,
                one.ends_at,
                one.format,
                one.model,
                one.version,
                one.sku,
                one.capacity,
                one.base_model,
                one.base_version,
            )
        )
    book = PriceBook(
        rows=price_rows(connection, regions),
        snapshot=[row for row in rules.snapshot if row.region in regions],
        models=all_models(connection),
        rates=rules.rates,
        notes=rules.notes,
    )
    learned = Learned.of(bills.stored_lessons(connection))
    deployments: dict[UUID, list[str]] = {}
    for account, deployment in sorted(lifetimes):
        deployments.setdefault(account, []).append(deployment)
    return Estate(
        Pricing(book, _teacher(learned, rules), rules.prompt_includes_cached),
        payers,
        lifetimes,
        {key: tuple(parts) for key, parts in revisions.items()},
        inventory.tag_history(connection),
        rules,
        deployments,
        closings.closed_teams(connection),
        reservations.holdings(connection, rules.currency) if rules.reservations else (),
    )


def _teacher(learned: Learned, rules: MoneyRules) -> Callable[[UUID, Revision, str, date], Shares | None]:
    """Shares by revision; a revision's family is worked out once."""
    meters = MeterBook((), rules.notes)
    families: dict[Revision, Family | None] = {}

    def shares(account: UUID, revision: Revision, kind: str, day: date) -> Shares | None:
        if revision not in families:
            families[revision] = meters.family_of(
                revision.model,
                revision.version,
                revision.sku,
                base_model=revision.base_model,
                base_version=revision.base_version,
            )
        return learned.of_day(account, families[revision], kind, day)

    return shares


def learn_shares(engine: Engine, rules: MoneyRules, now: datetime, *, everything: bool = False) -> None:
    """Bring what bills teach up to the bills, and mark the account-days whose charges it changes."""
    with engine.connect() as connection:
        span = bills.bill_span(connection)
        if span is None:
            return
        before = bills.stored_lessons(connection)
        meters = MeterBook([*bills.meter_rows(connection), *rules.snapshot], rules.notes)
        first, last = month_of(span[0]), month_of(now)
        if before and not everything:
            first = max(first, last.shifted(1 - _RELEARNED_MONTHS))
        after: list[Lesson] = []
        months: set[date] = set()
        while first.first_day <= last.first_day:
            window = learning_days(first)
            billed = bills.billed_quantities(connection, window.start.date(), window.end.date())
            after += lessons(first, billed, meters)
            months.add(first.first_day)
            first = first.shifted(1)
        changed = _changed(before, after, months)
        days = rollup.all_days(connection) if changed else []
    if not changed:
        return
    taught = [(account, day) for account, day in days if (account, day.replace(day=1)) in changed]

    def replace(connection: Connection) -> None:
        replace_lessons(connection, changed, after)
        mark_days(connection, taught, charges_only=True)

    retrying(engine, replace)


def _changed(
    before: Iterable[Lesson], after: Iterable[Lesson], months: Iterable[date]
) -> set[tuple[UUID, date]]:
    known = {one for one in before if one.month in set(months)}
    return {(one.account_key, one.month) for one in known ^ set(after)}


def derive_charges(
    engine: Engine, estate: Estate, accounts: Sequence[UUID], span: Window, now: datetime
) -> int:
    """Charges of some accounts over whole days, replaced whole; gives back their number."""
    found: list[Charge] = []
    with engine.connect() as connection:
        for account in accounts:
            found += _charges_of(connection, estate, account, span, now)
    retrying(engine, lambda connection: replace_charges(connection, accounts, span, found))
    return len(found)


def _charges_of(
    connection: Connection, estate: Estate, account: UUID, span: Window, now: datetime
) -> Iterator[Charge]:
    deployments = estate.deployments.get(account, ())
    apart = estate.changed_within(account, span)
    hours = reads.charged_hours(connection, account, deployments, span, apart)
    tiers = reads.tier_requests(connection, account, span)
    days = [Window(midnight(day), midnight(day) + DAY) for day in span_days(span)]
    for deployment in deployments:
        used = hours.get(deployment, {})
        for window in days:
            day = window.start.date()
            charged = estate.charged((account, deployment), day)
            told = tiers.get((deployment, day), {})
            plain = charges_of_day(charged, window, used.get(day, ()), told, estate.pricing, now)
            yield from estate.with_reserved((account, deployment), window, plain, now)


def derive_months(engine: Engine, accounts_months: Iterable[tuple[UUID, Month]]) -> None:
    """Roll the charges of changed months up."""
    by_month: dict[Month, list[UUID]] = {}
    for account, month in sorted(accounts_months):
        by_month.setdefault(month, []).append(account)
    for month, members in sorted(by_month.items()):
        for at in range(0, len(members), _ACCOUNTS_AT_ONCE):
            _derive_month(engine, members[at : at + _ACCOUNTS_AT_ONCE], month)


def _derive_month(engine: Engine, accounts: Sequence[UUID], month: Month) -> None:
    with engine.connect() as connection:
        parts = month_parts(reads.charges(connection, month.first_day, month.shifted(1).first_day, accounts))
    retrying(engine, lambda connection: replace_charge_months(connection, accounts, month.first_day, parts))


def _in_force(periods: Sequence[inventory.TagPeriod], instant: datetime) -> Mapping[str, str]:
    found: Mapping[str, str] = periods[0].tags if periods else {}
    for period in periods:
        if period.starts_at < instant:
            found = period.tags
    return found
