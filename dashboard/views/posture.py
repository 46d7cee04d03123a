"""Security and residency of each account, and what a strict reading would ask about."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collector.domain.advice.types import resides
from collector.domain.room.quotas import scope_of
from collector.store.reads.posture import PostureRow
from dashboard.tables import Column, Table, table
from dashboard.views import Tile
from dashboard.words import room as words

_REACHES = {"location": "location", "data_zone": "data zone", "global": "world"}
_NO_FILTER = "no filter named"
_FAR = ("global", "data_zone", "location")


@dataclass(frozen=True, slots=True)
class PostureView:
    tiles: tuple[Tile, ...]
    accounts: Table
    deployments: Table


def posture_view(rows: Sequence[PostureRow], names: Mapping[str, str]) -> PostureView:
    return PostureView(_tiles(rows), posture_table(rows, names), _deployments(rows))


def posture_table(rows: Sequence[PostureRow], names: Mapping[str, str]) -> Table:
    return table(
        "posture",
        (
            Column("account", "Account", width="medium"),
            Column("account_id", "Account id", screen=False),
            Column("deviates", "Deviates", help=words.DEVIATES_COLUMN, width=520),
            Column("location", "Location"),
            Column("subscription", "Subscription"),
            Column("public", "Public network"),
            Column("endpoints", "Private endpoints", "count"),
            Column("keys", "Keys"),
            Column("identity", "Identity"),
            Column("customer_key", "Encrypted with"),
            Column("residency", "Processed in", width="medium"),
            Column("filters", "Content filters", width="medium"),
            Column("kind", "Kind"),
        ),
        [
            {
                "account": row.name,
                "account_id": row.account,
                "subscription": names.get(row.subscription_id, row.subscription_id),
                "location": row.location,
                "deviates": ", ".join(deviations(row)) or None,
                "public": _told(row.public_network_access, "open", "closed"),
                "endpoints": row.private_endpoints,
                "keys": _told(row.local_auth_disabled, "not allowed", "allowed"),
                "identity": row.identity or "none told",
                "customer_key": _told(row.customer_managed_key, "customer's key", "Microsoft's key"),
                "residency": _counted(_REACHES[scope_of(f"x.{one.sku}", row.location).reach] for one in row.deployments),
                "filters": _counted(one.content_filter or _NO_FILTER for one in row.deployments),
                "kind": row.kind,
            }
            for row in rows
        ],
    )  # fmt: skip


def deviations(row: PostureRow) -> list[str]:
    """Only what Azure said: a fact that is unknown deviates from nothing."""
    beyond = sum(scope_of(f"x.{one.sku}", row.location).reach == "global" for one in row.deployments)
    unnamed = sum(one.content_filter is None for one in row.deployments)
    found = [
        (row.public_network_access is True, "reached from public networks"),
        (row.public_network_access is True and row.private_endpoints == 0, "no private endpoint"),
        (row.local_auth_disabled is False, "keys are allowed"),
        (row.customer_managed_key is False, "no customer-managed key"),
        (beyond > 0, f"{beyond} processed anywhere in the world"),
        (unnamed > 0, f"{unnamed} without a named content filter"),
    ]
    return [text for wrong, text in found if wrong]


def _tiles(rows: Sequence[PostureRow]) -> tuple[Tile, ...]:
    """How many of those of which Azure said so; what it did not say counts in neither number."""
    deployed = [(one, row.location) for row in rows for one in row.deployments]
    return (
        _part(words.PUBLIC, [row.public_network_access for row in rows], words.PUBLIC_HELP),
        _part(words.KEYS, [_not(row.local_auth_disabled) for row in rows], words.KEYS_HELP),
        _part(
            words.MICROSOFTS_KEY, [_not(row.customer_managed_key) for row in rows], words.MICROSOFTS_KEY_HELP
        ),
        _part(
            words.WORLDWIDE, [_reach(one.sku, at) == "global" for one, at in deployed], words.WORLDWIDE_HELP
        ),
        _part(words.UNFILTERED, [one.content_filter is None for one, _ in deployed], words.UNFILTERED_HELP),
    )


def _part(label: str, said: Sequence[bool | None], help: str) -> Tile:
    known = [one for one in said if one is not None]
    silent = len(said) - len(known)
    return Tile(label, f"{sum(known)} of {len(known)}", help + (words.not_said(silent) if silent else ""))


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _reach(sku: str, location: str) -> str:
    return scope_of(f"x.{sku}", location).reach


def _deployments(rows: Sequence[PostureRow]) -> Table:
    """Those whose prompts go farthest first."""
    found = [(_FAR.index(_reach(one.sku, row.location)), row, one) for row in rows for one in row.deployments]
    return table(
        "posture-deployments",
        (
            Column("deployment", "Deployment", width="medium"),
            Column("processed", "Prompts are processed", width=230),
            Column("sku", "SKU"),
            Column("stored", "Data at rest"),
            Column("filter", "Content filter"),
            Column("account", "Account"),
            Column("account_id", "Account id", screen=False),
        ),
        [
            {
                "deployment": one.name,
                "sku": one.sku,
                "processed": resides(one.sku, row.location),
                "stored": row.location,
                "filter": one.content_filter or _NO_FILTER,
                "account": row.name,
                "account_id": row.account,
            }
            for _, row, one in sorted(found, key=lambda one: (one[0], one[1].name, one[2].name))
        ],
    )


def _told(value: bool | None, yes: str, no: str) -> str | None:
    return None if value is None else yes if value else no


def _counted(values: Iterable[str]) -> str | None:
    counts = Counter(values)
    return ", ".join(f"{name} ({count})" for name, count in sorted(counts.items())) or None
