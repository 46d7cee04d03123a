"""Azure: every endpoint, and per figure and subscription whether it can be had and the line that grants what it lacks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from collector.doctor.checks import Check, State
from collector.domain import access
from collector.domain.access import NEEDS, Host, Need
from collector.domain.periods import HOUR, Window
from collector.domain.types import Misconfigured, NeedsHuman, TryLater
from collector.sources import AzureSettings, open_sources
from collector.sources.probes import Probe, Probed, Verdict, probe_all

_OBJECT_ID: Final = re.compile(r"object id '([0-9a-fA-F-]{36})'")
_MISSING: Final = re.compile(r" \(missing role: [^)]*\)$")
_SILENCE: Final = re.compile(r"^no answer \((.*)\)$")

_PROBES: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts and deployments, their limits and tags": ("accounts", "deployments"),
    "dates of retirement, SKUs and meter ids of models": ("models",),
    "tokens, requests and throttles, many accounts a call": ("metrics in batches",),
    "tokens, requests and throttles, one account a call": ("metric definitions", "metrics one by one"),
    "quota lines: limit and what is taken of it": ("quotas",),
    "list prices": ("retail prices",),
    "the bill": ("bill",),
}
"""By which questions each figure of `access.NEEDS` is tried."""

_BATCH, _SINGLE = "metrics in batches", "metrics one by one"


def azure_checks(
    azure: AzureSettings, now: datetime, *, management_group: str | None = None, identity: str | None = None
) -> Iterator[Check]:
    """Every endpoint, and per figure and subscription whether it can be had and the line that grants what it lacks."""
    try:
        with open_sources(_impatient(azure)) as sources:
            probed = probe_all(sources, now)
    except Misconfigured as error:
        yield Check("Azure", "settings", "bad setting", str(error))
        return
    granting = _Granting(azure, management_group, identity or _identity(probed))
    (prices, listed) = probed.shared
    yield Check(
        "Azure",
        "subscriptions",
        "works" if listed.works else "missing",
        _told(listed),
        granting.lines(listed, None, None),
    )
    for need in NEEDS:
        if need.role is None:
            yield _figure(need, (prices,), None, granting)
            continue
        if not probed.subscriptions:
            yield _unasked(need, "no subscription can be read", granting)
        for subscription, probes in probed.subscriptions.items():
            yield _figure(need, probes, subscription, granting)


def caller_checks(azure: AzureSettings, workspaces: Sequence[str], now: datetime) -> Iterator[Check]:
    """Each configured workspace, asked for the last hour; nothing where none is configured."""
    if not workspaces:
        return
    with open_sources(_impatient(azure)) as sources:
        for workspace in workspaces:
            what = f"request logs of workspace {workspace}"
            try:
                heard = sources.callers.callers(workspace, Window(now - HOUR, now), "count")
            except (NeedsHuman, TryLater) as error:
                grant = error.grant if isinstance(error, NeedsHuman) else None
                yield Check("Azure", what, "missing", str(error), (grant,) if grant else ())
            else:
                found = f"{len(heard)} api-versions of deployments in the last hour"
                yield Check("Azure", what, "works", found)


def readable_subscriptions(azure: AzureSettings) -> list[str]:
    """The subscriptions that the identity can list; none where it cannot."""
    try:
        with open_sources(_impatient(azure)) as sources:
            return [one.subscription_id for one in sources.inventory.subscriptions()]
    except Misconfigured:
        raise
    except (NeedsHuman, TryLater):
        return []


def _impatient(azure: AzureSettings) -> AzureSettings:
    """Somebody waits: a silent host is silent at once, and no failure hides the next one."""
    return replace(
        azure,
        retries=min(azure.retries, 1),
        connect_timeout_seconds=min(azure.connect_timeout_seconds, 5.0),
        read_timeout_seconds=min(azure.read_timeout_seconds, 30.0),
        failures_to_open=1_000_000,
    )


def role_definition(scopes: Sequence[str]) -> str:
    return access.custom_role(scopes or [access.subscription_scope("<subscription-id>")])


def _unasked(need: Need, why: str, granting: "_Granting") -> Check:
    return Check("figures", need.figure, "not asked", why, need=need, hosts=granting.hosts(need))


def _figure(need: Need, probes: Sequence[Probe], subscription: str | None, granting: "_Granting") -> Check:
    mine = [one for one in probes if one.name in _PROBES[need.figure]]
    wrong = next((one for one in mine if not one.works), None)
    state: State = "works"
    found = "; ".join(_told(one) for one in mine)
    if not mine:
        seen = next((one for one in probes if one.name == "accounts"), None)
        state, found = (
            ("works", "no accounts there yet")
            if seen and seen.works
            else ("not asked", "its accounts could not be read")
        )
    elif wrong is not None:
        spare = wrong.name == _BATCH and any(one.name == _SINGLE and one.works for one in probes)
        state, found = "second way" if spare else "missing", _told(wrong)
    return Check(
        "figures",
        need.figure,
        state,
        found,
        () if wrong is None else granting.lines(wrong, need, subscription),
        subscription,
        need,
        granting.hosts(need),
    )


def _told(one: Probe) -> str:
    """What was asked is said beside it already; what Azure said is not."""
    if one.works:
        return one.detail
    said = _MISSING.sub("", one.detail.partition(": ")[2] or one.detail)
    said = _SILENCE.sub(r"\1", said)
    return f"{one.verdict} ({said})"


def _identity(probed: Probed) -> str | None:
    """A refusal often names whom it refused."""
    every = [one for probes in (probed.shared, *probed.subscriptions.values()) for one in probes]
    return next((found[1] for one in every if (found := _OBJECT_ID.search(one.detail))), None)


@dataclass(frozen=True, slots=True)
class _Granting:
    """The lines that mend what one probe met."""

    azure: AzureSettings
    management_group: str | None
    identity: str | None

    def lines(self, one: Probe, need: Need | None, subscription: str | None) -> tuple[str, ...]:
        if one.works:
            return ()
        if one.name == "bill" and self.azure.bill_exports and one.verdict == "fails":
            return (_EXPORTED.format(folder=self.azure.bill_exports),)
        if one.verdict == "missing role":
            return (self._role(one, need, subscription or "<subscription-id>"),)
        return (_MENDED[one.verdict].format(host=_host(one.target, self.azure)),)

    def _role(self, one: Probe, need: Need | None, subscription: str) -> str:
        if "not registered" in one.detail and need and need.provider:
            return access.registration_line(need.provider, subscription)
        role = need.role if need and need.role else access.Role.READER
        group = self.management_group
        scope = access.management_group_scope(group) if group else access.subscription_scope(subscription)
        return access.assignment_line(role, scope, self.identity or "<principal-id>")

    def hosts(self, need: Need) -> tuple[str, ...]:
        """Host and port of each address that the figure is asked at, as configured."""
        at = self.azure.endpoints
        addresses = {
            Host.LOGIN: f"https://{at.authority}",
            Host.ARM: at.arm,
            Host.METRICS: at.metrics,
            Host.PRICES: at.prices,
        }
        wanted = [host for host in need.hosts if host is not Host.LOGIN or self.azure.auth != "none"]
        return tuple(_address(addresses[host]) for host in wanted)


_EXPORTED: Final = (
    "aoai-monitor doctor   # again once AOAI_BILLS_EXPORTS={folder} holds exports that this identity may read (Storage Blob "
    "Data Reader on their container)"
)
_MENDED: Final[Mapping[Verdict, str]] = {
    "no identity": "az login   # or give the machine a managed identity, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and a secret",
    "wrong tenant": "az login --tenant <the subscription's tenant>   # or set AZURE_TENANT_ID to it, with an identity of that tenant",
    "no such name": "ask for a DNS record of {host}, or name another address (AOAI_ARM_ENDPOINT, AOAI_METRICS_ENDPOINT, AOAI_PRICES_ENDPOINT)",
    "timeout": "let this machine reach {host}, or set HTTPS_PROXY",
    "no answer": "let this machine reach {host}, or set HTTPS_PROXY",
    "proxy": "let the proxy pass {host} on, or add it to NO_PROXY",
    "certificate": "export REQUESTS_CA_BUNDLE=/path/to/company-roots.pem   # for {host}",
    "fails": "aoai-monitor doctor   # again later: {host} answered, and not as Azure promises",
}


def _host(target: str, azure: AzureSettings) -> str:
    return _address(target if "://" in target else azure.endpoints.arm)


def _address(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or (80 if parts.scheme == "http" else access.HTTPS)
    return f"{parts.hostname}:{port}"
