"""Rows in, Plotly figures out, without any Streamlit."""
