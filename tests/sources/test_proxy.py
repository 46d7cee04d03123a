"""Behind a company's proxy, with certificates that only the company trusts: every client of ours finds its way."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from starlette.requests import Request

from collector import cli
from collector.delivery.mail import Mail, smtp_server
from collector.delivery.webhook import Webhook, WebhookSender
from collector.simulator.server import Simulator
from collector.simulator.world import World
from collector.sources import AzureSettings, open_sources
from collector.sources.probes import Probe, probe
from dashboard.login.provider import Provider
from tests.delivery.letters import a_letter
from tests.delivery.servers import Postbox, Receiver, mail_server, receiving
from tests.sources.firewall import PrivateRoots, Proxy, a_proxy, an_entra, private_roots, tls_before

NOW = datetime(2026, 11, 22, 12, 3, tzinfo=UTC)
LOGIN, ARM, METRICS, PRICES, HOOKS = (
    "login.microsoftonline.com",
    "arm.azure.test",
    "metrics.azure.test",
    "prices.azure.test",
    "hooks.partner.test",
)


@dataclass(frozen=True, slots=True)
class Company:
    proxy: Proxy
    roots: PrivateRoots

    def settings(self) -> AzureSettings:
        return AzureSettings(
            arm_endpoint=f"https://{ARM}",
            metrics_endpoint=f"https://{{region}}.{METRICS}",
            prices_endpoint=f"https://{PRICES}",
            retries=0,
            backoff_seconds=0.001,
        )

    def hosts(self) -> set[str]:
        return set(self.proxy.asked)


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """Nothing but the proxy is reachable by name: `.test` names resolve nowhere."""
    with ExitStack() as opened:
        world = World(seed=5, days=1, subscriptions=1, accounts=2, deployments=4, now=NOW)
        azure = opened.enter_context(Simulator(world, page_size=10_000))
        roots = private_roots(tmp_path, LOGIN, ARM, f"*.{METRICS}", PRICES, HOOKS)
        front = opened.enter_context(tls_before(("127.0.0.1", int(azure.url.rpartition(":")[2])), roots))
        entra = opened.enter_context(tls_before(opened.enter_context(an_entra()), roots))
        proxy = opened.enter_context(a_proxy({LOGIN: entra, ARM: front, METRICS: front, PRICES: front}))
        for name in (
            "HTTP_PROXY",
            "http_proxy",
            "https_proxy",
            "no_proxy",
            "NO_PROXY",
            "ALL_PROXY",
            "all_proxy",
        ):
            monkeypatch.delenv(name, raising=False)
        for name, value in {
            "HTTPS_PROXY": proxy.url,
            "REQUESTS_CA_BUNDLE": str(roots.bundle),
            "AZURE_TENANT_ID": "tenant",
            "AZURE_CLIENT_ID": "client",
            "AZURE_CLIENT_SECRET": "secret",
        }.items():
            monkeypatch.setenv(name, value)
        yield Company(proxy, roots)


def probes(company: Company) -> dict[str, Probe]:
    with open_sources(company.settings()) as sources:
        return {one.name: one for one in probe(sources, NOW)}


def test_every_question_goes_through_the_proxy_and_trusts_the_company_s_roots(company: Company) -> None:
    found = probes(company)

    assert {} == {name: one.detail for name, one in found.items() if not one.works}
    assert "bill" in found
    assert {f"{LOGIN}:443", f"{ARM}:443", f"{PRICES}:443"} <= company.hosts()
    assert any(host.endswith(f".{METRICS}:443") for host in company.hosts())


def test_without_the_company_s_roots_the_certificate_is_named(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")

    one = probes(company)["retail prices"]

    assert ("certificate", True) == (one.verdict, "REQUESTS_CA_BUNDLE" in one.detail)


def test_a_proxy_that_refuses_is_named(company: Company) -> None:
    company.proxy.refuses = True

    assert "proxy" == probes(company)["retail prices"].verdict


def test_a_proxy_that_is_down_is_named(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    assert "proxy" == probes(company)["retail prices"].verdict


def test_what_no_proxy_names_goes_straight_and_the_rest_does_not(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", PRICES)

    found = probes(company)

    assert ("no such name", True) == (found["retail prices"].verdict, found["accounts"].works)
    assert f"{PRICES}:443" not in company.hosts()


def test_a_whole_collection_goes_through_the_proxy(
    company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = company.settings()
    monkeypatch.setenv("AOAI_ARM_ENDPOINT", str(settings.arm_endpoint))
    monkeypatch.setenv("AOAI_METRICS_ENDPOINT", str(settings.metrics_endpoint))
    monkeypatch.setenv("AOAI_PRICES_ENDPOINT", str(settings.prices_endpoint))
    monkeypatch.setenv("AOAI_COLLECT_BACKFILL_DAYS", "1")
    run = CliRunner()
    assert 0 == run.invoke(cli.main, ["db", "upgrade"]).exit_code

    result = run.invoke(cli.main, ["collect"], obj=lambda: NOW)

    assert 0 == result.exit_code, result.output
    assert all(f"{job}: ok" in result.output for job in ("inventory", "metrics", "prices", "bills"))


def test_mail_needs_no_proxy_and_asks_none(company: Company) -> None:
    postbox = Postbox()
    with mail_server(postbox) as port:
        Mail(smtp_server(f"smtp://127.0.0.1:{port}")).check()

    assert [] == company.proxy.asked


def test_a_webhook_goes_through_the_proxy_and_trusts_the_company_s_roots(company: Company) -> None:
    receiver = Receiver()
    with (
        receiving(receiver) as url,
        tls_before(("127.0.0.1", urlsplit(url).port or 0), company.roots) as place,
    ):
        company.proxy.places = {HOOKS: place}
        WebhookSender(Webhook(f"https://{HOOKS}/hook"), lambda: NOW).send(a_letter())

    assert ([f"{HOOKS}:443"], 1) == (company.proxy.asked, len(receiver.came))


def test_signing_in_to_the_dashboard_goes_through_the_proxy_too(company: Company) -> None:
    issuer = f"https://{LOGIN}/tenant/v2.0"
    request = Request(
        {"type": "http", "method": "GET", "path": "/login", "headers": [], "query_string": b"", "session": {}}
    )

    sent = asyncio.run(
        Provider(issuer, "client", "secret").sign_in(request, "https://monitor.example.com/back")
    )

    assert (302, True) == (sent.status_code, sent.headers["location"].startswith(f"https://{LOGIN}/tenant/"))
    assert {f"{LOGIN}:443"} == company.hosts()
