"""The pretend Azure alone, until it is told to stop."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from collector.simulator.exports import write_months
from collector.simulator.faults import Fault
from collector.simulator.server import Simulator
from collector.simulator.world import World


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="simulate", description="A pretend Azure on 127.0.0.1.")
    p.add_argument("--port", type=int, default=8790, help="0 takes a free one (default 8790)")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--subscriptions", type=int, default=3)
    p.add_argument("--accounts", type=int, default=12)
    p.add_argument("--deployments", type=int, default=40)
    p.add_argument("--days", type=int, default=90, help="days of history before now")
    p.add_argument(
        "--now", help="the instant it is, such as 2026-11-22T12:00:00Z (default: the real one, running)"
    )
    p.add_argument("--anchor", help="the instant the world's history is told from (default: --now)")
    p.add_argument("--hostile", action="store_true", help="names with markup, quotes and formula starters")
    p.add_argument(
        "--disagreeing", action="store_true", help="one account's two metric families differ by 4 %%"
    )
    p.add_argument("--euro", action="store_true", help="the last subscription is billed in EUR")
    p.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KEY=VALUE,...",
        help="such as kind=throttle,match=getBatch,times=3,retry_after=1 (times=0: always)",
    )
    p.add_argument(
        "--exports",
        type=Path,
        metavar="FOLDER",
        help="also write the bill there, a run a month, as Cost Management exports it (FOCUS)",
    )
    return p


def main(argv: Sequence[str] | None = None) -> int:
    p = parser()
    given = p.parse_args(argv)
    try:
        faults = [Fault.parse(text) for text in given.fault]
        now = datetime.fromisoformat(given.now) if given.now else datetime.now(UTC)
        anchor = datetime.fromisoformat(given.anchor) if given.anchor else now
        world = World(
            given.seed,
            given.subscriptions,
            given.accounts,
            given.deployments,
            given.days,
            now=anchor,
            hostile=given.hostile,
            euro=given.euro,
            disagreeing=given.disagreeing,
        )
    except (ValueError, TypeError) as error:
        p.error(str(error))
    if given.exports:
        write_months(world, given.exports, now)
    serve(world, given.port, now, running=given.now is None, faults=faults)
    return 0


def serve(
    world: World,
    port: int = 0,
    now: datetime | None = None,
    running: bool = True,
    faults: Sequence[Fault] = (),
) -> None:
    """Serve until SIGINT or SIGTERM."""
    simulator = Simulator(world, port)
    simulator.set_clock(now or world.now, running=running)
    simulator.weather.set(list(faults))

    def leave(signum: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)
    sys.stderr.write(f"The pretend Azure listens on {simulator.url} (seed {world.size.seed}).\n")
    sys.stderr.flush()
    try:
        simulator.serve_forever()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        simulator.stop()
