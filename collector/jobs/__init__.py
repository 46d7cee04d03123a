"""The use cases: one function is one step, and says what it did."""
