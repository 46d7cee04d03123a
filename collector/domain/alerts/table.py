"""Every rule that there is, and the thresholds that a company may move."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from collector.domain.alerts.rules import Severity, Tell


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where each rule begins. Shares are 0..1; every list rises in urgency."""

    deadline_steps: tuple[int, ...] = (180, 90, 60, 30, 14, 7, 1)
    upgrade_steps: tuple[int, ...] = (30, 14, 7, 1)
    warning_days: int = 90
    critical_days: int = 30
    moved_news_days: int = 7
    quota_shares: tuple[Decimal, ...] = (Decimal("0.8"), Decimal("0.9"), Decimal(1))
    quota_margin: Decimal = Decimal("0.02")
    minutes_at_limit: tuple[int, ...] = (5, 30, 120)
    minutes_at_limit_margin: int = 4
    throttled_shares: tuple[Decimal, ...] = (Decimal("0.01"), Decimal("0.05"), Decimal("0.2"))
    throttled_margin: Decimal = Decimal("0.005")
    throttled_requests: int = 20
    full_in_weeks: tuple[int, ...] = (8, 4, 2)
    full_margin_days: int = 7
    ptu_saturated: Decimal = Decimal("0.95")
    ptu_saturated_minutes: int = 60
    ptu_saturated_margin: int = 15
    ptu_idle: Decimal = Decimal("0.15")
    ptu_margin: Decimal = Decimal("0.05")
    budget_shares: tuple[Decimal, ...] = (Decimal("0.8"), Decimal(1))
    forecast_shares: tuple[Decimal, ...] = (Decimal(1), Decimal("1.2"))
    forecast_margin: Decimal = Decimal("0.03")
    anomaly_times: Decimal = Decimal(2)
    anomaly_least: Decimal = Decimal(50)
    unexplained_share: Decimal = Decimal("0.05")
    unpriced_share: Decimal = Decimal("0.001")
    stale_hours: tuple[int, ...] = (3, 12, 48)
    catalog_days: int = 45
    price_snapshot_days: int = 60


DEFAULT_THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A rule as its documentation and the configuration know it; `thresholds` are fields of `Thresholds`."""

    rule: str
    title: str
    opens: str
    thresholds: tuple[str, ...]
    tell: Tell


RULES: Mapping[str, RuleInfo] = {
    info.rule: info
    for info in (
        RuleInfo(
            "model_ending",
            "A model version ends",
            "the deployment's own date (or an earlier inference date) is within the first step",
            ("deadline_steps", "warning_days", "critical_days"),
            "digest",
        ),
        RuleInfo(
            "auto_upgrade_coming",
            "Azure will upgrade a deployment",
            "the day from which Azure may move it to another version is within the first step",
            ("upgrade_steps",),
            "digest",
        ),
        RuleInfo(
            "date_moved",
            "A retirement date moved",
            "the date of a model in use changed within the last days and no alert of it is open",
            ("moved_news_days",),
            "at_once",
        ),
        RuleInfo(
            "api_version_ending",
            "An api-version in use ends",
            "a version with an announced date (Microsoft's or your own) is called and the date is near or past",
            ("deadline_steps", "warning_days", "critical_days"),
            "digest",
        ),
        RuleInfo(
            "api_version_superseded",
            "A superseded api-version is in use",
            "a newer version exists and no date is announced: advice, never an alarm",
            (),
            "weekly",
        ),
        RuleInfo(
            "feature_ending",
            "A feature in use ends",
            "an operation of a retiring feature (Assistants API) is called",
            ("deadline_steps", "warning_days", "critical_days"),
            "digest",
        ),
        RuleInfo(
            "quota_line",
            "A quota line fills",
            "allocated ÷ limit reaches a share; at the last share it is told at once",
            ("quota_shares", "quota_margin"),
            "digest",
        ),
        RuleInfo(
            "deployment_at_limit",
            "A deployment is at its limit",
            "minutes at the TPM or RPM limit in the last day",
            ("minutes_at_limit", "minutes_at_limit_margin"),
            "at_once",
        ),
        RuleInfo(
            "throttling_begun",
            "Throttling has begun",
            "share of requests answered 429 in the last day (spilled ones not counted)",
            ("throttled_shares", "throttled_margin", "throttled_requests"),
            "at_once",
        ),
        RuleInfo(
            "time_until_full",
            "A quota line will be full soon",
            "days until it is full, at the growth of the last weeks, fall below so many weeks",
            ("full_in_weeks", "full_margin_days"),
            "digest",
        ),
        RuleInfo(
            "ptu_saturated",
            "Provisioned capacity is saturated",
            "minutes of the last day at or above the utilisation",
            ("ptu_saturated", "ptu_saturated_minutes", "ptu_saturated_margin"),
            "at_once",
        ),
        RuleInfo(
            "ptu_idle",
            "Provisioned capacity is idle",
            "mean utilisation of the last 7 days at or below",
            ("ptu_idle", "ptu_margin"),
            "digest",
        ),
        RuleInfo(
            "budget_burn",
            "A budget burns down",
            "spent of the month's budget reaches a share; at the last share it is told at once",
            ("budget_shares",),
            "digest",
        ),
        RuleInfo(
            "forecast_above_budget",
            "The month will end above budget",
            "forecast of the month ÷ budget reaches a share",
            ("forecast_shares", "forecast_margin"),
            "digest",
        ),
        RuleInfo(
            "cost_anomaly",
            "Yesterday cost far more than usual",
            "the day's cost is so many times the usual day of that weekday, and at least so much above it",
            ("anomaly_times", "anomaly_least"),
            "digest",
        ),
        RuleInfo(
            "reconciliation_unexplained",
            "Estimate and bill differ",
            "a closed month's (estimate − bill) ÷ bill is beyond the tolerance",
            ("unexplained_share",),
            "digest",
        ),
        RuleInfo(
            "unpriced_usage",
            "Usage without a price",
            "share of the month's tokens for which no price was found",
            ("unpriced_share",),
            "digest",
        ),
        RuleInfo(
            "collector_stale",
            "The collector is behind",
            "hours since a scope was last read whole",
            ("stale_hours",),
            "at_once",
        ),
        RuleInfo(
            "collector_partial",
            "A collecting run ended partial",
            "the same scope failed in the last two runs",
            (),
            "digest",
        ),
        RuleInfo(
            "role_missing", "A role is missing", "Azure refused a scope for want of a right", (), "digest"
        ),
        RuleInfo(
            "catalog_old",
            "The models list or the api-version catalog is old",
            "days since it was last read or checked",
            ("catalog_days",),
            "weekly",
        ),
        RuleInfo(
            "price_snapshot_old",
            "The shipped price snapshot is old and in use",
            "days since it was captured, while charges rest on it",
            ("price_snapshot_days",),
            "weekly",
        ),
    )
}


def deadline_severity(days_left: int, thresholds: Thresholds) -> Severity:
    if days_left <= thresholds.critical_days:
        return "critical"
    return "warning" if days_left <= thresholds.warning_days else "info"
