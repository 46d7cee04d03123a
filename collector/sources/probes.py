"""What works and what does not, one small call at a time: for `doctor`, which tells what to grant."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import requests
from azure.core.exceptions import (
    ClientAuthenticationError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)

from collector.domain.periods import HOUR, Window, floor_hour
from collector.domain.types import Account, NeedsHuman, TryLater
from collector.domain.usage.metric_groups import TOKENS
from collector.sources import AzureSources
from collector.sources.errors import WEB_PAGE, has_cause
from collector.sources.failures import OtherTenant, Refused, Unreachable, Untrusted, WebPage
from collector.sources.metrics.batch import Batch
from collector.sources.metrics.call import Call, Failed, Outcomes
from collector.sources.metrics.single import Single

Verdict: TypeAlias = Literal[
    "works",
    "missing role",
    "no identity",
    "wrong tenant",
    "no such name",
    "timeout",
    "proxy",
    "certificate",
    "no answer",
    "fails",
]


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that the collector needs: whether it works, in which way not, and the command that mends it."""

    name: str
    target: str
    verdict: Verdict
    detail: str = ""
    grant: str | None = None
    milliseconds: int = 0

    @property
    def works(self) -> bool:
        return self.verdict == "works"


def probe(sources: AzureSources, now: datetime) -> Iterator[Probe]:
    """Every endpoint and role, in the order in which they depend on each other."""
    endpoints = sources.connection.endpoints
    yield _tried("retail prices", endpoints.prices, lambda: _first_page(sources))
    found: list[str] = []
    yield _tried("subscriptions", endpoints.arm, lambda: _subscriptions(sources, found))
    for subscription in found:
        yield from probe_subscription(sources, subscription, now)


@dataclass(frozen=True, slots=True)
class Probed:
    """What concerns everybody, and what each subscription says; in the order in which it was asked."""

    shared: tuple[Probe, ...]
    subscriptions: Mapping[str, tuple[Probe, ...]]


def probe_all(sources: AzureSources, now: datetime, threads: int = 8) -> Probed:
    """The same questions, of several subscriptions at once."""
    endpoints = sources.connection.endpoints
    found: list[str] = []
    shared = (
        _tried("retail prices", endpoints.prices, lambda: _first_page(sources)),
        _tried("subscriptions", endpoints.arm, lambda: _subscriptions(sources, found)),
    )
    with ThreadPoolExecutor(max_workers=threads) as pool:
        answers = pool.map(lambda one: tuple(probe_subscription(sources, one, now)), found)
        return Probed(shared, dict(zip(found, answers, strict=True)))


def probe_subscription(sources: AzureSources, subscription: str, now: datetime) -> Iterator[Probe]:
    """The roles on one subscription: accounts, deployments, quotas, models, metrics by both ways, the bill."""
    accounts: list[Account] = []
    target = f"/subscriptions/{subscription}"
    yield _tried("accounts", target, lambda: _accounts(sources, subscription, accounts))
    yield _tried("bill", target, lambda: sources.bills.billing_currency(subscription) or "no rows yet")
    if not accounts:
        return
    one, azure, top = accounts[0], sources.connection, sources.connection.settings.top
    yield _tried("deployments", one.arm_id, lambda: f"{len(sources.inventory.deployments(one))} deployments")
    yield _tried("quotas", target, lambda: f"{len(sources.quotas.quotas(subscription, one.location))} lines")
    yield _tried("models", target, lambda: f"{len(sources.models.models(subscription, one.location))} offers")
    yield _tried("metric definitions", one.arm_id, lambda: f"{len(sources.metrics.published(one))} metrics")
    # Each region has a host of its own, and a firewall may let out to one and not to another.
    for account in {account.location: account for account in reversed(accounts)}.values():
        host, call = azure.endpoints.metrics_at(account.location), _small_call(account, now)
        yield _tried(
            "metrics in batches",
            host,
            lambda call=call: _told(Batch(azure, top, threading.Lock()).outcomes(call)),
        )
    call = _small_call(one, now)
    yield _tried(
        "metrics one by one", one.arm_id, lambda: _told(Single(azure, top, threading.Lock()).outcomes(call))
    )


def _tried(name: str, target: str, ask: Callable[[], str]) -> Probe:
    began = time.monotonic()
    try:
        verdict, detail, grant = "works", ask(), None
    except (TryLater, NeedsHuman) as error:
        verdict, detail, grant = _verdict(error), str(error), getattr(error, "grant", None)
    return Probe(name, target, verdict, detail, grant, round(1000 * (time.monotonic() - began)))


def _verdict(error: TryLater | NeedsHuman) -> Verdict:
    if (
        isinstance(error, WebPage)
        or WEB_PAGE in str(error)
        or has_cause(error, requests.exceptions.ProxyError)
    ):
        return "proxy"
    if isinstance(error, OtherTenant):
        return "wrong tenant"
    if isinstance(error, Refused):
        return "missing role"
    if isinstance(error, Untrusted):
        return "certificate"
    if has_cause(error, socket.gaierror):
        return "no such name"
    timeouts = (requests.exceptions.Timeout, ServiceRequestTimeoutError, ServiceResponseTimeoutError)
    if any(has_cause(error, kind) for kind in timeouts):
        return "timeout"
    if has_cause(error, ClientAuthenticationError):
        return "no identity"
    return "no answer" if isinstance(error, Unreachable) else "fails"


def _first_page(sources: AzureSources) -> str:
    return f"{len(next(iter(sources.prices.prices('USD')), ()))} rows on the first page"


def _subscriptions(sources: AzureSources, found: list[str]) -> str:
    found.extend(one.subscription_id for one in sources.inventory.subscriptions())
    return f"{len(found)} subscriptions"


def _accounts(sources: AzureSources, subscription: str, found: list[Account]) -> str:
    found.extend(sources.inventory.accounts(subscription))
    return f"{len(found)} accounts"


def _small_call(account: Account, now: datetime) -> Call:
    """An hour of token metrics of one account."""
    end = floor_hour(now.astimezone(UTC))
    return Call(
        account.subscription_id,
        account.location,
        (account,),
        TOKENS.metrics,
        TOKENS.dimensions,
        TOKENS.aggregations,
        Window(end - HOUR, end),
        60,
    )


def _told(outcomes: Outcomes) -> str:
    (outcome,) = outcomes.values()
    if isinstance(outcome, Failed):
        raise TryLater(outcome.reason)
    return f"{len(outcome.series)} series"
