"""Calendar entries follow their deadline, and every line is what RFC 5545 allows."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from collector.reports.letters.calendar import Deadline, calendar, uid

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)


def lines(*deadlines: Deadline) -> list[str]:
    return unfolded(calendar(deadlines, "contoso.com", NOW))


def unfolded(content: bytes) -> list[str]:
    return content.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def test_a_moved_deadline_keeps_its_uid_and_raises_its_sequence() -> None:
    before = lines(Deadline("model_ending|chat", date(2027, 1, 14), "ends", "...", 1))
    after = lines(Deadline("model_ending|chat", date(2027, 4, 14), "ends", "...", 2))
    uids = [[line for line in entry if line.startswith("UID:")] for entry in (before, after)]
    assert uids[0] == uids[1] == [f"UID:{uid('model_ending|chat', 'contoso.com')}"]
    assert {"SEQUENCE:2", "DTSTART;VALUE=DATE:20270414", "DTEND;VALUE=DATE:20270415"} <= set(after)


def test_a_gone_deadline_is_cancelled_and_rings_no_more() -> None:
    entry = lines(Deadline("model_ending|chat", date(2027, 1, 14), "ends", "...", 3, cancelled=True))
    assert "STATUS:CANCELLED" in entry
    assert "BEGIN:VALARM" not in entry


def test_signs_with_a_meaning_are_escaped() -> None:
    entry = lines(Deadline("k", date(2027, 1, 14), "a, b; c\\d\ne", "x\r\nATTENDEE:evil", 1))
    assert r"SUMMARY:a\, b\; c\\d\ne" in entry
    assert not any(line.startswith("ATTENDEE") for line in entry)


@given(st.text(max_size=300), st.text(max_size=300))
def test_every_line_fits_and_unfolds_to_what_was_meant(title: str, description: str) -> None:
    content = calendar([Deadline("k", date(2027, 1, 14), title, description, 1)], "contoso.com", NOW)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert content.count(b"BEGIN:VEVENT") == content.count(b"END:VEVENT")
    names = {line.split(":")[0].split(";")[0] for line in unfolded(content)}
    assert names <= {
        *("BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "METHOD", "X-WR-CALNAME", "UID", "DTSTAMP"),
        *("SEQUENCE", "STATUS", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "TRANSP", "ACTION", "TRIGGER"),
    }
