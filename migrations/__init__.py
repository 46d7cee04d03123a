"""The schema as a chain of small, named steps."""
