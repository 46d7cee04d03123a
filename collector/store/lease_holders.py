"""Who does what now: the leases, looked at and not touched, so that looking keeps nobody from its work."""

import fcntl
import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from collector.store.engine import where
from collector.store.errors import clear_errors
from collector.store.lease import NAMESPACE, Holder, holder_by_name, holder_in, lock_number, lock_path
from collector.store.schema import UPGRADE

STEPS: Final = ("alert", "close", "collect", "derive", "outbox", "prune", UPGRADE)
"""Whatever writes to a store holds one of these leases meanwhile."""


@dataclass(frozen=True, slots=True)
class Held:
    step: str
    holder: Holder

    @property
    def host(self) -> str | None:
        return self.holder.host

    @property
    def pid(self) -> int | None:
        return self.holder.pid

    @property
    def since(self) -> datetime | None:
        return self.holder.since

    @property
    def mark(self) -> str:
        """Tells one holder from another where no name of a host may be said."""
        return hashlib.blake2b(f"{self.host} {self.pid}".encode(), digest_size=4).hexdigest()


def held_leases(engine: Engine, steps: Iterable[str] = STEPS) -> list[Held]:
    """The leases among `steps` that somebody holds now."""
    look = _in_files if engine.dialect.name == "sqlite" else _in_the_server
    with clear_errors(where(engine)):
        return look(engine, list(steps))


def _in_the_server(engine: Engine, steps: list[str]) -> list[Held]:
    of_number = {lock_number(step) % 2**32: step for step in steps}
    with engine.connect() as connection:
        found = connection.exec_driver_sql(
            "select l.objid, a.application_name from pg_locks l left join pg_stat_activity a on a.pid = l.pid"
            " where l.locktype = 'advisory' and l.granted and l.classid = %s and l.objsubid = 2"
            " and l.database = (select oid from pg_database where datname = current_database())",
            (NAMESPACE,),
        ).all()
    held = [(of_number.get(number), name) for number, name in found]
    return sorted(
        (Held(step, holder_by_name(name)) for step, name in held if step is not None),
        key=lambda one: one.step,
    )


def _in_files(engine: Engine, steps: list[str]) -> list[Held]:
    held: list[Held] = []
    for step in steps:
        path = lock_path(engine, step)
        with suppress(FileNotFoundError, PermissionError), path.open() as file:
            try:
                # Shared, and let go at once: whoever wants the lease in that instant tries again (lease.py).
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append(Held(step, holder_in(file.read())))
    return held
