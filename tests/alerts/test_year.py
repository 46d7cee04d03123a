"""A year through the pretend Azure ends with exactly the letters that a reviewed table lists, on both engines.

The table is read by people: every line of it must be a letter that somebody would have wanted.
"""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from tests.alerts.year import a_year

PROMISED = (
    ("2027-01-30", "platform", "aoai-monitor is watching"),
    ("2027-03-10", "payments.lead", "ends on 1 August 2027 (was 14 October 2027)"),
    ("2027-05-20", "payments.lead", "ends on 15 September 2027 (was 1 August 2027)"),
    ("2027-06-07", "payments.lead", "stood at its TPM limit"),
    ("2027-06-14", "platform", "is 80 % allocated"),
    ("2027-07-19", "payments.lead", "19 July 2027"),
    ("2027-07-26", "payments.lead", "26 July 2027"),
    ("2027-07-28", "finance", "New: Budget Contoso"),
    ("2027-08-16", "platform", "No fresh"),
    ("2027-08-30", "payments.lead", "may be upgraded to gpt-5.1 2025-11-13 any day now"),
    ("2027-09-10", "platform", "102 % allocated"),
    ("2027-09-11", "payments.lead", "3 over"),
    ("2027-11-10", "finance", "times the usual"),
    ("2027-11-19", "platform", "Cognitive Services Usages Reader is missing"),
    ("2027-11-29", "payments.lead", "api-version 2024-06-01 ends on 30 November 2027"),
)
"""What the story of `year` has to lead to, written before the table: the day, who hears, and words of the subject."""

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "letters" / "simulated_year.txt"


def test_the_letters_of_a_year(engine: Engine, golden: Callable[[Path, str], None]) -> None:
    with a_year(engine) as year:
        year.live()
        golden(GOLDEN, year.table())
        taken = [mail["Message-ID"] for mail in year.postbox.taken]
        fates = year.fates

    assert len(taken) == len(set(taken))
    assert sorted(taken) == sorted(message_id for message_id, fate in fates.items() if fate == "sent")
    assert {"sent", "given up"} == set(fates.values())


def test_the_table_holds_what_the_story_promises() -> None:
    lines = [line for line in GOLDEN.read_text(encoding="utf-8").splitlines() if not line.startswith(" ")]
    kept = {
        promise
        for promise in PROMISED
        for line in lines
        if line.startswith(promise[0]) and f"  {promise[1]}@" in line and promise[2] in line
    }
    assert set() == set(PROMISED) - kept


def test_the_table_is_silent_where_the_story_asks_for_silence() -> None:
    """While the mail server is down nothing arrives, full mailboxes get nothing, and what bob took on is not told."""
    text = GOLDEN.read_text(encoding="utf-8")
    letters = [line for line in text.splitlines() if not line.startswith(" ")]
    assert "sent 06-08" not in text
    assert {"given up"} == {line[18:34].strip() for line in letters if line.startswith("2027-10-25")}
    taken_on = [line for line in text.splitlines() if "/chat-ptu" in line]
    assert 2 == len(taken_on), "new in April, over in September, and nothing between"
