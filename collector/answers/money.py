"""The deeper questions about money, each answered as a JSON object: what will it come to, what does a unit cost, what need not be spent, why did it change."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from collector.answers.basic import COST_JOBS, price_book_of
from collector.answers.room import plain
from collector.catalog.models import load_models
from collector.domain.money.anomalies import variance
from collector.domain.money.burn import budget_state, standing
from collector.domain.money.forecast import MonthForecast, NoForecast, month_end
from collector.domain.money.outlook import Outlook, Part, outlooks, strange_days
from collector.domain.money.saving_types import worth
from collector.domain.periods import DAY, Month, Window, midnight, month_of
from collector.jobs.charges import MoneyRules
from collector.reports.finance.figures import FinanceReport
from collector.reports.finance.otherwise import with_prices
from collector.store.engine import Connection
from collector.store.reads import cost_parts, overview
from collector.store.reads.cost import Dimension, cost_months
from collector.store.reads.finance_report import FinanceRules, finance_report
from collector.store.reads.habits import month_habits
from collector.store.reads.outlook import budget_part, cause_of, daily_parts
from collector.store.reads.scope import EVERYTHING, Filters, narrowed

Json = dict[str, Any]
STRANGE_WEEKS: Final = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What every question here is asked with."""

    connection: Connection
    now: datetime
    rules: FinanceRules
    filters: Filters = EVERYTHING


def usual_month(asked: Asked) -> Month:
    """The last month that is over and has figures, else the running one."""
    running = month_of(asked.now)
    known = {row.month for row in cost_months(asked.connection)}
    return running.shifted(-1) if running.shifted(-1).first_day in known else running


def forecast(asked: Asked, by: str) -> Json:
    """The running month of every part, the configured budgets, and the strange days of the last five weeks."""
    month, through = month_of(asked.now), asked.now.date() - DAY
    dimension = None if by == "everything" else cast("Dimension", by)
    parts = daily_parts(asked.connection, dimension, through, asked.filters)
    return {
        "month": str(month),
        "through": plain(through),
        "by": by,
        "as_of": plain(overview.freshness(asked.connection, COST_JOBS, asked.filters).as_of),
        "parts": [_part(one) for one in outlooks(parts, month, through)],
        "budgets": _budgets(asked, month),
        "strange_days": _strange(asked, dimension, parts),
    }


def units(asked: Asked, rules: MoneyRules, month: Month, by: str) -> Json:
    rows = cost_parts.used_rows(asked.connection, month.window, asked.filters)
    requests = cost_parts.served_requests(asked.connection, month.window, asked.filters)
    report = _priced(asked, rules, month)
    return {
        "month": str(month),
        "by": by,
        "rows": [plain(one) for one in cost_parts.unit_costs_of(rows, requests, by)],
        "provisioned": [
            plain(one)
            | plain(
                {
                    "tokens": one.tokens,
                    "per_million": one.per_million,
                    "by_token_per_million": one.by_token_per_million,
                    "idle_cost": one.idle_cost,
                    "pays_from": one.pays_from,
                }
            )
            for one in report.provisioned
        ],
    }


def savings(asked: Asked, rules: MoneyRules, month: Month) -> Json:
    found = _priced(asked, rules, month).savings
    return {
        "month": str(month),
        "as_of": plain(overview.freshness(asked.connection, COST_JOBS, asked.filters).as_of),
        "savings": [plain(one) for one in found],
        "worth": [plain(one) for one in worth(found)],
    }


def changes(asked: Asked, rules: MoneyRules, month: Month) -> Json:
    """A whole month beside the one before; of the running month its whole days beside as many."""
    del rules  # every question about a month is asked alike
    after = month.window
    before = month.shifted(-1).window
    today = midnight(asked.now.date())
    if after.start < today < after.end:
        after = Window(after.start, today)
        before = Window(before.start, min(before.end, before.start + after.length))
    old = cost_parts.cost_parts(asked.connection, before, asked.filters)
    new = cost_parts.cost_parts(asked.connection, after, asked.filters)
    found: list[Json] = []
    for currency in sorted(new.keys() | old.keys()):
        change = variance(old.get(currency, ()), new.get(currency, ()))
        figures = {name: getattr(change, name) for name in ("before", "after", "volume", "price", "mix")}
        found.append(
            plain({"currency": currency, **figures, "cause": change.main_cause, "parts": change.changes})
        )
    return {"before": _days(before), "after": _days(after), "changes": found}


def _part(one: Outlook) -> Json:
    found = one.forecast if isinstance(one.forecast, MonthForecast) else None
    why = one.forecast.reason if isinstance(one.forecast, NoForecast) else None
    return plain(
        {
            "key": one.key,
            "currency": one.currency,
            "spent": one.spent,
            "before": one.before,
            "forecast": found.total if found else None,
            "low": found.low if found else None,
            "high": found.high if found else None,
            "error": found.error if found else None,
            "last_week_error": found.seasonal_error if found else None,
            "last_day_error": found.last_value_error if found else None,
            "why_none": why,
        }
    )


def _budgets(asked: Asked, month: Month) -> list[Json]:
    through, today = asked.now.date() - DAY, asked.now.date()
    found: list[Json] = []
    for budget in asked.rules.budgets:
        daily = budget_part(asked.connection, budget, through).costs
        state = budget_state(budget, month, daily, through, month_end(daily, month, through))
        told = asdict(state) | {
            "low": state.forecast_low,
            "high": state.forecast_high,
            "why_none": state.why_no_forecast,
            "standing": standing(state),
            "days_left": None if state.spent_on is None else max(0, (state.spent_on - today).days),
        }
        for name in ("forecast_low", "forecast_high", "why_no_forecast"):
            del told[name]
        found.append(plain(told))
    return found


def _strange(asked: Asked, dimension: Dimension | None, parts: list[Part]) -> list[Json]:
    since = asked.now.date() - timedelta(weeks=STRANGE_WEEKS)
    found: list[Json] = []
    for one in strange_days(parts, since):
        inner = narrowed(asked.filters, dimension, one.key) if dimension else asked.filters
        cause = cause_of(asked.connection, one.anomaly, one.currency, inner)
        found.append(plain({"key": one.key, "currency": one.currency, **asdict(one.anomaly), "cause": cause}))
    return found


def _priced(asked: Asked, rules: MoneyRules, month: Month) -> FinanceReport:
    """The month held beside its prices, of the deployments that the filters leave."""
    report = finance_report(asked.connection, month, asked.now, asked.rules, outlook=False)
    habits = month_habits(asked.connection, month, asked.now.date(), load_models().models)
    whole = with_prices(report, price_book_of(asked.connection, rules), habits)
    if asked.filters == EVERYTHING:
        return whole
    used = cost_parts.used_rows(asked.connection, month.window, asked.filters)
    wanted = {f"{row.account.rpartition('/')[2]}/{row.name}" for row in used}
    return replace(
        whole,
        savings=tuple(one for one in whole.savings if one.deployment in wanted),
        provisioned=tuple(one for one in whole.provisioned if one.deployment in wanted),
    )


def _days(window: Window) -> Json:
    return {"from": window.start.date().isoformat(), "to": window.end.date().isoformat()}
