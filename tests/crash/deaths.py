"""A process that kills itself at a moment of its work on the store."""

import itertools
import os
import signal
from typing import Any

from sqlalchemy import Engine, event


def die_at(engine: Engine, moment: str, number: int, matching: str = "") -> None:
    """Kill this process by SIGKILL at the `number`th such moment.

    `begin`: between two transactions; `commit`: all is written, nothing committed; `statement`: amid a transaction;
    `after`: the transaction that held the matching statement was committed, and the next one begins.
    """
    seen, matched = itertools.count(1), [False]

    def strike(*_: Any) -> None:
        if next(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def after_statement(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if matching in statement.lower():
            matched[0] = True
            if moment == "statement":
                strike()

    def next_begin(_: Any) -> None:
        if matched[0]:
            matched[0] = False
            strike()

    event.listen(engine, "after_cursor_execute", after_statement)
    if moment == "after":
        event.listen(engine, "begin", next_begin)
    elif moment in ("begin", "commit"):
        event.listen(engine, moment, strike)
