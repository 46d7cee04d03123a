"""What share of the recorded meters is understood, and whether Azure's own labels are priced rightly."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collector.catalog.price_notes import load_price_notes
from collector.domain.pricing import (
    MeterMeaning,
    OutOfScope,
    PriceBook,
    Priced,
    PriceQuestion,
    PriceRow,
    cost_kind,
    parse_meter,
    parse_retail_rows,
    sku_terms,
)
from collector.domain.types import CatalogModel
from tests.domain.pricing.builders import a_model, instant

FEEDS = {
    "sample": "retail_prices_sample.json",
    "eastus2": "retail_prices/openai_eastus2_2025-08.json",
    "eastus": "retail_prices/openai_eastus_2025-08.json",
    "westeurope": "retail_prices/openai_westeurope_2025-08.json",
    "condensed": "examples/retail-prices-condensed-snapshot-2026-07-31.json",
}
# Fine-tuned gpt-oss-20b bills input, output, hosting and one thing more, whose meters say neither.
UNDERSTOOD_BY_NOBODY = {"20b FT regnl Tokens", "OSS-20b FT Tokens", "OSS 20b FT DZ Tokens"}
DOCUMENT = Path(__file__).parents[3] / "docs" / "prices.md"
LABELLED_ON = date(2025, 8, 25)


def items(recorded: Path, feed: str) -> list[dict[str, Any]]:
    body = json.loads((recorded / "azure" / FEEDS[feed]).read_text())
    return body.get("Items") or body["items"]


@pytest.mark.parametrize("feed", FEEDS)
def test_every_meter_is_understood_but_those_named_here(recorded: Path, feed: str) -> None:
    names = {
        (one["productName"], one["meterName"], one["unitOfMeasure"], one.get("type", "Consumption"))
        for one in items(recorded, feed)
    }
    readings = {name: parse_meter(*name) for name in names}
    ours = {name: one for name, one in readings.items() if not isinstance(one, OutOfScope)}
    refused = {name[1] for name, one in ours.items() if not isinstance(one, MeterMeaning)}
    tokens = [name for name in ours if name[1].endswith("Tokens")]
    unread = [name for name in tokens if name[1] in refused]
    understood = f"{len(ours) - len(refused)} of {len(ours)} | {len(tokens) - len(unread)} of {len(tokens)}"
    print(f"{feed}: {understood}, refused {sorted(refused)}")

    assert f"| `{Path(FEEDS[feed]).name}` | {understood} |" in DOCUMENT.read_text()
    assert refused <= UNDERSTOOD_BY_NOBODY
    assert 0.99 <= 1 - len(unread) / len(tokens)
    assert all(not name[0].startswith("Azure OpenAI") or name[0].endswith("Free Meter")
               for name, one in readings.items() if isinstance(one, OutOfScope))  # fmt: skip


def models(recorded: Path) -> Iterator[CatalogModel]:
    body = json.loads((recorded / "azure/examples/arm-models-list-eastus2.json").read_text())
    for entry in body["value"]:
        for sku in entry["model"].get("skus") or []:
            costs = [(cost["name"], cost.get("meterId") or "") for cost in sku.get("costs") or []]
            yield a_model(
                costs,
                format=entry["model"]["format"],
                model=entry["model"]["name"],
                version=entry["model"]["version"],
                sku=sku["name"],
                fine_tuned=sku["usageName"].endswith("-finetune"),
            )


@pytest.fixture(scope="module")
def eastus2(recorded: Path) -> list[PriceRow]:
    rows, rejected = parse_retail_rows(items(recorded, "eastus2"), instant("2025-08-25"))
    assert [] == rejected
    return rows


@pytest.mark.parametrize("ids_are", ["given", "hidden"])
def test_no_label_of_azure_s_own_is_priced_wrongly(
    recorded: Path, eastus2: list[PriceRow], ids_are: str
) -> None:
    named = models(recorded) if ids_are == "given" else ()
    book = PriceBook(eastus2, models=named, notes=load_price_notes())
    units = {row.meter_id: {"1K": 1000, "1M": 1_000_000}.get(row.unit_of_measure, 1) for row in eastus2}
    total, priced, steps = Counter[str](), Counter[str](), Counter[str]()
    wrong: list[object] = []
    for label in json.loads((recorded / "azure/retail_prices/labelled_meters_eastus2.json").read_text()):
        answer = book.price_at(question(label))
        kind = (cost_kind(label["cost"], label["sku"]) or ("?", ""))[0]
        total[kind] += 1
        if not isinstance(answer, Priced):
            continue
        priced[kind] += 1
        steps[answer.step] += 1
        unit_price = Decimal(repr(label["retailPrice"])) / units[label["meterId"]]
        if (unit_price, label["meterId"]) != (answer.unit_price, answer.meter_id):
            wrong.append((label, answer))
    for kind in total:
        print(f"ids {ids_are}: {kind} {priced[kind]} of {total[kind]} priced")
        assert f"| {kind} | {total[kind]} |" in DOCUMENT.read_text()

    assert [] == wrong
    assert total == priced
    assert {"meter-id" if ids_are == "given" else "meter-name"} == set(steps)


def question(label: dict[str, Any]) -> PriceQuestion:
    kind, context = cost_kind(label["cost"], label["sku"]) or ("?", "short")
    terms = sku_terms(label["sku"])
    return PriceQuestion(
        model=label["model"],
        version=label["version"],
        sku=label["sku"],
        location=label["armRegionName"],
        kind=kind,
        on=LABELLED_ON,
        tier=terms.tier if terms else "standard",
        context=context,
        fine_tuned=label["fineTuned"],
    )


def test_ids_of_the_models_list_price_as_names_do_or_are_ambiguous(
    recorded: Path, eastus2: list[PriceRow]
) -> None:
    """The list of April 2026 on the feed of August 2025: no id leads elsewhere than its name."""
    notes, listed = load_price_notes(), [one for one in models(recorded) if one.format == "OpenAI"]
    by_id, by_name = PriceBook(eastus2, models=listed, notes=notes), PriceBook(eastus2, notes=notes)
    different: list[object] = []
    for model in listed:
        for cost in model.costs:
            told = cost_kind(cost.name, model.sku)
            if told is None:
                continue
            terms = sku_terms(model.sku)
            asked = PriceQuestion(
                model=model.model,
                version=model.version,
                sku=model.sku,
                location="eastus2",
                kind=told[0],
                on=LABELLED_ON,
                tier=terms.tier if terms else "standard",
                context=told[1],
                fine_tuned=model.fine_tuned,
            )
            one, other = by_id.price_at(asked), by_name.price_at(asked)
            if isinstance(one, Priced) and isinstance(other, Priced) and one.unit_price != other.unit_price:
                different.append((one, other))

    assert [] == different


def test_global_prices_are_one_price_in_all_commercial_regions(recorded: Path) -> None:
    """A structure of the list, checked so that a misread word would show; the doubted meters are the exception."""
    notes = load_price_notes()
    prices: dict[object, set[Decimal]] = {}
    for item in items(recorded, "condensed"):
        meaning = parse_meter(item["productName"], item["meterName"], item["unitOfMeasure"])
        if not isinstance(meaning, MeterMeaning) or meaning.scope != "global":
            continue
        if any(doubt.is_about(meaning) for doubt in notes.doubts):
            continue
        if not all(region.startswith("usgov") for region in item["regions"]):
            key = (
                meaning.stem,
                meaning.version,
                meaning.kinds,
                meaning.tier,
                meaning.context,
                meaning.tuning,
            )
            prices.setdefault((*key, meaning.variant), set()).add(
                Decimal(str(item["retailPrice"])) / meaning.divisor
            )

    assert [] == [key for key, found in prices.items() if len(found) > 1]
