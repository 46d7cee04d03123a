"""Recommendations as a table, and one of them with everything that is needed to act on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from collector.domain.advice.types import Recommendation
from dashboard.tables import Column, Table, table
from dashboard.words import room as words


@dataclass(frozen=True, slots=True)
class Detail:
    """`about` is the ARM id of the deployment, `commands` change it, `request` is what Azure's form asks for; every text may hold a name from Azure."""

    label: str
    key: str
    name: str
    about: str
    summary: str
    residency: str | None
    commands: tuple[str, ...]
    evidence: tuple[tuple[str, str], ...]
    assumption: str
    request: str | None


@dataclass(frozen=True, slots=True)
class AdviceView:
    table: Table
    details: tuple[Detail, ...]
    urgent: int


def advice_view(found: Sequence[Recommendation], accounts: Mapping[UUID, str]) -> AdviceView:
    return AdviceView(
        table=table(
            "advice",
            (
                Column("rank", "#", "count", width=50),
                Column("summary", "Recommendation", width=450),
                Column("why", "Why now"),
                Column("effect_tpm", "Effect, TPM", "tokens", words.EFFECT_COLUMN),
                Column("saves", "Saves a month", "money", words.SAVES_COLUMN),
                Column("currency", "Currency"),
                Column("account", "Account"),
                Column("kind", "What"),
                Column("residency", "Residency", width="large"),
                Column("assumption", "Supposes", width="large"),
                Column("command", "Command", screen=False),
            ),
            [
                {
                    "key": str(place),
                    "rank": place,
                    "why": words.URGENCIES[one.urgency],
                    "kind": words.KINDS[one.kind],
                    "summary": one.summary,
                    "effect_tpm": one.effect_tpm,
                    "saves": one.saves.amount if one.saves is not None and one.saves.amount else None,
                    "currency": one.saves.currency if one.saves is not None and one.saves.amount else None,
                    "account": accounts[one.account_key].rsplit("/", 1)[-1]
                    if one.account_key in accounts
                    else None,
                    "residency": one.residency,
                    "assumption": one.assumption,
                    "command": "; ".join(change.command for change in one.changes if change.command),
                }
                for place, one in enumerate(found, start=1)
            ],
        ),
        details=tuple(
            _detail(place, one, accounts.get(one.account_key, "")) for place, one in enumerate(found, start=1)
        ),
        urgent=sum(one.urgency == 0 for one in found),
    )


def _detail(place: int, one: Recommendation, account: str) -> Detail:
    return Detail(
        label=f"{place}. {words.KINDS[one.kind]} · {one.deployment}",
        key=str(place),
        name=one.deployment,
        about=f"{account}/deployments/{one.deployment.casefold()}",
        summary=one.summary,
        residency=one.residency,
        commands=tuple(change.command for change in one.changes if change.command),
        evidence=tuple((item.name, item.value) for item in one.evidence),
        assumption=one.assumption,
        request=_request(one),
    )


def _request(one: Recommendation) -> str | None:
    asked = one.request
    if asked is None:
        return None
    tpm = "unknown" if asked.requested_tpm is None else f"{asked.requested_tpm:,}"
    limit = "unknown" if asked.current_limit_units is None else f"{asked.current_limit_units:,}"
    return "\n".join(
        (
            f"Subscription: {asked.subscription_id}",
            f"Region: {asked.location}",
            f"Model: {asked.model} {asked.version or ''}".rstrip(),
            f"Deployment type: {asked.sku}",
            f"Quota line: {asked.usage_name or 'unknown'}",
            f"Present limit, units: {limit}",
            f"Requested limit, units: {asked.requested_limit_units:,}",
            f"Requested tokens a minute: {tpm}",
            f"Justification: {asked.justification}",
        )
    )
