"""What the deeper room screens ask the store, remembered as `state` remembers.

Causes are worked out on read, from the minutes of deployments that were throttled in the period and of nobody else.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID

from collector.domain.advice.fit import Fit, FitQuestion, fits
from collector.domain.advice.latency import latency_beside
from collector.domain.advice.need import urgency_of
from collector.domain.advice.prices import RoomPrices, with_price_ratios
from collector.domain.advice.ranking import recommend
from collector.domain.advice.types import Recommendation
from collector.domain.periods import Window, last_days
from collector.domain.room.diagnosis import Diagnosis
from collector.domain.room.fullness import NoDate, UntilFull
from collector.store.reads import posture, quality, room
from collector.store.reads.catalog import all_models
from collector.store.reads.elsewhere import elsewhere
from collector.store.reads.evidence import DeploymentMinutes, deployment_evidence
from collector.store.reads.evidence_units import UnitStory, unit_lines, unit_story
from collector.store.reads.quality import answer_times, told_apart
from collector.store.reads.quotas import QuotaRow, quota_rows
from collector.store.reads.scope import EVERYTHING, Filters
from collector.store.reads.seats import seats
from collector.store.reads.seats_lines import RoomEstate, room_estate
from collector.store.reads.until_full import deployments_until_full
from dashboard import state
from dashboard.state import SLOW_SECONDS, Chosen, database, remembered
from dashboard.state.prices import price_book
from dashboard.tables import Table
from dashboard.views import advice as advice_views
from dashboard.views import evidence as evidence_views
from dashboard.views import fit as fit_views
from dashboard.views import posture as posture_views
from dashboard.views import quality as quality_views
from dashboard.views import quota_map as quota_views
from dashboard.views import throttling as throttling_views
from dashboard.views import units as unit_views
from dashboard.views.room import choice_key

Key = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Hurt:
    """One throttled deployment close up: why, on which days, and its minutes."""

    paragraph: str
    days: list[date]
    evidence: DeploymentMinutes


def hurts(chosen: Chosen) -> throttling_views.HurtsView:
    key = state.period(chosen).room_key
    rows, causes = _causes(database(), key, chosen.filters)
    return throttling_views.hurts_view(rows, causes, _full(database()), state.names(), state.today())


def hurt(chosen: Chosen, picked: str) -> Hurt | None:
    rows, causes = _causes(database(), state.period(chosen).room_key, chosen.filters)
    row = next((row for row in rows if choice_key(row) == picked), None)
    if row is None:
        return None
    found = causes.get((row.account_key, row.key))
    evidence = _evidence(database(), row.account_key, row.key, Window(row.starts_at, row.ends_at))
    if found is None:
        return None
    return Hurt(throttling_views.paragraph(found), throttling_views.days_with_refusals(evidence), evidence)


def quota_view(chosen: Chosen) -> quota_views.QuotaView:
    found, told = estate(state.today()), readings(chosen.filters)
    wanted = {(row.subscription_id, row.location, row.usage_name) for row in told}
    lines = [one for one in found.lines if (one.subscription_id, one.location, one.usage_name) in wanted]
    return quota_views.quota_view(lines, found.seats, told, state.names())


def estate(today: date) -> RoomEstate:
    """Everybody's seats and lines: who holds a line is told whatever the filters leave."""
    return _estate(database(), EVERYTHING, today)


def readings(filters: Filters) -> list[QuotaRow]:
    return _readings(database(), filters)


def until_full(filters: Filters) -> dict[Key, UntilFull | NoDate]:
    return _full(database())


def minutes(account: UUID, deployment: str, window: Window) -> DeploymentMinutes:
    return _evidence(database(), account, deployment, window)


def units_view(chosen: Chosen) -> unit_views.UnitsView:
    stories = _stories(database(), chosen.filters, state.today())
    rows = _quality(database(), last_days(state.today(), 30), EVERYTHING) if stories else []
    return unit_views.units_view(stories, rows, unit_lines(readings(chosen.filters)), state.names())


def advice_view(chosen: Chosen) -> advice_views.AdviceView:
    found, accounts = _advice(database(), chosen.filters, state.today())
    return advice_views.advice_view(found, accounts)


def models() -> tuple[list[str], list[str]]:
    """What can be asked of: models that take tokens by the minute, the most asked first, and SKUs."""
    return _models(database())


def fit_view(
    chosen: Chosen, model: str, tpm: int, sku: str | None, zone: Literal["us", "eu"] | None
) -> fit_views.FitView | None:
    """None where nothing offers the model under that SKU."""
    question = FitQuestion(model, tpm, sku, None, zone)
    found = _fits(database(), question, chosen.filters, state.today())
    return None if found is None else fit_views.fit_view(found, state.names())


def answering(chosen: Chosen) -> quality_views.Answering:
    window = state.period(chosen).window
    return quality_views.answering(
        told_apart(_quality(database(), window, chosen.filters)), _uses(database(), window, chosen.filters)
    )


def answer_course(chosen: Chosen, picked: str) -> quality_views.AnswerCourse | None:
    window = state.period(chosen).window
    rows = _quality(database(), window, chosen.filters)
    row = next((row for row in rows if f"{row.account}/deployments/{row.key}" == picked), None)
    return None if row is None else _course(database(), row.account_key, row.key, window)


def posture_view(chosen: Chosen) -> posture_views.PostureView:
    return posture_views.posture_view(_posture(database(), chosen.filters), state.names())


@remembered()
def _causes(url: str, key: str, filters: Filters) -> tuple[list[room.RoomRow], dict[Key, Diagnosis]]:
    with state.reading(url) as connection:
        rows = room.room_rows(connection, key, filters)
        found = {
            (row.account_key, row.key): deployment_evidence(
                connection, row.account_key, row.key, Window(row.starts_at, row.ends_at)
            ).diagnosis()
            for row in rows
            if row.throttled or row.spilled
        }
    return rows, {key: one for key, one in found.items() if one is not None}


@remembered()
def _evidence(url: str, account: UUID, deployment: str, window: Window) -> DeploymentMinutes:
    with state.reading(url) as connection:
        return deployment_evidence(connection, account, deployment, window)


@remembered()
def _full(url: str) -> dict[Key, UntilFull | NoDate]:
    with state.reading(url) as connection:
        return deployments_until_full(connection)


@remembered(SLOW_SECONDS)
def _estate(url: str, filters: Filters, today: date) -> RoomEstate:
    with state.reading(url) as connection:
        return room_estate(connection, state.now(), filters)


@remembered(SLOW_SECONDS)
def _readings(url: str, filters: Filters) -> list[QuotaRow]:
    with state.reading(url) as connection:
        return quota_rows(connection, filters)


def _prices(today: date) -> RoomPrices:
    return RoomPrices(price_book(), today, state.settings().currency or "USD")


@remembered(SLOW_SECONDS)
def _stories(url: str, filters: Filters, today: date) -> list[UnitStory]:
    with state.reading(url) as connection:
        found = [one for one in seats(connection, state.now(), filters) if one.provisioned]
        prices = _prices(today) if found else None
        stories = [unit_story(connection, seat, prices, state.now()) for seat in found]
    return [story for story in stories if story is not None]


@remembered(SLOW_SECONDS)
def _advice(url: str, filters: Filters, today: date) -> tuple[list[Recommendation], dict[UUID, str]]:
    estate = _estate(url, filters, today)
    stories = {
        (story.seat.account_key, story.seat.deployment): story for story in _stories(url, filters, today)
    }
    times = answer_times(_quality(url, last_days(today, 30), EVERYTHING)) if stories else []
    known = [
        replace(
            story.seat_with_units,
            until_full=seat.until_full,
            latency=latency_beside(evidence_views.seat_key(seat), times),
        )
        if (story := stories.get((seat.account_key, seat.deployment)))
        else seat
        for seat in estate.seats
    ]
    tight = sorted({seat.model.casefold() for seat in known if urgency_of(seat) is not None})
    places: list[Any] = []
    for model in tight:
        offered = [place for place in estate.places({model}) if place.tpm_per_unit]
        places += with_price_ratios(offered, _prices(today))
    accounts = {seat.account_key: seat.account for seat in known}
    return list(recommend(known, estate.lines, places)), accounts


@remembered(SLOW_SECONDS)
def _models(url: str) -> tuple[list[str], list[str]]:
    with state.reading(url) as connection:
        offered = [
            one
            for one in all_models(connection)
            if one.tpm_per_unit and not one.fine_tuned and one.usage_name
        ]
        used = [(seat.model, seat.requests) for seat in seats(connection, state.now(), causes=False)]
    names = {one.model for one in offered}
    skus = sorted({one.sku for one in offered})
    return fit_views.most_asked_first(names, used), skus


def fit_elsewhere(
    chosen: Chosen, model: str, tpm: int, sku: str | None, zone: Literal["us", "eu"] | None
) -> Table:
    """Where none of our accounts lies and Azure could deploy the model."""
    found = elsewhere(
        estate(state.today()), FitQuestion(model, tpm, sku, None, zone), chosen.filters.subscriptions
    )
    places = chosen.filters.locations
    return fit_views.elsewhere_table([one for one in found if not places or one.location in places])


@remembered(SLOW_SECONDS)
def _fits(url: str, question: FitQuestion, filters: Filters, today: date) -> list[Fit] | None:
    estate = _estate(url, EVERYTHING, today)
    places = [place for place in estate.places({question.model.casefold()}) if place.tpm_per_unit]
    try:
        found = fits(question, with_price_ratios(places, _prices(today)), estate.seats)
    except ValueError:
        return None
    return [
        one
        for one in found
        if (not filters.subscriptions or one.place.subscription_id in filters.subscriptions)
        and (not filters.locations or one.place.location in filters.locations)
    ]


@remembered()
def _quality(url: str, window: Window, filters: Filters) -> list[quality.QualityRow]:
    with state.reading(url) as connection:
        return quality.quality_rows(connection, window, filters)


@remembered()
def _uses(url: str, window: Window, filters: Filters) -> list[quality.UseRow]:
    with state.reading(url) as connection:
        return quality.use_rows(connection, window, filters)


@remembered()
def _course(url: str, account: UUID, deployment: str, window: Window) -> quality_views.AnswerCourse | None:
    with state.reading(url) as connection:
        return quality_views.answer_course(quality.quality_course(connection, account, deployment, window))


@remembered()
def _posture(url: str, filters: Filters) -> list[posture.PostureRow]:
    with state.reading(url) as connection:
        return posture.posture_rows(connection, filters)
