"""A price and how it was found, as the JSON objects that people and scripts read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

from collector.domain.pricing.ladder import PriceBook
from collector.domain.pricing.meters import MeterMeaning, Refused, parse_meter
from collector.domain.pricing.questions import Ambiguous, Answer, Priced, PriceQuestion, Unpriced
from collector.domain.pricing.rows import PriceRow, Rejected
from collector.domain.pricing.skus import sku_terms
from collector.domain.pricing.words import KINDS


def decimal_text(number: Decimal) -> str:
    """Plain digits, no exponent, no trailing zeros: 0.0000025."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def instant_text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def answer_object(answer: Answer) -> dict[str, Any]:
    """The contract of `prices explain --json`: every key is always there, null where unknown."""
    priced = answer if isinstance(answer, Priced) else None
    return {
        "status": status_of(answer),
        "unit_price": decimal_text(priced.unit_price) if priced else None,
        "per": priced.per if priced else None,
        "currency": priced.currency if priced else None,
        "step": priced.step if priced else None,
        "meter_id": priced.meter_id if priced else None,
        "meter_name": priced.meter_name if priced else None,
        "effective_from": instant_text(priced.effective_from) if priced else None,
        "captured_at": instant_text(priced.captured_at) if priced else None,
        "billed_as": priced.billed_as if priced else None,
        "why": answer.why if isinstance(answer, (Unpriced, Ambiguous)) else None,
        "considered": [{"meter_name": one.meter_name, "why_not": one.why_not} for one in answer.considered],
    }


def status_of(answer: Answer) -> str:
    return {Priced: "priced", Unpriced: "unpriced", Ambiguous: "ambiguous"}[type(answer)]


def explain(book: PriceBook, asked: PriceQuestion) -> dict[str, Any]:
    """One price with its question beside it."""
    return {
        "model": asked.model,
        "version": asked.version,
        "sku": asked.sku,
        "location": asked.location,
        "kind": asked.kind,
        "tier": asked.tier,
        "context": asked.context,
        "fine_tuned": asked.fine_tuned,
        "on": asked.on.isoformat(),
        **answer_object(book.price_at(asked)),
    }


def explain_kinds(book: PriceBook, asked: PriceQuestion) -> list[dict[str, Any]]:
    """One price per kind that the deployment can be billed for: what is priced or disputed, and what it must have."""
    terms = sku_terms(asked.sku)
    needed = {"ptu_hour"} if terms is not None and terms.provisioned else {"input", "output"}
    found = [explain(book, replace(asked, kind=kind)) for kind in KINDS]
    tools = {"session", "storage_gb_day", "tool_call"}
    shown = [one for one in found if one["status"] != "unpriced" and one["kind"] not in tools]
    return shown or [one for one in found if one["kind"] in needed]


class BadQuestion(ValueError):
    """A line that is no question; the text names the key and what would be right."""


def question_of(fields: Mapping[str, Any], today: date, currency: str = "USD") -> tuple[PriceQuestion, bool]:
    """The question of one JSON object, and whether it named a kind."""
    kind = _text(fields, "kind") or ""
    sku = _needed(fields, "sku")
    terms = sku_terms(sku)
    fine_tuned = fields.get("fine_tuned")
    if fine_tuned is not None and not isinstance(fine_tuned, bool):
        raise BadQuestion(f"fine_tuned={fine_tuned!r}: expected true or false")
    asked = PriceQuestion(
        model=_needed(fields, "model"),
        version=_text(fields, "version"),
        sku=sku,
        location=_needed(fields, "location"),
        kind=kind or "input",
        on=_day(fields.get("on"), today),
        tier=_text(fields, "tier") or (terms.tier if terms else "standard"),
        context=_text(fields, "context") or "short",
        fine_tuned=bool(fine_tuned),
        currency=(_text(fields, "currency") or currency).upper(),
        term=_text(fields, "term") or "",
    )
    problem = asked.problem()
    if problem:
        raise BadQuestion(problem)
    return asked, bool(kind)


def explain_lines(
    book: PriceBook, lines: Iterable[str], today: date, currency: str = "USD"
) -> Iterator[dict[str, Any]]:
    """JSON lines in, one object per question out, in their order; a line without a kind gives one per kind.

    A line that is no question is answered as unpriced with the reason, so that no answer slips to another line.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            if not isinstance(fields, dict):
                raise BadQuestion(f"expected an object, not {type(fields).__name__}")
            asked, has_kind = question_of(cast("dict[str, Any]", fields), today, currency)
        except ValueError as error:
            yield answer_object(Unpriced(f"line {number}: {error}"))
            continue
        if has_kind:
            yield explain(book, asked)
        else:
            yield from explain_kinds(book, asked)


def _text(fields: Mapping[str, Any], key: str) -> str | None:
    value = fields.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadQuestion(f"{key}={value!r}: expected a text")
    return value.strip()


def _needed(fields: Mapping[str, Any], key: str) -> str:
    value = _text(fields, key)
    if value is None:
        raise BadQuestion(f"{key} is missing")
    return value


def _day(value: object, today: date) -> date:
    if value is None or value == "":
        return today
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise BadQuestion(f"on={value!r}: expected a day such as 2026-01-31") from error


@dataclass(frozen=True, slots=True)
class MeterAudit:
    """How many distinct Azure OpenAI meters were understood, and every one that was not."""

    understood: int
    refused: tuple[tuple[str, str, str], ...]  # product, meter name, reason

    @property
    def share(self) -> float | None:
        total = self.understood + len(self.refused)
        return self.understood / total if total else None


def audit_meters(rows: Iterable[PriceRow], rejected: Iterable[Rejected] = ()) -> MeterAudit:
    """Every meter of the captures that is ours: understood or refused, with the reason."""
    names = {(row.product, row.meter_name, row.unit_of_measure, row.type) for row in rows}
    readings = {name: parse_meter(*name) for name in names}
    refused = {(name[0], name[1], one.reason) for name, one in readings.items() if isinstance(one, Refused)}
    refused |= {("", one.meter_name, one.reason) for one in rejected if not one.out_of_scope}
    understood = sum(isinstance(one, MeterMeaning) for one in readings.values())
    return MeterAudit(understood, tuple(sorted(refused)))


def audit_questions(
    book: PriceBook, asked: Iterable[PriceQuestion]
) -> list[tuple[PriceQuestion, Unpriced | Ambiguous]]:
    """The questions that have no price, with their answers: what `prices audit` lists for deployments."""
    answers = ((one, book.price_at(one)) for one in asked)
    return [(one, answer) for one, answer in answers if not isinstance(answer, Priced)]
