"""A year of stored facts ends with exactly the letters that a reviewed table lists, on both engines.

The table is read by people: every line of it must be a letter that somebody would have wanted.
"""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from collector.store.reads.alerts import LetterRow
from tests.alerts.year import a_year

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "letters" / "year_in_store.txt"


def test_the_letters_of_a_year_in_the_store(engine: Engine, golden: Callable[[Path, str], None]) -> None:
    year = a_year(engine)

    rows = year.letters
    lines = [
        f"{row.written_at:%Y-%m-%d %H:%M}  {_fate(row):16}  {row.kind:8}  {row.recipient:20}  {row.subject}"
        for row in rows
    ]
    golden(GOLDEN, "\n".join(lines) + "\n")
    sent = [letter.message_id for _, letter in year.server.taken]
    assert len(sent) == len(set(sent))
    assert sorted(sent) == sorted(row.message_id for row in rows if row.status == "sent")
    assert {"sent", "given up"} == {row.status for row in rows}


def _fate(row: LetterRow) -> str:
    return f"sent {row.sent_at:%m-%d %H:%M}" if row.sent_at else row.status
