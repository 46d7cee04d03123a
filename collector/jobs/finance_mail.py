"""The month's mail to finance: once a month was closed, its figures in words and its workbook beside them."""

import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import structlog

from collector.domain.alerts.types import AlertConfig
from collector.domain.alerts.words import money
from collector.domain.periods import Month, month_of
from collector.reports.finance.figures import FinanceReport, lines_by, totals
from collector.reports.finance.letter import BillBeside, CurrencyTotal, FinanceMonth, Spender, finance_letters
from collector.reports.finance.workbook import write_workbook
from collector.reports.letters.compose import Attachment, Letter, Writing
from collector.store.engine import Connection, Engine, retrying
from collector.store.reads import closings
from collector.store.reads.finance_report import FinanceRules, finance_report
from collector.store.writes import alerts as writes

log = structlog.get_logger(__name__)

NEWS_FOR: Final = timedelta(days=40)
"""A month closed later than so long after its end is history (a first run closes several): nobody is written to."""
SPENDERS: Final = 10
BILLS: Final = 12
LARGEST_WORKBOOK: Final = 8_000_000
"""Bytes; mail servers take ten million or more, and base64 adds a third."""
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write_finance_mail(
    engine: Engine,
    rules: FinanceRules,
    to: Sequence[str],
    writing: Writing,
    config: AlertConfig,
    now: datetime,
) -> list[Letter]:
    """Letters about months closed since the last time, from the digest's hour on, into the outbox."""
    now = now.replace(microsecond=0)
    if not to or now.astimezone(config.zone).time() < config.digest_at:
        return []
    with engine.connect() as connection:
        ready = [
            month_of(one.month)
            for one in closings.closings(connection).values()
            if one.letter_sent_at is None and now - month_of(one.month).window.end <= NEWS_FOR
        ]
    written: list[Letter] = []
    for month in ready:
        with engine.connect() as connection:
            report = finance_report(connection, month, now, rules)
        letters = finance_letters(finance_month(report), to, writing, now, _workbook(report, month))
        retrying(
            engine, lambda connection, month=month, letters=letters: _store(connection, month, letters, now)
        )
        log.info("finance is written to", month=str(month), letters=len(letters))
        written += letters
    return written


def finance_month(report: FinanceReport) -> FinanceMonth:
    """The report as the letter tells it: totals, who spent most, and how the bill stands beside."""
    before = report.before
    sums = totals(report)
    whole = {line.currency: line.basis_amount for line in sums}
    spenders = lines_by(report.rows, ("account", "deployment"), report.basis)
    beside = sorted(
        report.reconciliations, key=lambda row: -(row.line.bill or row.line.estimate or Decimal(0))
    )
    return FinanceMonth(
        month=report.month.first_day,
        closed=report.closed_at is not None,
        basis=report.basis,
        as_of=report.as_of or report.made_at,
        totals=tuple(
            CurrencyTotal(line.currency, line.basis_amount, line.low, line.high, before.get(line.currency))
            for line in sums
        ),
        top=tuple(
            Spender(
                "/".join(part for part in line.key if part) or "not allocated",
                line.currency,
                line.basis_amount,
                line.basis_amount / whole[line.currency] if whole[line.currency] else None,
            )
            for line in spenders[:SPENDERS]
        ),
        bills=tuple(
            BillBeside(
                f"{row.account}, {row.line.family}",
                row.line.currency,
                row.line.estimate,
                row.line.bill,
                str(row.line.status),
            )
            for row in beside[:BILLS]
        ),
        coverage=None if report.coverage is None else Decimal(str(report.coverage)),
        unpriced=_unpriced(report),
        paid=" and ".join(money(amount, currency) for currency, amount in sorted(report.to_be_paid.items()))
        or None,
    )


def _unpriced(report: FinanceReport) -> str | None:
    rows = [row for row in report.rows if not row.is_priced and not row.is_residual and not row.out_of_scope]
    if not rows:
        return None
    models = sorted({row.model for row in rows})
    shown = ", ".join(models[:5]) + (" and more" if len(models) > 5 else "")
    return f"usage of {shown}; the workbook lists it"


def _workbook(report: FinanceReport, month: Month) -> tuple[Attachment, ...]:
    with tempfile.TemporaryDirectory(prefix="aoai-monitor-") as folder:
        path = Path(folder) / f"azure-openai-{month}.xlsx"
        write_workbook(report, path)
        content = path.read_bytes()
    if len(content) > LARGEST_WORKBOOK:
        log.warning("the workbook is too large for a mail", month=str(month), bytes=len(content))
        return ()
    return (Attachment(f"azure-openai-{month}.xlsx", _WORKBOOK, content),)


def _store(connection: Connection, month: Month, letters: Sequence[Letter], now: datetime) -> None:
    writes.record_letters(connection, letters)
    writes.mark_month_told(connection, month.first_day, at=now)
