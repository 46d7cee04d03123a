"""One made-up finding for each rule, for `alert preview`, the documentation and the tests of letters."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from collector.domain.alerts.api_rules import (
    ApiVersionUse,
    FeatureUse,
    api_version_ending,
    api_version_superseded,
    feature_ending,
)
from collector.domain.alerts.ending_rules import (
    DeploymentEnding,
    MovedDate,
    Use,
    auto_upgrade_coming,
    date_moved,
    model_ending,
)
from collector.domain.alerts.health_rules import (
    Age,
    ScopeHealth,
    catalog_old,
    collector_partial,
    collector_stale,
    price_snapshot_old,
    role_missing,
)
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
from collector.domain.alerts.room_rules import (
    QuotaFact,
    RoomFact,
    deployment_at_limit,
    ptu_idle,
    ptu_saturated,
    quota_line,
    throttling_begun,
    time_until_full,
)
from collector.domain.alerts.rules import Finding, NotKnown, Where
from collector.domain.endings.api_versions import ApiEnding, FeatureEnding
from collector.domain.endings.callers import Callers
from collector.domain.endings.ending_types import Ending, Upgrade

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
TODAY = NOW.date()
WHERE = Where(
    subscription_id="11111111-2222-3333-4444-555555555555",
    resource_group="rg-assistants",
    account="contoso-prod",
    location="eastus2",
    deployment="chat",
    owner="ann@contoso.com",
    team="assistants",
)


def example(rule: str) -> Finding:
    """The made-up finding of a rule; KeyError for a rule that does not exist."""
    return examples()[rule]


def examples() -> Mapping[str, Finding]:
    return {finding.rule: finding for finding in (*_endings(), *_room(), *_money(), *_health())}


def deployment_ending(**changes: object) -> DeploymentEnding:
    """`contoso-prod/chat` on gpt-4o, ending in January, to be upgraded by Azure."""
    values: dict[str, object] = {
        "subject": "contoso-prod/chat",
        "name": "chat",
        "account": "contoso-prod",
        "model": "gpt-4o",
        "version": "2024-11-20",
        "sku": "GlobalStandard",
        "ending": _ending(),
        "where": WHERE,
        "use": Use(1_284_000, (("USD", Decimal("4182.37")),), date(2026, 11, 21)),
        "replacement_free_quota": "1,200,000 tokens per minute",
        "replacement_price": "1.25 USD in and 10.00 USD out for a million tokens, now 2.50 and 10.00",
    }
    return DeploymentEnding(**{**values, **changes})  # type: ignore[arg-type]  # the table above holds every field


def _ending() -> Ending:
    return Ending(
        lifecycle="legacy",
        ends_on=date(2027, 1, 14),
        ends_on_source="sku",
        firmness="listed",
        due_on=date(2027, 1, 14),
        inference_retires_on=date(2027, 1, 14),
        on_the_day="upgraded",
        why="Azure moves it to gpt-5.1 2025-11-13 (OnceCurrentVersionExpired)",
        upgrade=Upgrade("gpt-5.1", "2025-11-13", "OnceCurrentVersionExpired", date(2026, 12, 15)),
        replacement_model="gpt-5.1",
        replacement_version="2025-11-13",
        replacement_offered=True,
        days_left=53,
        standing="listed",
        read_at=NOW - timedelta(hours=1),
        read_failed_at=None,
    )


def _endings() -> list[Finding]:
    deployment = deployment_ending()
    moved = MovedDate(deployment, date(2027, 4, 14), date(2027, 1, 14), NOW - timedelta(hours=1))
    announced = ApiEnding(
        "2024-02-15-preview",
        "announced",
        date(2027, 1, 31),
        "configured",
        70,
        "2024-10-21",
        "Move to 2024-10-21 (or straight to v1).",
        ("platform policy",),
    )
    superseded = ApiEnding(
        "2025-01-01-preview",
        "superseded",
        None,
        None,
        None,
        "v1",
        "Move to v1. What changes: the address becomes /openai/v1/ without api-version.",
    )
    assistants = FeatureEnding(
        "Assistants API", date(2026, 8, 26), -88, True, "the Responses API", "Microsoft Learn"
    )
    return _found(
        model_ending(deployment, TODAY),
        auto_upgrade_coming(deployment, TODAY),
        date_moved(moved, NOW),
        api_version_ending(_api_use(announced), TODAY),
        api_version_superseded(_api_use(superseded)),
        feature_ending(
            FeatureUse(
                "contoso-prod/chat/Assistants API",
                "contoso-prod",
                "chat",
                "Create_Thread",
                assistants,
                WHERE,
                412,
                date(2026, 11, 21),
                NOW,
            ),
            TODAY,
        ),
    )


def _api_use(ending: ApiEnding) -> ApiVersionUse:
    return ApiVersionUse(
        f"contoso-prod/chat/{ending.api_version}",
        "contoso-prod",
        "chat",
        ending,
        WHERE,
        51_240,
        date(2026, 11, 21),
        Decimal("0.04"),
        Decimal("0.07"),
        Callers(2, (("10.20.30.***", 49_800), ("10.20.31.***", 1_440)), NOW - timedelta(hours=1)),
        NOW - timedelta(hours=1),
    )


def _room() -> list[Finding]:
    quota = QuotaFact(
        "11111111/eastus2/OpenAI.GlobalStandard.gpt-4o",
        "OpenAI.GlobalStandard.gpt-4o",
        "gpt-4o Global Standard",
        Decimal(30_000),
        Decimal(27_600),
        "thousand tokens per minute",
        WHERE,
        NOW - timedelta(hours=1),
        ("contoso-prod/chat", "contoso-test/eval"),
        days_to_full=24,
        days_to_full_low=17,
        days_to_full_high=41,
    )
    busy = RoomFact(
        "contoso-prod/chat",
        "chat",
        "contoso-prod",
        WHERE,
        NOW - timedelta(minutes=20),
        requests=214_300,
        throttled=15_010,
        minutes_at_limit=47,
        binding="tpm",
        peak=449_800,
        limit=450_000,
    )
    provisioned = RoomFact(
        "contoso-prod/chat-ptu",
        "chat-ptu",
        "contoso-prod",
        WHERE,
        NOW - timedelta(minutes=20),
        ptu_units=100,
        ptu_minutes_saturated=184,
        ptu_max=Decimal("1.07"),
        ptu_mean_7d=Decimal("0.06"),
        idle_cost_7d="16,800.00 USD",
    )
    return _found(
        quota_line(quota),
        time_until_full(quota, TODAY),
        deployment_at_limit(busy),
        throttling_begun(busy),
        ptu_saturated(provisioned),
        ptu_idle(provisioned),
    )


def _money() -> list[Finding]:
    budget = BudgetFact(
        "assistants",
        "Assistants",
        date(2026, 11, 1),
        "USD",
        Decimal(20_000),
        Decimal("17128.40"),
        date(2026, 11, 21),
        WHERE,
        forecast=Decimal(24_250),
        forecast_low=Decimal(22_900),
        forecast_high=Decimal(25_700),
        read_at=NOW,
    )
    return _found(
        budget_burn(budget),
        forecast_above_budget(budget),
        cost_anomaly(
            CostDay(
                "contoso-prod",
                "contoso-prod",
                date(2026, 11, 21),
                "USD",
                Decimal("1940.10"),
                Decimal("611.20"),
                WHERE,
                (("Most of it", "chat, output tokens: 1,204.00 USD"),),
                NOW,
            )
        ),
        reconciliation_unexplained(
            MonthBill(
                "contoso-prod|USD",
                "contoso-prod",
                date(2026, 10, 1),
                "USD",
                Decimal("18230.00"),
                Decimal("16410.55"),
                "Unexplained",
                WHERE,
                (("Largest difference", "gpt-4o cached input"),),
                NOW,
            )
        ),
        unpriced_usage(
            UnpricedUse(
                "gpt-6.1-sol/GlobalStandard/eastus2",
                "gpt-6.1-sol GlobalStandard in eastus2",
                date(2026, 11, 1),
                4_120_000,
                912_000_000,
                "no meter of this name in eastus2",
                WHERE,
                NOW,
            )
        ),
    )


def _health() -> list[Finding]:
    behind = ScopeHealth(
        "metrics",
        "11111111 eastus2",
        NOW - timedelta(hours=13),
        0.25,
        failures=3,
        error="429 Too Many Requests",
        where=WHERE,
    )
    refused = ScopeHealth(
        "quotas",
        "11111111 eastus2",
        None,
        24,
        failures=3,
        error="403 AuthorizationFailed",
        missing_role="Cognitive Services Usages Reader",
        grant="az role assignment create --role 'Cognitive Services Usages Reader' --scope /subscriptions/11111111",
        where=WHERE,
    )
    return _found(
        collector_stale(behind, NOW),
        collector_partial(behind, NOW),
        role_missing(refused, NOW),
        catalog_old(Age("api-versions", "The api-version catalog", date(2026, 9, 1)), TODAY),
        price_snapshot_old(Age("snapshot", "The price snapshot in use", date(2026, 8, 11)), TODAY),
    )


def _found(*findings: Finding | NotKnown | None) -> list[Finding]:
    return [finding for finding in findings if isinstance(finding, Finding)]
