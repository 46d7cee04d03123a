"""How accounts are secured, and where their deployments process what they are sent."""

from collector.store.reads import overview
from dashboard import filters, room_state, show, state
from dashboard import words_room as words

chosen = filters.chosen()
if show.head(
    words.POSTURE_TITLE, state.freshness(chosen, overview.ENDING_JOBS, coverage=False), words.POSTURE_TEXT
):
    found = room_state.posture_table(chosen)
    if found.rows:
        show.show_table(found, about=words.POSTURE_TITLE)
    else:
        show.no_figures()
