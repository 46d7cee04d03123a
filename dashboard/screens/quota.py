"""Free, over-allocated and stranded quota, and what changed of it."""

from collector.store.reads import overview
from dashboard import charts_room, filters, room_state, show, state
from dashboard import words_room as words

chosen = filters.chosen()
if show.head(words.MAP_TITLE, state.freshness(chosen, overview.ROOM_JOBS, coverage=False)):
    view = room_state.quota_view(chosen)
    if view.map.models:
        show.section(words.MAP, words.MAP_TEXT)
        alt = words.map_alt(len(view.map.models), len(view.map.locations))
        show.chart(charts_room.free_map(view.map), key="free-map", alt=alt)
    if view.lines.rows:
        show.show_table(view.lines, title=words.LINES, about=words.LINES)
    else:
        show.no_figures()
    if view.changes.rows:
        show.section(words.CHANGES, words.CHANGES_TEXT)
        show.show_table(view.changes, about=words.CHANGES)
