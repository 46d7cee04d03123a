"""What Close the month says."""

TITLE = "Close the month"
HELP = "Estimate beside bill, what is not allocated, teams, forecast, budgets, savings, and the report to take along."
ABOUT = "The whole estate, whatever is chosen at the side."
MONTH = "Month (UTC)"
WORKBOOK = "Workbook (.xlsx)"
NOT_CLOSED = "This month is not closed: its figures may still change."
CLOSED = "This month is closed. Later changes are listed as restatements."
COST_HELP = "By the bill where all of it was read and Azure adds to it no more, else by the estimate."
BILL_HELP = "What was billed, reserved use at its amortised cost, with what no deployment could be given."
ESTIMATE_HELP = (
    "Metrics times prices, calibrated by the accounts' own bills of earlier days where they are read."
)
STATUS_HELP = "Lines of account and meter family within 2 % of the bill."
NONE_YET = "No month has figures yet."
TABLES = {
    "By team": "Costs by team",
    "Reconciliation": "Estimate beside bill, by account and meter family",
    "Invoices": "What is to be paid, by invoice",
    "Reservations": "Units paid ahead: how much of them was used, and what it covered",
    "Known from the bill alone": "Billed kinds that no metric counts",
    "Unallocated": "Billed, and no deployment's",
    "Unpriced": "Used, and without a price",
    "Unit costs": "What a million tokens and a request came to",
    "Provisioned units": "Provisioned units by what they served",
    "Outlook": "Forecast, and why the month differs from the one before",
    "Budgets": "Budgets and how they burn",
    "Odd days": "Days that cost what nobody would have expected",
    "Savings": "Money that need not be spent",
    "Restatements": "What changed since the month was closed",
}


def forecast_help(total: str, error: str) -> str:
    return (
        f"Of the estimate: about {total}, and in four of five cases within this interval; past error {error}."
    )
