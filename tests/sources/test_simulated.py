"""Our sources against the pretend Azure: what they read is what really happened there, to the token."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from collector.domain.periods import Window
from collector.domain.types import Account, MetricGroup, NeedsHuman, TryLater
from collector.domain.usage import metric_groups
from collector.domain.usage.metric_groups import REQUESTS, TOKENS
from collector.ports import MetricAnswer, MetricQuestion
from collector.simulator.faults import Fault
from collector.simulator.server import Simulator
from collector.simulator.truth import truth_of
from collector.simulator.world import World
from collector.sources import AzureSettings, AzureSources, open_sources

NOW = datetime(2026, 11, 22, 12, 3, tzinfo=UTC)
WINDOW = Window(datetime(2026, 11, 19, 8, tzinfo=UTC), datetime(2026, 11, 19, 14, tzinfo=UTC))


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(World(seed=5, days=30, now=NOW)) as running:
        yield running


def settings(simulator: Simulator, **changes: object) -> AzureSettings:
    given: dict[str, object] = {
        "auth": "none",
        "arm_endpoint": simulator.url,
        "metrics_endpoint": simulator.url,
        "logs_endpoint": simulator.url,
        "prices_endpoint": simulator.url,
        "backoff_seconds": 0.001,
        "longest_wait_seconds": 0.01,
        "retries": 2,
    }
    return AzureSettings(**given | changes)  # pyright: ignore[reportArgumentType]  # each of its field's type


@pytest.fixture
def sources(simulator: Simulator) -> Iterator[AzureSources]:
    with open_sources(settings(simulator)) as opened:
        yield opened


def accounts_of(sources: AzureSources) -> list[Account]:
    return [
        account
        for subscription in sources.inventory.subscriptions()
        for account in sources.inventory.accounts(subscription.subscription_id)
    ]


def read(
    sources: AzureSources,
    accounts: Sequence[Account],
    group: MetricGroup,
    window: Window = WINDOW,
    grain_minutes: int = 1,
) -> list[MetricAnswer]:
    places: dict[tuple[str, str], list[Account]] = {}
    for account in accounts:
        places.setdefault((account.subscription_id, account.location), []).append(account)
    return [
        answer
        for (subscription, location), members in places.items()
        for answer in sources.metrics.read(
            MetricQuestion(subscription, location, tuple(members), group, window, grain_minutes)
        )
    ]


def totals(answers: Sequence[MetricAnswer]) -> dict[tuple[object, str], dict[str, int]]:
    """Sums of each deployment by metric, or by metric and status."""
    found: dict[tuple[object, str], dict[str, int]] = {}
    for answer in answers:
        for one in answer.series:
            name = one.dimensions["modeldeploymentname"].casefold()
            word = f"{one.metric} {one.dimensions.get('statuscode', '')}".strip()
            sums = found.setdefault((one.account_key, name), {})
            sums[word] = sums.get(word, 0) + int(np.nansum(one.values))
    return found


def test_tokens_and_requests_are_the_worlds_own_to_the_token(
    simulator: Simulator, sources: AzureSources
) -> None:
    accounts = accounts_of(sources)
    keys = {account.arm_id.lower(): account.key for account in accounts}
    tokens, requests = totals(read(sources, accounts, TOKENS)), totals(read(sources, accounts, REQUESTS))
    compared = 0
    for true in truth_of(simulator.world).usage(WINDOW.start, WINDOW.end):
        if true.account.lower() not in keys or not true.requests:
            continue
        place = (keys[true.account.lower()], true.deployment.casefold())
        read_tokens, read_requests = tokens.get(place, {}), requests.get(place, {})
        # One family may be unpublished and answer nothing or zeros; the filled one is the truth.
        assert true.prompt == max(
            read_tokens.get("ProcessedPromptTokens", 0), read_tokens.get("InputTokens", 0)
        )
        assert true.completion == max(
            read_tokens.get("GeneratedTokens", 0), read_tokens.get("OutputTokens", 0)
        )
        for status, count in (
            ("200", true.ok),
            ("429", true.throttled + true.spilled),
            ("500", true.server_errors),
        ):
            families = (read_requests.get(f"{family} {status}", 0) for family in REQUESTS.metrics)
            assert count == max(families)
        compared += 1
    assert compared > 20


@pytest.mark.parametrize("group", metric_groups.ALL, ids=lambda group: group.name)
def test_every_group_is_answered_for_every_account_by_batch_and_one_by_one(
    simulator: Simulator, sources: AzureSources, group: MetricGroup
) -> None:
    day = Window(datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))
    grain = 1440 if group in metric_groups.DAILY else 60
    accounts = accounts_of(sources)[:4]
    narrowed = {
        account.key: metric_groups.narrowed(group, sources.metrics.published(account)) for account in accounts
    }
    asked = [(account, mine) for account in accounts if (mine := narrowed[account.key])]
    with open_sources(settings(simulator, metrics_endpoint="http://127.0.0.1:9")) as single:
        for account, mine in asked:
            (batch,) = read(sources, [account], mine, day, grain)
            (alone,) = read(single, [account], mine, day, grain)
            assert (account.key,) == batch.accounts == alone.accounts
            assert {} == {**batch.failed, **batch.absent, **alone.failed, **alone.absent}
            assert totals([batch]) == totals([alone])


@pytest.mark.parametrize("top", [5, 9, 20])
def test_a_small_top_changes_nothing_in_what_is_read(simulator: Simulator, top: int) -> None:
    hour = Window(WINDOW.start, WINDOW.start + timedelta(hours=1))
    with open_sources(settings(simulator)) as sources:
        accounts = accounts_of(sources)
        whole = totals(read(sources, accounts, REQUESTS, hour))
    with open_sources(settings(simulator, top=top)) as sources:
        answers = read(sources, accounts, REQUESTS, hour)
        failed = {key for answer in answers for key in answer.failed}
        again = totals(answers)
    # More deployments than `top` can name is a failure that is told, never a shorter answer.
    assert {place: sums for place, sums in whole.items() if place[0] not in failed} == again
    assert len(failed) < len(accounts)


WEATHER = [
    Fault("getBatch", kind="garbage"),
    Fault("getBatch", kind="metric_throttled", metrics=("InputTokens",)),
    Fault("getBatch", kind="malformed"),
    Fault("getBatch", kind="cut"),
    Fault("getBatch", kind="html"),
    Fault("getBatch", kind="null"),
    Fault("getBatch", kind="reset", times=2),
    Fault("getBatch", kind="throttle", status=429, retry_after="soon"),
    Fault("getBatch", status=403),
    Fault("getBatch|Insights/metrics", kind="garbage", times=None),
    Fault("getBatch|Insights/metrics", status=529, times=None),
]


@pytest.mark.parametrize(
    "fault", WEATHER, ids=lambda fault: f"{fault.kind} {fault.status} times {fault.times}"
)
def test_whatever_the_weather_nothing_wrong_is_given_out(simulator: Simulator, fault: Fault) -> None:
    hour = Window(WINDOW.start, WINDOW.start + timedelta(hours=1))
    with open_sources(settings(simulator)) as sources:
        accounts = [account for account in accounts_of(sources) if account.location == "eastus2"]
        true = totals(read(sources, accounts, TOKENS, hour))
        simulator.weather.set([replace(fault)])
        try:
            answers = read(sources, accounts, TOKENS, hour)
        except (TryLater, NeedsHuman):
            answers = []
        finally:
            simulator.weather.set([])
        answered = {key for answer in answers for key in answer.accounts}
        assert {place: sums for place, sums in true.items() if place[0] in answered} == totals(answers)
        assert bool(answered) is (fault.times is not None)
        # The next run mends it.
        assert true == totals(read(sources, accounts, TOKENS, hour))


def test_usage_names_of_deployments_find_their_quota_line(sources: AzureSources) -> None:
    for subscription in sources.inventory.subscriptions():
        for account in sources.inventory.accounts(subscription.subscription_id)[:2]:
            where = (subscription.subscription_id, account.location)
            lines = {line.usage_name for line in sources.quotas.quotas(*where)}
            offers = {
                (one.model, one.version, one.sku, one.fine_tuned): one.usage_name
                for one in sources.models.models(*where)
            }
            for one in sources.inventory.deployments(account):
                key = (one.base_model or one.model, one.base_version or one.version or "", one.sku)
                names = {offers.get((*key, tuned)) for tuned in (False, True)} - {None}
                assert not names or names & lines


def test_the_bill_is_whole_and_every_line_has_its_meter(simulator: Simulator, sources: AzureSources) -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 18)
    for subscription in simulator.world.subscriptions:
        (read,) = sources.bills.read(subscription.id, first, last)
        lines = read.lines
        expected = {"ActualCost": Decimal(0), "AmortizedCost": Decimal(0)}
        for kind in expected:
            day = first
            while day <= last:
                for one in simulator.routes.bills.lines(subscription, day, kind):
                    if "storage" not in one.dimensions["ResourceId"]:
                        expected[kind] += one.cost
                day += timedelta(days=1)
        assert float(expected["ActualCost"]) == pytest.approx(float(sum(one.actual or 0 for one in lines)))
        assert float(expected["AmortizedCost"]) == pytest.approx(
            float(sum(one.amortised or 0 for one in lines))
        )
        assert set() == {one.meter_id for one in lines if one.meter is None}
        assert (
            {subscription.currency}
            == {one.currency for one in lines}
            == {sources.bills.billing_currency(subscription.id)}
        )


def test_the_price_feed_is_read_to_its_last_page(simulator: Simulator, sources: AzureSources) -> None:
    pages = list(sources.prices.prices("EUR"))
    rows = [row for page in pages for row in page]
    assert len(pages) > 1
    products = {str(row["productName"]) for row in rows}
    assert all(name.startswith("Azure OpenAI") or "Provisioned Throughput" in name for name in products)
    assert any("Reservation" in name for name in products)


def test_the_real_credential_chain_runs_against_the_simulators_identity(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{simulator.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "any")
    with open_sources(settings(simulator, auth="default")) as sources:
        assert len(simulator.world.subscriptions) == len(sources.inventory.subscriptions())
