"""What the rules of money look at: budgets, yesterday beside its like, and what has no price."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Final
from uuid import UUID

from collector.domain.alerts.money_rules import (
    BudgetFact,
    CostDay,
    MonthBill,
    UnpricedUse,
    budget_burn,
    cost_anomaly,
    forecast_above_budget,
    reconciliation_unexplained,
    unpriced_usage,
)
from collector.domain.alerts.rules import Finding, NotKnown, Where
from collector.domain.alerts.settings import AlertRules
from collector.domain.alerts.words import money
from collector.domain.money.budgets import Budget
from collector.domain.money.forecast import MonthForecast, month_end
from collector.domain.periods import DAY, Window, midnight, month_of
from collector.jobs.facts.place import Estate
from collector.reports.finance.closing_summary import reconciled_from
from collector.store.engine import Connection
from collector.store.reads import closings, cost, rule_facts
from collector.store.reads.outlook import HISTORY, budget_part

LIKE_DAYS: Final = (7, 14, 21, 28)
LEAST_LIKE_DAYS: Final = 3
CLOSED_LATELY: Final = timedelta(days=45)

Found = list[Finding | NotKnown | None]


def budget_findings(
    connection: Connection, budgets: Sequence[Budget], there: Estate, rules: AlertRules, now: datetime
) -> Found:
    """Spent and foreseen of the running month. What was not read through today is counted as far as it is known."""
    today = now.date()
    month = month_of(now)
    through = min(there.metrics_through.values(), default=None)
    found: Found = []
    for budget in budgets:
        days = dict(budget_part(connection, budget, today, HISTORY + 1).costs)
        spent = sum((cost for day, cost in days.items() if day >= month.first_day), Decimal(0))
        foreseen = month_end({day: one for day, one in days.items() if day < today}, month, today - DAY)
        known = foreseen if isinstance(foreseen, MonthForecast) else None
        fact = BudgetFact(
            subject=budget.name,
            name=budget.name,
            month=month.first_day,
            currency=budget.currency,
            budget=budget.amount,
            spent=spent if through is not None else None,
            through=through.date() if through else None,
            where=Where(subscription_id=budget.subscription, account=budget.account, team=budget.team),
            forecast=known.total if known else None,
            forecast_low=known.low if known else None,
            forecast_high=known.high if known else None,
            read_at=through,
        )
        found += [budget_burn(fact, rules.thresholds), forecast_above_budget(fact, rules.thresholds)]
    return found


def anomaly_findings(connection: Connection, there: Estate, rules: AlertRules, now: datetime) -> Found:
    """Yesterday of each account beside the same weekday of the last four weeks (their median)."""
    yesterday = now.date() - DAY
    likes = [yesterday - timedelta(days=back) for back in LIKE_DAYS]
    costs = rule_facts.account_costs(connection, [yesterday, *likes])
    found: Found = []
    for (key, currency), days in sorted(costs.items(), key=lambda one: (str(one[0][0]), one[0][1])):
        account = there.accounts.get(key)
        if account is None:
            continue
        before = [days[day] for day in likes if day in days]
        whole = there.metrics_through.get(key)
        fact = CostDay(
            subject=f"{key}/{currency}",
            name=account.name,
            on=yesterday,
            currency=currency,
            cost=days.get(yesterday) if whole is not None and whole >= midnight(now.date()) else None,
            usual=median(before) if len(before) >= LEAST_LIKE_DAYS else None,
            where=there.where_account(key),
            read_at=whole,
        )
        finding = cost_anomaly(fact, rules.thresholds)
        if isinstance(finding, Finding) and finding.level > 0:
            finding = cost_anomaly(_with_drivers(connection, fact, key), rules.thresholds)
        found.append(finding)
    return found


def unpriced_findings(connection: Connection, there: Estate, rules: AlertRules, now: datetime) -> Found:
    """Tokens of the month that no price was found for, by model, SKU and location."""
    month = month_of(now)
    rows = [
        row
        for row in cost.unpriced(connection, Window(month.window.start, midnight(now.date() + DAY)))
        if not row.out_of_scope and row.kind in cost.TOKEN_KINDS
    ]
    if not rows:
        return []
    tokens: dict[tuple[str, str, str, str], Decimal] = {}
    why: dict[tuple[str, str, str, str], str] = {}
    for row in rows:
        what = (row.model, row.version, row.sku, row.location)
        tokens[what] = tokens.get(what, Decimal(0)) + row.quantity
        why.setdefault(what, row.why)
    everything = rule_facts.tokens_since(connection, month.first_day)
    read_at = min(there.metrics_through.values(), default=None)
    return [
        unpriced_usage(
            UnpricedUse(
                subject="/".join(what),
                what=f"{model} {version} {sku} in {location}".replace("  ", " "),
                month=month.first_day,
                tokens=int(tokens[what]),
                all_tokens=everything,
                why=why[what],
                where=Where(location=location),
                read_at=read_at,
            ),
            rules.thresholds,
        )
        for what in tokens
        for model, version, sku, location in [what]
    ]


def reconciliation_findings(connection: Connection, there: Estate, rules: AlertRules, now: datetime) -> Found:
    """Months closed lately, by account and family, as their closing kept them."""
    found: Found = []
    for closed in closings.closings(connection).values():
        if now - closed.closed_at > CLOSED_LATELY:
            continue
        for row in (reconciled_from(one) for one in closed.summary["reconciliations"]):
            line = row.line
            one = reconciliation_unexplained(
                MonthBill(
                    subject=f"{line.account_key}/{line.currency}/{line.family}",
                    account=f"{row.account} ({line.family})",
                    month=closed.month,
                    currency=line.currency,
                    estimate=line.estimate,
                    bill=line.bill,
                    status=str(line.status),
                    where=there.where_account(line.account_key),
                    drivers=tuple(
                        (cause.words, money(cause.amount, line.currency) if cause.amount is not None else "")
                        for cause in line.causes
                    ),
                    read_at=closed.closed_at,
                ),
                rules.thresholds,
            )
            # That a month grows old is no good news about it.
            found.append(replace(one, tells_end=False) if isinstance(one, Finding) else one)
    return found


def _with_drivers(connection: Connection, fact: CostDay, key: UUID) -> CostDay:
    largest = rule_facts.largest_charges(connection, key, fact.currency, fact.on)
    return replace(
        fact,
        drivers=tuple(
            (f"{deployment}, {kind.replace('_', ' ')}", money(amount, fact.currency))
            for deployment, kind, amount in largest
        ),
    )
