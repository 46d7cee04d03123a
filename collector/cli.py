"""The command `aoai-monitor`."""
