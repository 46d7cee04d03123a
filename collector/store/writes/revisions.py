"""How a deployment's history grows when ARM is looked at: pure decisions about revisions.

A revision starts when ARM says that the deployment was modified, if that lies between the two looks, else at
the look that found it. Before the first look, the oldest known state is assumed from creation on.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from collector.domain.types import Deployment
from collector.store.revision import Revision

ASKABLE = timedelta(days=93)
"""How far back Azure answers: where a creation is not told, nothing older can ever be asked about."""

_DEFINING = (
    "format",
    "model",
    "version",
    "sku",
    "capacity",
    "limit_tpm",
    "limit_rpm",
    "upgrade_option",
    "spillover_to",
    "content_filter",
    "service_tier",
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds of a deployment before a look; `newest` is None where only metrics know it."""

    last_seen_at: datetime
    created_at: datetime | None
    deleted_at: datetime | None
    account_deleted: bool
    newest: Revision | None


@dataclass(frozen=True, slots=True)
class Change:
    """Revisions to write, and from when on figures must be worked out anew (None: from nowhere)."""

    revisions: tuple[Revision, ...] = ()
    since: datetime | None = None


def first_look(seen: Deployment, looked_at: datetime | None, at: datetime) -> Change:
    """The history of a deployment that no inventory has held before.

    Where its account was looked at before and it was not there, it was made in between; else the time since
    its creation is assumed.
    """
    if looked_at is not None:
        made = _latest_between(looked_at, at, seen.created_at)
        return Change((_revision(seen, made),), made)
    since = seen.created_at or at - ASKABLE
    now = _revision(seen, at)
    if since >= at:
        return Change((now,), at)
    return Change((replace(now, starts_at=since, ends_at=at, assumed=True), now), since)


def next_look(known: Known, seen: Deployment, at: datetime) -> Change:
    """What a further look adds: nothing where nothing changed."""
    newest = known.newest
    assert newest is not None
    if known.deleted_at is not None and (known.account_deleted or not _was_there_all_along(known, seen)):
        made = max(_latest_between(known.deleted_at, at, seen.created_at), known.deleted_at)
        return Change((_revision(seen, made),), made)
    if _defining(newest) == _defining(seen):
        return _confirmed(newest, seen)
    changed = _latest_between(known.last_seen_at, at, seen.created_at, seen.modified_at)
    if changed <= newest.starts_at:  # the clock went back, or two looks within one second
        return Change((_revision(seen, newest.starts_at),), newest.starts_at)
    since = min(changed, newest.ends_at or changed)
    return Change((replace(newest, ends_at=changed), _revision(seen, changed)), since)


def ended(newest: Revision | None, at: datetime) -> Change:
    """It is no longer there: a first absence that was seen at `at`."""
    if newest is None or newest.ends_at is not None:
        return Change()
    last = max(at, newest.starts_at)
    return Change((replace(newest, ends_at=last),), last)


def _confirmed(newest: Revision, seen: Deployment) -> Change:
    """The same deployment still; its base model may be known only now, and a list may have left it out once."""
    kept = replace(
        newest,
        ends_at=None,
        state=seen.state,
        base_model=seen.base_model or newest.base_model,
        base_version=seen.base_version or newest.base_version,
    )
    if kept == newest:
        return Change()
    if (kept.base_model, kept.base_version) != (newest.base_model, newest.base_version):
        return Change((kept,), newest.starts_at)
    return Change((kept,), newest.ends_at)


def _was_there_all_along(known: Known, seen: Deployment) -> bool:
    """A list that left it out once, not a deletion: it bears the creation that it bore before."""
    return seen.created_at is not None and seen.created_at == known.created_at


def _latest_between(after: datetime, at: datetime, *told: datetime | None) -> datetime:
    """The latest of the told instants that lie between the two looks, else the look itself."""
    return max((instant for instant in told if instant is not None and after < instant < at), default=at)


def _defining(state: Revision | Deployment) -> tuple[Any, ...]:
    return tuple(getattr(state, name) for name in _DEFINING)


def _revision(seen: Deployment, starts_at: datetime) -> Revision:
    return Revision(
        starts_at=starts_at,
        ends_at=None,
        **{name: getattr(seen, name) for name in (*_DEFINING, "state", "base_model", "base_version")},
        assumed=False,
    )
