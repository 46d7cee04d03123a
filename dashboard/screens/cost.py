"""What the period cost and the month will come to; where it comes from; why it changed; what to do about it."""

import streamlit as st

from collector.store.reads import overview
from dashboard import drill, filters, formats, show, state, words
from dashboard.charts import cost as charts
from dashboard.state import cost as cost_state
from dashboard.state import savings as saving_state
from dashboard.words import bill as bill_words
from dashboard.words import cost as cost_words
from dashboard.words import outlook as outlook_words

chosen = filters.chosen()
here, turns = drill.inside(chosen), drill.way()
span = words.period_span(state.period(chosen))
if show.head(words.COST_TITLE, state.freshness(chosen, overview.COST_JOBS), span):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.segmented_control(
            words.BY,
            list(cost_words.SPLITS),
            key="by",
            default=drill.first_split(),
            required=True,
            bind="query-params",
        )
        dimension = cost_words.SPLITS[by or "Model"]
        currency = filters.one_of(
            words.CURRENCY, "currency", state.currencies(here, dimension), words.CURRENCY_HELP
        )
    drill.show_way(turns, state.names())
    view = state.cost_view(here, dimension, currency)
    if view is None:
        show.no_figures(state.days_waiting())
    else:
        show.tiles(cost_state.tiles(view, here), columns=3, wide=True)
        beside_bill = st.container()
        course = cost_state.course_of_period(here, view.currency)
        if course is not None:
            show.section(outlook_words.COURSE_TITLE, outlook_words.COURSE_TEXT)
            show.chart(charts.course(course), key="course", alt=outlook_words.course_alt(course))
        show.section(
            cost_words.SPENDING_TITLE, cost_words.TODAY_PARTIAL if view.stack and view.stack.partial else None
        )
        total, largest = formats.money(view.total, view.currency), charts.largest(view.stack)
        show.chart(
            charts.daily_cost(view.stack), key="daily", alt=cost_words.cost_chart_alt(total, span, largest)
        )
        deeper = drill.next_dimension(dimension, turns)
        show.show_table(
            cost_state.with_ways(view.slices, here, dimension, view.currency),
            title=cost_words.SLICES_TITLE,
            about=cost_words.SLICES_TITLE,
            on_pick=drill.look_into(dimension, turns) if deeper else None,
        )
        if deeper:
            drill.choose_inside(view.slices.rows, dimension, turns)
        st.caption(outlook_words.DRILL_HINT if deeper else outlook_words.DRILL_END)
        if drill.is_at_the_price(turns) or st.toggle(
            cost_words.SHOW_CHARGES, key="charges", help=cost_words.CHARGES_TEXT, bind="query-params"
        ):
            charges = state.charges(here, view.currency)
            show.show_table(charges, title=cost_words.CHARGES_TITLE, about=cost_words.CHARGES_TITLE)
            st.caption(cost_words.CHARGES_TEXT)
        changes = cost_state.changes_view(here, view.currency)
        if changes is not None:
            show.section(outlook_words.CHANGES_TITLE, changes.cause)
            show.tiles(changes.tiles)
            show.show_table(
                changes.movers, title=outlook_words.MOVERS_TITLE, about=outlook_words.MOVERS_TITLE, most=8
            )
        if len(view.months) > 1:
            show.section(cost_words.MONTHS_TITLE)
            alt = cost_words.months_alt(len(view.months))
            show.chart(charts.months(view.months, view.currency, state.today()), key="months", alt=alt)
        if not turns:
            left, right = st.columns(2, gap="small")
            with left, st.container(border=True, height="stretch"):
                show.section(outlook_words.SAVINGS_TOP)
                show.show_table(
                    saving_state.top_savings(chosen), about=outlook_words.SAVINGS_TOP, download=False
                )
                st.page_link(
                    "screens/savings.py", label=outlook_words.OPEN_SAVINGS, icon=":material/arrow_forward:"
                )
            with right, st.container(border=True, height="stretch"):
                show.section(outlook_words.AHEAD_TOP)
                show.show_table(
                    cost_state.top_budgets(view.currency), about=outlook_words.BUDGETS_TITLE, download=False
                )
                st.caption(cost_state.strange_line(chosen))
                st.page_link(
                    "screens/forecast.py", label=outlook_words.OPEN_FORECAST, icon=":material/arrow_forward:"
                )
        if view.unpriced:
            show.show_table(view.unpriced, title=cost_words.UNPRICED_TITLE, about=cost_words.UNPRICED_TITLE)
            st.caption(cost_words.UNPRICED_TEXT)
        if view.out_of_scope:
            show.show_table(
                view.out_of_scope, title=cost_words.OUT_OF_SCOPE_TITLE, about=cost_words.OUT_OF_SCOPE_TITLE
            )
            st.caption(cost_words.OUT_OF_SCOPE_TEXT)
        # Told above and asked last: accounts and meters are reconciled for it, and nothing waits behind that.
        why = cost_state.why_bill_is_apart(here, view.currency)
        if why is not None:
            beside_bill.text(why)
            beside_bill.page_link(
                "screens/finance.py", label=bill_words.OPEN_MONTH, icon=":material/arrow_forward:"
            )
