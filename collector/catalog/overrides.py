"""Dated facts that a company enters itself: checked row by row, so that a slip names its key and its place."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime


class BadOverride(ValueError):
    """A configured deadline that we can not read; the message names the row, the key and what would be right."""


class Row:
    """One table of a list in the configuration, read key by key."""

    def __init__(self, table: str, index: int, values: object, known: Sequence[str]) -> None:
        self.place = f"[[{table}]] row {index + 1}"
        if not isinstance(values, Mapping):
            raise BadOverride(f"{self.place}: expected a table of keys, found {values!r}")
        self._values: dict[str, object] = {str(key): value for key, value in values.items()}
        stray = sorted(set(self._values) - set(known))
        if stray:
            raise BadOverride(f"{self.place}: unknown key {stray[0]!r}, expected one of {', '.join(known)}")

    def text(self, key: str) -> str:
        found = self.maybe_text(key)
        if found is None:
            raise BadOverride(f"{self.place}: {key} is missing, expected a text")
        return found

    def maybe_text(self, key: str) -> str | None:
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise BadOverride(f"{self.place}: {key}={value!r}: expected a text that is not empty")
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._values.get(key)
        if (
            isinstance(value, list | tuple)
            and value
            and all(isinstance(word, str) and word for word in value)
        ):
            return tuple(str(word) for word in value)
        raise BadOverride(f"{self.place}: {key}={value!r}: expected a list of texts such as ['assistant']")

    def day(self, key: str) -> date:
        value = self._values.get(key)
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, str):
            try:
                return date.fromisoformat(value.strip())
            except ValueError:
                pass
        raise BadOverride(f"{self.place}: {key}={value!r}: expected a date such as '2027-03-31'")


def rows(table: str, values: Sequence[object], known: Sequence[str]) -> list[Row]:
    return [Row(table, index, value, known) for index, value in enumerate(values)]
