"""`python -m collector` is `aoai-monitor`."""

from collector.cli import main

main()
