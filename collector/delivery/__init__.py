"""Takes a finished letter and sends it."""
