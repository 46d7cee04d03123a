"""A month for finance: figures, tables, and the files they are written to."""
