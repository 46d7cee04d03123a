"""Alerts, what is due about them, and letters as JSON: what a row keeps and gives back unchanged."""

from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any, Final

from pydantic import TypeAdapter

from collector.domain.alerts.types import AlertState, Due
from collector.reports.letters.render import Attachment, Letter

_STATE: Final = TypeAdapter(AlertState)
_DUE: Final = TypeAdapter(Due)
_LETTER: Final = TypeAdapter(Letter)


def state_to_json(state: AlertState) -> dict[str, Any]:
    return _STATE.dump_python(state, mode="json")


def state_of(content: Any) -> AlertState:
    return _STATE.validate_python(content, strict=False)


def due_to_json(due: Due) -> dict[str, Any]:
    return _DUE.dump_python(due, mode="json")


def due_of(content: Any) -> Due:
    return _DUE.validate_python(content, strict=False)


def letter_to_json(letter: Letter) -> dict[str, Any]:
    """Attachments in base64: a workbook is no text."""
    attachments = [
        {
            "name": one.name,
            "content_type": one.content_type,
            "content": b64encode(one.content).decode("ascii"),
        }
        for one in letter.attachments
    ]
    return {**_LETTER.dump_python(replace(letter, attachments=()), mode="json"), "attachments": attachments}


def letter_of(content: Any) -> Letter:
    attachments = tuple(
        Attachment(one["name"], one["content_type"], b64decode(one["content"]))
        for one in content["attachments"]
    )
    return replace(_LETTER.validate_python({**content, "attachments": ()}), attachments=attachments)
