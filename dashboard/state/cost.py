"""What the cost screens ask the store beside Cost's own slices, remembered as `state` remembers."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from collector.domain.money.anomalies import CostPart
from collector.domain.money.budgets import Budget, parse_budgets
from collector.domain.money.burn import BudgetState, budget_state
from collector.domain.money.forecast import month_course, month_end
from collector.domain.money.outlook import Outlook, Part, outlooks, strange_days
from collector.domain.money.reconciliation import Reconciliation
from collector.domain.periods import DAY, Month, Window, midnight, month_of
from collector.store.reads import bills, cost, cost_parts, finance
from collector.store.reads.cost import Dimension
from collector.store.reads.finance_names import names
from collector.store.reads.finance_report import meter_book
from collector.store.reads.outlook import HISTORY, budget_part, cause_of, daily_parts
from collector.store.reads.scope import EVERYTHING, Filters, narrowed, places
from dashboard import formats, state
from dashboard.periods import MONTH_TO_DATE, Comparison, Period, comparison
from dashboard.state import SLOW_SECONDS, Chosen, database, remembered
from dashboard.state import finance as finance_state
from dashboard.tables import Table
from dashboard.views import Tile
from dashboard.views import bill as bill_views
from dashboard.views import changes as change_views
from dashboard.views import cost as cost_views
from dashboard.views import outlook as outlook_views
from dashboard.words import outlook as words

TOLD_APART = 30
"""Parts that a screen forecasts one by one; the others together are one more."""

STRANGE_WEEKS = 5
MOST_CAUSES = 12
NOTABLE = Decimal("0.005")
"""A day is worth telling from this share of the estate's usual day on."""


def yesterday() -> date:
    return state.today() - DAY


def month() -> Month:
    return month_of(state.today())


def whole(chosen: Chosen, currency: str | None) -> Part | None:
    """The days of everything that the filters leave, in the chosen currency or the dearest one."""
    parts = _parts(database(), None, yesterday(), chosen.filters)
    fitting = [part for part in parts if part.currency == currency] or list(parts)
    return max(fitting, key=lambda part: sum(part.costs.values()), default=None)


def currencies(chosen: Chosen) -> tuple[str, ...]:
    parts = _parts(database(), None, yesterday(), chosen.filters)
    return tuple(part.currency for part in sorted(parts, key=lambda part: -sum(part.costs.values())))


def course(chosen: Chosen, currency: str | None) -> outlook_views.Course | None:
    """The running month of what the filters leave; None where nothing was ever spent."""
    part = whole(chosen, currency)
    if part is None:
        return None
    found = month()
    ahead = month_course(part.costs, found, yesterday())
    told = _billed(database(), found, chosen.filters).get(part.currency)
    billed = told.daily if told else {}
    budgets = fitting_budgets(chosen, part.currency)
    return outlook_views.course(
        part.costs, ahead, billed, found, yesterday(), part.currency, budgets[0].amount if budgets else None
    )


def outlook_view(chosen: Chosen, dimension: Dimension, currency: str | None) -> outlook_views.OutlookView:
    found, through = month(), yesterday()
    part = whole(chosen, currency)
    parts = [
        one
        for one in _outlooks(database(), dimension, found, through, chosen.filters)
        if part is None or one.currency == part.currency
    ]
    strange = [
        row
        for row in _strange(database(), dimension, through, chosen.filters)
        if part is None or row.day.currency == part.currency
    ]
    return outlook_views.outlook_view(
        outlooks([part], found, through)[0] if part else None,
        parts,
        dimension,
        budgets(),
        strange,
        state.names(),
        state.today(),
    )


def budgets() -> tuple[BudgetState, ...]:
    """Every configured budget, whatever the filters: a budget is what it is."""
    return _budgets(database(), month(), yesterday())


def fitting_budgets(chosen: Chosen, currency: str) -> list[BudgetState]:
    """Those that are for just what the filters leave."""
    wanted = {budget.name for budget in _configured() if _is_for(budget, chosen.filters)}
    return [one for one in budgets() if one.name in wanted and one.currency == currency]


def _is_for(budget: Budget, filters: Filters) -> bool:
    def one(wanted: str | None, values: tuple[str, ...]) -> bool:
        if wanted is None:
            return not values
        return len(values) == 1 and wanted.casefold() in (
            values[0].casefold(),
            values[0].rpartition("/")[2].casefold(),
            state.names().get(values[0], "").casefold(),
        )

    return (
        one(budget.subscription, filters.subscriptions)
        and one(budget.account, filters.accounts)
        and one(budget.deployment, filters.deployments)
        and one(budget.model, filters.models)
        and one(budget.team, filters.teams)
        and one(budget.tag, filters.tags)
        and not (filters.locations or filters.skus or filters.kinds)
    )


def course_of_period(chosen: Chosen, currency: str) -> outlook_views.Course | None:
    """The course, where the period is the running month."""
    return course(chosen, currency) if chosen.period_key == MONTH_TO_DATE else None


def beside_tiles(chosen: Chosen, currency: str) -> list[Tile]:
    """What the running month's cost is held against: its budget and its bill."""
    if chosen.period_key != MONTH_TO_DATE:
        return []
    fitting = fitting_budgets(chosen, currency)
    found = [outlook_views.budgets_tile(fitting[:1])] if fitting else []
    billed = _billed(database(), month(), chosen.filters).get(currency)
    return [*found, bill_views.bill_tile(billed, currency)] if billed else found


def why_bill_is_apart(chosen: Chosen, currency: str) -> str | None:
    """Why the running month's bill is far from the estimate; None where it is near, or not shown."""
    if chosen.period_key != MONTH_TO_DATE:
        return None
    billed = _billed(database(), month(), chosen.filters).get(currency)
    if billed is None or not billed.is_far:
        return None
    hour = state.now().replace(minute=0, second=0, microsecond=0)
    return bill_views.why_apart(billed, currency, _reconciled(database(), month(), hour, chosen.filters))


def tiles(view: cost_views.CostView, chosen: Chosen) -> list[Tile]:
    """The answer: cost and month's end, held against budget and bill, then how sure it is."""
    first, then = view.tiles[:2], view.tiles[2:]
    return [*first, *beside_tiles(chosen, view.currency), *then]


def with_ways(slices: Table, chosen: Chosen, dimension: Dimension, currency: str) -> Table:
    """The slices with how each one's prices were found."""
    ways = how_priced(chosen, dimension, currency)
    rows = [{**row, "priced": words.sure_words(ways.get(row["key"], {}))} for row in slices.rows]
    return replace(slices, rows=tuple(rows))


def top_budgets(currency: str) -> Table:
    return outlook_views.top_budgets([one for one in budgets() if one.currency == currency])


def strange_line(chosen: Chosen) -> str:
    found = strange(chosen)
    first = found[0].day if found else None
    text = None
    if first is not None:
        money = formats.money(first.anomaly.cost - first.anomaly.expected, first.currency)
        text = f"{formats.day(first.anomaly.day)}, {money} more than expected"
    return words.strange_line(len(found), text)


def strange(chosen: Chosen, dimension: Dimension = "model") -> list[outlook_views.StrangeRow]:
    return _strange(database(), dimension, yesterday(), chosen.filters)


def changes_view(chosen: Chosen, currency: str) -> change_views.ChangesView | None:
    """Whole days of the period beside as many of the one before; None where there is no such."""
    beside = changed_spans(chosen)
    if beside is None:
        return None
    before = _cost_parts(database(), beside.before, chosen.filters).get(currency, [])
    after = _cost_parts(database(), beside.current, chosen.filters).get(currency, [])
    then, now = (_span(window) for window in (beside.before, beside.current))
    return change_views.changes_view(before, after, currency, then, now)


def changed_spans(chosen: Chosen) -> Comparison | None:
    return comparison(state.period(chosen), state.today())


def _span(window: Window) -> str:
    return formats.day_span(window.start.date(), (window.end - DAY).date())


def how_priced(chosen: Chosen, dimension: Dimension, currency: str) -> dict[str | None, dict[str, Decimal]]:
    """By value of the dimension: how much of its cost was priced in which way."""
    rows = _how_priced(database(), dimension, state.period(chosen), chosen.filters)
    found: dict[str | None, dict[str, Decimal]] = {}
    for row in rows:
        if row.currency == currency:
            ways = found.setdefault(row.key, {})
            way = words.way_priced(row.step)
            ways[way] = ways.get(way, Decimal(0)) + row.cost
    return found


def _configured() -> tuple[Budget, ...]:
    return parse_budgets(state.settings().budgets)


@remembered(SLOW_SECONDS)
def _parts(url: str, dimension: Dimension | None, through: date, filters: Filters) -> list[Part]:
    with state.reading(url) as connection:
        return daily_parts(connection, dimension, through, filters, most=TOLD_APART)


@remembered(SLOW_SECONDS)
def _outlooks(url: str, dimension: Dimension, month: Month, through: date, filters: Filters) -> list[Outlook]:
    return outlooks(_parts(url, dimension, through, filters), month, through)


@remembered(SLOW_SECONDS)
def _strange(
    url: str, dimension: Dimension, through: date, filters: Filters
) -> list[outlook_views.StrangeRow]:
    """With the cause of the largest ones: each takes a look at five days."""
    parts = _parts(url, dimension, through, filters)
    daily = sum((cost for part in parts for cost in part.costs.values()), Decimal(0)) / HISTORY
    found = strange_days(
        parts, through - timedelta(weeks=STRANGE_WEEKS), least=max(Decimal(1), daily * NOTABLE)
    )
    rows: list[outlook_views.StrangeRow] = []
    with state.reading(url) as connection:
        for place, one in enumerate(found):
            inner = narrowed(filters, dimension, one.key)
            cause = cause_of(connection, one.anomaly, one.currency, inner) if place < MOST_CAUSES else ""
            rows.append(outlook_views.StrangeRow(one, cause))
    return rows


@remembered(SLOW_SECONDS)
def _budgets(url: str, month: Month, through: date) -> tuple[BudgetState, ...]:
    found: list[BudgetState] = []
    with state.reading(url) as connection:
        for budget in _configured():
            daily = budget_part(connection, budget, through).costs
            found.append(budget_state(budget, month, daily, through, month_end(daily, month, through)))
    return tuple(found)


@remembered()
def _billed(url: str, month: Month, filters: Filters) -> dict[str, bill_views.Billed]:
    """A bill knows accounts: where a filter goes below them, it is not shown beside the estimate."""
    if filters != replace(EVERYTHING, subscriptions=filters.subscriptions, accounts=filters.accounts):
        return {}
    first, until = month.first_day, month.shifted(1).first_day
    with state.reading(url) as connection:
        found: dict[str, bill_views.Billed] = {}
        billed = bills.billed_daily(connection, first, until, filters)
        read = bills.billed_subscriptions(connection, first, until)
        inner = replace(filters, subscriptions=tuple(sorted(set(filters.subscriptions or read) & read)))
        for currency, daily in billed.items():
            window = Window(midnight(first), midnight(max(daily) + DAY))
            totals = cost.cost_totals(connection, window, inner, bounds=False)
            estimate = next((one.cost for one in totals if one.currency == currency), None)
            found[currency] = bill_views.Billed(daily, estimate)
    return found


@remembered(SLOW_SECONDS)
def _reconciled(url: str, month: Month, now: datetime, filters: Filters) -> tuple[Reconciliation, ...]:
    """Estimate beside bill of the accounts that the filters leave."""
    with state.reading(url) as connection:
        meters, known = meter_book(connection, finance_state.rules()), names(connection)
        found = finance.current_month(connection, month, now, meters, known).reconciliations
        wanted = places(connection, filters) if filters != EVERYTHING else None
    return tuple(one for one in found if wanted is None or one.account_key in wanted)


@remembered()
def _cost_parts(url: str, window: Window, filters: Filters) -> dict[str, list[CostPart]]:
    with state.reading(url) as connection:
        return cost_parts.cost_parts(connection, window, filters)


@remembered()
def _how_priced(url: str, dimension: Dimension, period: Period, filters: Filters) -> list[cost_parts.SureRow]:
    with state.reading(url) as connection:
        return cost_parts.how_priced(connection, dimension, period.window, filters)
