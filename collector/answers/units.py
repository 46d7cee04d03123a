"""Provisioned units: how well they are used, how soon they answer, and what each size would cost."""

from collections.abc import Sequence

from collector.answers.asked import JOBS, Asked, Json, plain, prices_of
from collector.domain.advice.latency import AnswerTimes, latency_beside
from collector.domain.advice.types import Seat
from collector.domain.periods import last_days
from collector.domain.room.quotas import scope_of
from collector.store.reads import overview
from collector.store.reads.evidence_units import UnitStory, unit_lines, unit_story
from collector.store.reads.quality import answer_times, quality_rows
from collector.store.reads.quotas import QuotaRow, quota_rows
from collector.store.reads.seats import DAYS
from collector.store.reads.seats_lines import room_estate


def units(asked: Asked) -> Json:
    """Provisioned deployments: use, idle units, spillover, what a unit carries, and what each size would cost."""
    estate = room_estate(asked.connection, asked.now, asked.filters)
    provisioned = [seat for seat in estate.seats if seat.provisioned]
    prices = prices_of(asked, estate) if provisioned else None
    stories = [unit_story(asked.connection, seat, prices, asked.now) for seat in provisioned]
    times = times_of(asked) if provisioned else []
    return {
        "as_of": plain(overview.freshness(asked.connection, JOBS, asked.filters).as_of),
        "days": DAYS,
        "deployments": [unit_object(story, times) for story in stories if story is not None],
        "lines": [line_object(row) for row in unit_lines(quota_rows(asked.connection, asked.filters))],
    }


def line_object(row: QuotaRow) -> Json:
    """Units that could be deployed, and those that are; lines of several locations may share one pool."""
    scope = scope_of(row.usage_name, row.location)
    return {
        **{name: getattr(row, name) for name in ("subscription_id", "location", "usage_name")},
        **{name: plain(getattr(row, name)) for name in ("limit", "current", "free")},
        "may_share_pool": scope.may_share_pool,
    }


def unit_object(story: UnitStory, times: Sequence[AnswerTimes] = ()) -> Json:
    """A provisioned deployment's units, how soon they answer, and what each size would cost."""
    seat = story.seat
    latency = latency_beside(seat_key(seat), times)
    return {
        **{
            name: getattr(seat, name)
            for name in ("subscription_id", "account", "deployment", "model", "sku", "location")
        },
        "use": plain(story.use),
        "rate": plain(story.rate),
        "spilled_tokens": story.spilled_tokens,
        "spilled_cost": plain(story.spilled_cost),
        "why_no_curve": story.why_no_curve,
        "latency": plain(latency),
        "latency_in_words": None if latency is None else latency.in_words(),
        "curves": {
            term: {
                **{
                    name: plain(getattr(curve, name))
                    for name in ("currency", "hours", "hourly", "token_cost")
                },
                "break_even_utilisation": curve.break_even_utilisation,
                "cheapest": plain(curve.cheapest),
                "never_throttles": plain(curve.never_throttles),
                "points": plain(curve.points),
            }
            for term, curve in story.curves.items()
        },
    }


def times_of(asked: Asked) -> list[AnswerTimes]:
    """Of every deployment there is: whoever runs the model by the token stands beside the units."""
    return answer_times(quality_rows(asked.connection, last_days(asked.now.date(), DAYS)))


def seat_key(seat: Seat) -> str:
    return f"{seat.account}/deployments/{seat.deployment.casefold()}"
