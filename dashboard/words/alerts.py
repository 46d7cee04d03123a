"""What Alerts says."""

from typing import Final

TITLE: Final = "Alerts"
HELP: Final = "What is open, who looks after it, what was said about it to whom, and what waits to be sent."
ABOUT: Final = "Open now"
OPEN_TILE: Final = "Open"
OPEN_HELP: Final = "Alerts that nobody has set aside yet."
CRITICAL_TILE: Final = "Critical"
CRITICAL_HELP: Final = "Open alerts that need somebody now."
ACKNOWLEDGED_TILE: Final = "Acknowledged"
ACKNOWLEDGED_HELP: Final = "Set aside by somebody, until a day or until the fact changes."
WAITING_TILE: Final = "Letters waiting"
WAITING_HELP: Final = "Written and not sent yet; the table of letters says what is in their way."
GIVEN_UP_TILE: Final = "Letters given up"
GIVEN_UP_HELP: Final = (
    "Refused for good, or not taken for three days. `aoai-monitor alert resend` tries again."
)
OPEN_TITLE: Final = "Open"
NO_OPEN: Final = "No alert is open."
ACKNOWLEDGED_TITLE: Final = "Acknowledged"
DETAIL_TITLE: Final = "One alert"
DETAIL_LABEL: Final = "Alert"
IF_NOTHING: Final = "If nothing is done"
NEXT_STEPS: Final = "What to do next"
HISTORY_TITLE: Final = "What happened"
HISTORY_TEXT: Final = "The last 30 days, newest first. All times are UTC."
NO_HISTORY: Final = "Nothing has happened yet."
LETTERS_TITLE: Final = "Letters"
LETTERS_TEXT: Final = "What was written, to whom, and how its delivery stands. A letter that is sent again after a crash keeps its Message-ID."
NO_LETTERS: Final = "No letter was written yet."
NOT_LOOKED: Final = "No alert pass has run yet: `aoai-monitor serve` runs one after every cycle, `aoai-monitor alert run` at once."
NO_LOGIN: Final = "Alerts are acknowledged and resolved here by people who are signed in; without login use `aoai-monitor alert`."
WHAT: Final = "What to do"
WHY: Final = "Why"
WHY_HELP: Final = "Kept with the alert, together with your name."
UNTIL: Final = "Until (optional)"
UNTIL_HELP: Final = "Silence until this day (UTC), then one reminder. Without a day: until the fact changes."
DO_IT: Final = "Do it"
WHY_MISSING: Final = "Say why: whoever comes after you will want to know."
NOTED: Final = "Noted. The next pass does it, within a few minutes."
NOT_NOTED: Final = "It could not be noted."
ASKED: Final = "Already asked for, and done by the next pass:"
KINDS: Final = {
    "Acknowledge": "acknowledge",
    "Resolve": "resolve",
    "Take up again": "reopen",
}
EVENT_WORDS: Final = {
    "opened": "opened",
    "escalated": "became worse",
    "date_moved": "date moved",
    "acknowledged": "acknowledged",
    "closed": "closed",
    "reopened": "taken up again",
}
