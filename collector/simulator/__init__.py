"""A pretend Azure over HTTP that knows its own truth and imports nothing of ours."""
