"""A file or folder anywhere: on this machine, or behind any URL that fsspec knows.

Azure storage (`abfss://container@account.dfs.core.windows.net/path`) is reached by Arrow's own client, which signs
in as the identity of the process does; every other scheme is fsspec's, with the package that it names.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

import fsspec
from fsspec.core import url_to_fs
from fsspec.implementations.arrow import ArrowFSWrapper
from fsspec.implementations.local import LocalFileSystem
from pyarrow import ArrowException
from pyarrow.fs import FileSystem as ArrowFileSystem

from collector.domain.types import Misconfigured, TryLater

TROUBLE: Final = (OSError, ValueError, ArrowException)
"""What the storage itself may raise: Arrow has an error of its own where it cannot sign in."""

_AZURE: Final = ("abfs://", "abfss://")
_CHANGED: Final = ("mtime", "LastModified", "last_modified", "updated", "created")
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class StoredFile:
    path: str
    size: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Folder:
    """`said` is how the operator named it, for messages."""

    files: fsspec.AbstractFileSystem
    path: str
    said: str

    @property
    def is_local(self) -> bool:
        return isinstance(self.files, LocalFileSystem)

    def listed(self) -> list[StoredFile]:
        """Every file below it, by path. Raises `Misconfigured` where there is no such folder, `TryLater` where it cannot be looked into."""
        try:
            if not self.files.exists(self.path):
                raise Misconfigured(f"{self.said}: no such folder; expected one that exports are written to")
            found = cast("dict[str, dict[str, Any]]", self.files.find(self.path, detail=True))
        except TROUBLE as error:
            raise TryLater(f"{self.said}: cannot be listed ({_short(error)})") from error
        files = [_file(name, info) for name, info in found.items() if info["type"] == "file"]
        return sorted(files, key=lambda file: file.path)

    def content(self, path: str) -> bytes:
        """A small file, whole."""
        return cast("bytes", self.files.cat_file(path))

    @contextmanager
    def on_disk(self, path: str) -> Iterator[str]:
        """A large file as one of this machine: Arrow's threads and a file of Python's can wait for each other for ever."""
        if self.is_local:
            yield path
            return
        with TemporaryDirectory(prefix="aoai-monitor-") as here:
            copy = f"{here}/{path.rpartition('/')[2]}"
            self.files.get_file(path, copy)
            yield copy


def folder(said: str) -> Folder:
    """Raises `Misconfigured` for a URL that nothing here can open."""
    try:
        if said.startswith(_AZURE):
            arrow, path = ArrowFileSystem.from_uri(said)
            return Folder(ArrowFSWrapper(arrow), path, said)
        files, path = url_to_fs(said)
    except ImportError as error:
        raise Misconfigured(f"{said}: {error}; install that package beside aoai-monitor") from error
    except TROUBLE as error:
        raise Misconfigured(
            f"{said}: {_short(error)}; expected a path, or a URL that fsspec knows"
        ) from error
    return Folder(files, path, said)


def _file(name: str, info: dict[str, Any]) -> StoredFile:
    changed = next((info[key] for key in _CHANGED if info.get(key) is not None), None)
    if isinstance(changed, (int, float)):
        changed = datetime.fromtimestamp(changed, UTC)
    if isinstance(changed, datetime):
        changed = changed if changed.tzinfo else changed.replace(tzinfo=UTC)
    return StoredFile(name, int(info.get("size") or 0), changed if isinstance(changed, datetime) else _EPOCH)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
