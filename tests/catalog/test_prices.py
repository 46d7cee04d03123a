"""The shipped snapshot: rebuilt by one command, dated, and silent where it is known to be stale."""

import argparse
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from collector.catalog import build_prices
from collector.catalog.prices import load_price_notes, load_snapshot, pack, unpack
from collector.domain.pricing import Ambiguous, PriceBook, Priced, Unpriced
from tests.domain.pricing.builders import asked

ROW = {
    "currencyCode": "USD",
    "retailPrice": 2.5,
    "armRegionName": "eastus2",
    "effectiveStartDate": "2026-03-01T00:00:00Z",
    "meterId": "abc",
    "meterName": "5.4 inp Gl 1M Tokens",
    "productName": "Azure OpenAI GPT5",
    "serviceName": "Foundry Models",
    "unitOfMeasure": "1M",
    "type": "Consumption",
}


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return PriceBook(snapshot=load_snapshot().rows, notes=load_price_notes())


def test_the_snapshot_is_dated() -> None:
    snapshot = load_snapshot()

    assert date(2026, 7, 31) == snapshot.captured_on
    assert {"USD"} == {row.currency for row in snapshot.rows}


def test_packing_loses_nothing_and_gives_the_same_bytes() -> None:
    snapshot = load_snapshot()

    assert set(snapshot.rows) == set(unpack(pack(snapshot)).rows)
    assert pack(snapshot) == pack(unpack(pack(snapshot)))


def test_a_snapshot_price_says_that_it_is_one(book: PriceBook) -> None:
    answer = book.price_at(asked(model="gpt-4.1", version="2025-04-14", location="swedencentral"))

    assert isinstance(answer, Priced)
    assert ("snapshot", Decimal("0.000002")) == (answer.step, answer.unit_price)
    assert isinstance(book.price_at(asked(currency="EUR")), Unpriced)


STALE = {
    "5.6 luna fell in August": ("gpt-5.6-luna", "2026-07-09", "2026-08-01"),
    "5.6 terra fell in August": ("gpt-5.6-terra", "2026-07-09", "2026-08-01"),
    "5.6 sol fell in August": ("gpt-5.6-sol", "2026-07-09", "2026-08-21"),
}


@pytest.mark.parametrize(("model", "version", "day"), STALE.values(), ids=STALE)
def test_a_price_known_to_have_changed_is_not_used_any_more(
    book: PriceBook, model: str, version: str, day: str
) -> None:
    before = book.price_at(asked(model=model, version=version, on="2026-07-31"))

    assert isinstance(before, Priced)
    assert isinstance(book.price_at(asked(model=model, version=version, on=day)), Unpriced)


def test_recycled_developer_meters_price_nothing(book: PriceBook) -> None:
    for model, version in (("gpt-4o", "2024-08-06"), ("gpt-4o-mini", "2024-07-18")):
        for kind in ("input", "cached_input", "output"):
            answer = book.price_at(asked(model=model, version=version, sku="DeveloperTier", kind=kind))
            assert isinstance(answer, (Unpriced, Ambiguous)), answer


def test_every_note_names_its_source() -> None:
    notes = load_price_notes()
    every = [
        *notes.aliases,
        *notes.doubts,
        *notes.cached_as_input,
        *notes.one_context_price,
        *notes.late_changes,
    ]

    assert all(note.source for note in every)


def captured(tmp_path: Path, name: str, rows: list[dict[str, object]], day: str) -> str:
    file = tmp_path / name
    file.write_text(
        "\n".join(json.dumps(row) for row in rows) if name.endswith("ndjson") else json.dumps({"Items": rows})
    )
    return f"{file}@{day}"


def test_the_command_builds_a_snapshot_from_pages_and_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = captured(tmp_path, "page.json", [ROW], "2026-05-01")
    lines = captured(tmp_path, "lines.ndjson", [{**ROW, "meterId": "b", "retailPrice": -1}], "2026-05-01")
    out = tmp_path / "prices.json.gz"

    assert 0 == build_prices.main([page, lines, "--out", str(out)])

    assert ["abc"] == [row.meter_id for row in unpack(out.read_bytes()).rows]
    assert "1 rows, " in capsys.readouterr().out


def test_a_meter_that_a_later_complete_capture_lacks_ends_where_it_was_last_seen(tmp_path: Path) -> None:
    other = {**ROW, "meterId": "other", "meterName": "5.4 opt Gl 1M Tokens"}
    elsewhere = {**ROW, "meterId": "far", "armRegionName": "westeurope"}
    snapshot, _ = build_prices.build(
        [
            build_prices.parse_capture(captured(tmp_path, "old.json", [ROW, elsewhere], "2026-05-01")),
            build_prices.parse_capture(captured(tmp_path, "new.json", [other], "2026-06-01") + ":complete"),
        ]
    )

    assert {"abc": "2026-05-01", "far": "None", "other": "None"} == {
        row.meter_id: str(row.ends_on) for row in snapshot.rows
    }


def test_condensed_rows_have_no_id_and_join_the_meter_of_their_name(tmp_path: Path) -> None:
    condensed = {key: ROW[key] for key in ("meterName", "productName", "unitOfMeasure", "effectiveStartDate")}
    file = tmp_path / "condensed.json"
    file.write_text(
        json.dumps({"items": [{**condensed, "retailPrice": 3, "regions": ["eastus2", "westus"]}]})
    )
    old = captured(
        tmp_path, "old.json", [{**ROW, "effectiveStartDate": "2026-01-01T00:00:00Z"}], "2026-02-01"
    )
    snapshot, _ = build_prices.build(
        [build_prices.parse_capture(old), build_prices.parse_capture(f"{file}@2026-05-01")]
    )
    book = PriceBook(snapshot=snapshot.rows)

    told = [book.price_at(asked(on=day)) for day in ("2026-02-15", "2026-07-01")]

    assert [Decimal("0.0000025"), Decimal("0.000003")] == [
        one.unit_price if isinstance(one, Priced) else None for one in told
    ]


@pytest.mark.parametrize("text", ["prices.json", "prices.json@2026-13-01", "prices.json@2026-01-01:partly"])
def test_a_capture_must_name_its_day(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected FILE@2026-08-14"):
        build_prices.parse_capture(text)


def test_developer_training_has_its_own_meter_although_base_meters_name_versions(book: PriceBook) -> None:
    answer = book.price_at(
        asked(
            model="gpt-4o-mini",
            version="2024-07-18",
            sku="DeveloperTier",
            location="northeurope",
            kind="training_token",
        )
    )

    assert isinstance(answer, Priced)
    assert (Decimal("0.0000015"), "gpt 4o mini dev ft training glbl Tokens") == (
        answer.unit_price,
        answer.meter_name,
    )
