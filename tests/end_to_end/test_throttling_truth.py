"""Causes that we name against causes that the pretend Azure knows: its limiter works by mechanism and tells why it refused.

The tables stand in docs/room.md; `--rewrite-golden` writes them anew.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.conftest import ROOT
from tests.end_to_end.measured import measured
from tests.end_to_end.room_worlds import Minutes, drawn, estates

DAYS = 7
CLASSES: tuple[str, ...] = ("at the limit", "large max_tokens", "bursts", "service load", "spilled")
CAUSES: tuple[str, ...] = ("at_limit", "max_tokens", "burst", "service_load", "spilled")
TRUE: dict[str, str] = dict(zip(CAUSES, CLASSES, strict=True))
TOLD = {
    "token_limit": "at the limit",
    "request_limit": "at the limit",
    "ptu_full": "at the limit",
    "large_estimates": "large max_tokens",
    "bursts": "bursts",
    "service_load": "service load",
    "spilled_only": "spilled",
    "unknown": "unknown",
}
Confusion = Mapping[str, Counter[str]]
Golden = Callable[[Path, str], None]


def true_cause(world: Minutes) -> str:
    """What refused most; spilled only where nobody was refused."""
    refused = {cause: count for cause, count in world.total.items() if cause != "spilled"}
    return TRUE["spilled" if not any(refused.values()) else max(refused, key=refused.__getitem__)]


def confusion(worlds: Iterable[tuple[str, Minutes]]) -> Confusion:
    """Throttled deployments by true and by diagnosed cause."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for _, world in worlds:
        diagnosis = world.diagnosis()
        if diagnosis is not None:
            found[true_cause(world)][TOLD[diagnosis.cause]] += 1
    return found


def rates(table: Confusion, cause: str) -> tuple[float, float]:
    """Precision and recall."""
    told = sum(row[cause] for row in table.values())
    right = table[cause][cause]
    return right / told if told else 0.0, right / table[cause].total()


def as_text(table: Confusion) -> str:
    shown = [cause for cause in CLASSES if cause in table]
    lines = [
        f"| really \\ told | {' | '.join(shown)} | precision | recall |",
        "| --- |" + " --- |" * (len(shown) + 2),
    ]
    for cause in shown:
        precision, recall = rates(table, cause)
        cells = " | ".join(str(table[cause][other]) for other in shown)
        lines.append(f"| {cause} | {cells} | {precision:.0%} | {recall:.0%} |")
    return "\n".join(lines)


def test_causes_in_believable_estates_are_told_right(golden: Golden) -> None:
    table = confusion(estates(DAYS))

    measured(golden, ROOT / "docs" / "room.md", "estates", as_text(table))
    assert dict.fromkeys(CLASSES, (1.0, 1.0)) == {cause: rates(table, cause) for cause in CLASSES}


def test_causes_of_deployments_drawn_at_random_are_mostly_told_right(golden: Golden) -> None:
    """Seeds that the rule was never tried on while it was made; mixtures count by what refused most."""
    table = confusion(drawn(DAYS, 400, seed=9000))

    measured(golden, ROOT / "docs" / "room.md", "drawn", as_text(table))
    shown = [cause for cause in CLASSES if cause in table]
    right = sum(table[cause][cause] for cause in shown) / sum(table[cause].total() for cause in shown)
    assert right >= 0.88
    assert all(min(rates(table, cause)) >= 0.5 for cause in shown)


def test_each_429_is_classed_by_its_minute(golden: Golden) -> None:
    """At or below the limit, of every single 429: what shares a minute with a full limit is told with it."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for _, world in [*estates(DAYS, seeds=3), *drawn(DAYS, 100, seed=9001)]:
        classes = world.classes()
        for cause in ("at_limit", "max_tokens", "burst", "service_load"):
            for told, counts in (
                ("at the limit", classes.at_limit),
                ("below the limit", classes.below_limit),
            ):
                found[TRUE[cause]][told] += int(world.refused[cause][counts > 0].sum())
        found["spilled"]["spilled"] += int(classes.spilled.sum())

    told = ("at the limit", "below the limit", "spilled")
    lines = [f"| really \\ told | {' | '.join(told)} | told right |", "| --- | --- | --- | --- | --- |"]
    for cause in CLASSES:
        right = cause if cause in told else "below the limit"
        row = found[cause]
        cells = " | ".join(f"{row[one]:,}" for one in told)
        lines.append(f"| {cause} | {cells} | {row[right] / row.total():.1%} |")
    measured(golden, ROOT / "docs" / "room.md", "minutes", "\n".join(lines))
    assert found["at the limit"]["at the limit"] >= 0.99 * found["at the limit"].total()
    assert found["spilled"].total() == found["spilled"]["spilled"]
