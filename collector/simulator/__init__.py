"""A pretend Azure over HTTP that knows its own truth and imports nothing of ours."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """The command line of `python -m collector.simulator`; imported late so that importing the room costs nothing."""
    from collector.simulator.command import main as run

    return run(argv)


__all__ = ["main"]
