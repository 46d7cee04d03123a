"""Letters: what is said, in text, HTML and calendar entries."""
