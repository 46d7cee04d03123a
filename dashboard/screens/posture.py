"""How accounts are secured, and where their deployments process what they are sent."""

from collector.store.reads import overview
from dashboard import filters, show, state
from dashboard.state import room as room_state
from dashboard.words import room as words

chosen = filters.chosen()
if show.head(
    words.POSTURE_TITLE, state.freshness(chosen, overview.ENDING_JOBS, coverage=False), words.POSTURE_TEXT
):
    found = room_state.posture_view(chosen)
    if found.accounts.rows:
        show.tiles(found.tiles)
        show.show_table(found.accounts, title=words.ACCOUNTS, about=words.POSTURE_TITLE)
        if found.deployments.rows:
            show.show_table(found.deployments, title=words.RESIDENCY, about=words.RESIDENCY)
    else:
        show.no_figures()
