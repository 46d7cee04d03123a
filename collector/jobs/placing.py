"""Putting a written file or folder where somebody wants it: whole or not at all, on this machine or behind a URL.

On this machine it is written aside and takes its name when all is there. Elsewhere it is made here first and then
sent; storage shows a file when the last byte of it has come.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.domain.types import NeedsHuman
from collector.folders import TROUBLE, Folder, folder

Write = Callable[[Path], object]


def write_file(out: str, write: Write) -> None:
    """Raises `NeedsHuman` for a place that cannot be written."""
    _write(out, write, partitioned=False)


def write_partitions(out: str, write: Write) -> None:
    """`write` fills a folder with folders; each replaces itself, others at `out` stay."""
    _write(out, write, partitioned=True)


def _write(out: str, write: Write, *, partitioned: bool) -> None:
    place = folder(out)
    try:
        if place.is_local:
            with _aside(Path(place.path), partitioned=partitioned) as aside:
                write(aside)
        else:
            _send(place, write, partitioned=partitioned)
    except TROUBLE as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise NeedsHuman(f"--out {out}: {why}; expected a path that can be written") from error


@contextmanager
def _aside(out: Path, *, partitioned: bool) -> Iterator[Path]:
    """A place beside `out` that takes its name when all is written, and is gone where something failed."""
    if out.is_dir() and not partitioned:
        raise IsADirectoryError(21, "is a folder", str(out))
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        place = aside / out.name
        if partitioned:
            place.mkdir()
        yield place
        if partitioned:
            _replace_partitions(place, out)
        else:
            place.replace(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _replace_partitions(written: Path, out: Path) -> None:
    """Whole months replace themselves; those of other runs stay."""
    out.mkdir(exist_ok=True)
    for partition in sorted(written.iterdir()):
        target = out / partition.name
        if target.exists():
            shutil.rmtree(target)
        partition.replace(target)


def _send(place: Folder, write: Write, *, partitioned: bool) -> None:
    if not partitioned and place.files.isdir(place.path):
        raise IsADirectoryError(21, "is a folder", place.said)
    with tempfile.TemporaryDirectory(prefix="aoai-monitor-") as here:
        made = Path(here) / "report"
        if not partitioned:
            write(made)
            _put(place, made, place.path)
            return
        made.mkdir()
        write(made)
        for partition in sorted(made.iterdir()):
            _send_partition(place, partition)


def _send_partition(place: Folder, partition: Path) -> None:
    """New files first, then the old ones that no longer belong: a reader in between sees a month, not a gap."""
    target = f"{place.path}/{partition.name}"
    sent = {f"{target}/{file.name}": file for file in sorted(partition.iterdir())}
    for path, file in sent.items():
        _put(place, file, path)
    for old in place.files.find(target):
        if old not in sent and f"/{old.lstrip('/')}" not in sent:
            place.files.rm_file(old)


def _put(place: Folder, file: Path, path: str) -> None:
    place.files.makedirs(path.rpartition("/")[0], exist_ok=True)
    place.files.put_file(str(file), path)
