"""Why a letter did not go: this letter never will, or the way is closed for now."""

from collections.abc import Mapping

from collector.domain.types import TryLater

__all__ = ["NoAnswer", "Refused", "TryLater"]


class NoAnswer(TryLater):
    """The other side was told the letter and then nothing was heard: it may have taken it."""


class Refused(Exception):
    """The other side will not take this letter, however often it is sent; `recipients` says who refused and why."""

    def __init__(self, message: str, recipients: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.recipients = dict(recipients or {})
