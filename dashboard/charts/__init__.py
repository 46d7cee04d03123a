"""Rows in, Plotly figures out, without any Streamlit. Colours come from the theme; a state has its word as well."""
