"""Questions to the store: each returns small frozen rows, aggregated in SQL."""
