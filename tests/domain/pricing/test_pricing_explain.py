"""`prices explain` tells everything in the keys that scripts rely on."""

import json
from datetime import date

from collector.domain.pricing import (
    PriceBook,
    audit_questions,
    explain,
    explain_kinds,
    explain_lines,
)
from tests.domain.pricing.builders import a_row, asked

ROWS = [
    a_row("5.4 inp Gl 1M Tokens", "2.5", start="2026-03-01"),
    a_row("5.4 opt Gl 1M Tokens", "15", start="2026-03-01"),
    a_row("Code-Interpreter-global Session", "0.03", product="Azure OpenAI", unit_of_measure="1"),
]
TODAY = date(2026, 7, 1)


def test_a_price_is_told_in_the_contract_s_keys() -> None:
    told = explain(PriceBook(ROWS), asked())

    assert {
        "status": "priced",
        "unit_price": "0.0000025",
        "per": "1 token",
        "currency": "USD",
        "step": "meter-name",
        "meter_id": "id-5.4 inp gl 1m tokens",
        "meter_name": "5.4 inp Gl 1M Tokens",
        "effective_from": "2026-03-01T00:00:00Z",
        "captured_at": "2026-06-01T00:00:00Z",
        "considered": [{"meter_name": "5.4 opt Gl 1M Tokens", "why_not": "prices output"}],
    }.items() <= told.items()
    assert told == json.loads(json.dumps(told))


def test_an_unpriced_question_keeps_every_key_as_null() -> None:
    told = explain(PriceBook(ROWS), asked(location="westeurope"))

    assert "unpriced" == told["status"]
    assert "no prices are known for westeurope in USD" == told["why"]
    empty = ("unit_price", "per", "currency", "step", "meter_id", "meter_name", "effective_from")
    assert [None] * len(empty) == [told[key] for key in empty]


def test_without_a_kind_every_kind_that_has_a_price_is_told() -> None:
    told = explain_kinds(PriceBook(ROWS), asked())
    nothing = explain_kinds(PriceBook([]), asked(sku="GlobalProvisionedManaged"))

    assert [("input", "priced"), ("output", "priced")] == [(one["kind"], one["status"]) for one in told]
    assert [("ptu_hour", "unpriced")] == [(one["kind"], one["status"]) for one in nothing]


def test_lines_are_answered_one_for_one_and_in_order() -> None:
    question = {"model": "gpt-5.4", "version": "2026-03-05", "sku": "GlobalStandard", "location": "East US 2"}
    lines = [
        json.dumps(
            {**question, "kind": "output", "tier": "standard", "on": "2026-06-30", "fine_tuned": False}
        ),
        "",
        "not json",
        "[]",
        json.dumps({**question, "kind": "input", "on": "yesterday"}),
        json.dumps({**question, "kind": "smell"}),
        json.dumps({**question, "kind": "input", "sku": None}),
        json.dumps({**question, "kind": "input", "on": None, "version": None}),
    ]

    told = list(explain_lines(PriceBook(ROWS), lines, TODAY))

    assert ["priced", *["unpriced"] * 5, "priced"] == [one["status"] for one in told]
    assert "0.000015" == told[0]["unit_price"]
    assert "line 3" in told[1]["why"]
    assert "expected an object" in told[2]["why"]
    assert "on='yesterday': expected a day such as 2026-01-31" in told[3]["why"]
    assert "kind 'smell' is none of input" in told[4]["why"]
    assert "sku is missing" in told[5]["why"]


def test_a_batch_line_needs_no_tier() -> None:
    rows = [*ROWS, a_row("5.4 Batch inp Gl 1M Tokens", "1.25")]
    line = {"model": "gpt-5.4", "version": None, "sku": "GlobalBatch", "location": "eastus2", "kind": "input"}

    (told,) = explain_lines(PriceBook(rows), [json.dumps(line)], TODAY)

    assert ("0.00000125", "batch") == (told["unit_price"], told["tier"])


def test_the_audit_lists_every_question_without_a_price() -> None:
    asking = [asked(), asked(kind="image")]

    assert [asking[1]] == [question for question, _ in audit_questions(PriceBook(ROWS), asking)]
