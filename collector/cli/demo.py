"""The whole product on one machine, with a pretend Azure: nothing to install, nothing to configure."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import click

from collector.cli.shared import TerminalProgress, say, utc_now

_PATIENCE_SECONDS = 60


@click.command()
@click.option("--port", default=8501, show_default=True, help="Port of the dashboard on 127.0.0.1.")
@click.option(
    "--seed", default=1, show_default=True, help="Which world: the same seed and hour give the same one."
)
@click.option("--subscriptions", default=3, show_default=True, help="Subscriptions of the world.")
@click.option("--accounts", default=12, show_default=True, help="Accounts of the world.")
@click.option("--deployments", default=40, show_default=True, help="Deployments of the world.")
@click.option("--days", default=90, show_default=True, help="Days to collect.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the database here (default: a temporary place).",
)
@click.option("--once", is_flag=True, help="Collect and derive, print where the database is, and end.")
def demo(
    port: int,
    seed: int,
    subscriptions: int,
    accounts: int,
    deployments: int,
    days: int,
    directory: Path | None,
    once: bool,
) -> None:
    """A believable estate over 90 days, collected from a pretend Azure and shown in the dashboard."""
    from collector import wiring
    from collector.settings import Settings
    from collector.simulator.server import Simulator
    from collector.simulator.world import World

    started = time.monotonic()
    place = directory or Path(tempfile.mkdtemp(prefix="aoai-monitor-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{(place / 'demo.db').resolve()}"
    world = World(
        seed=seed,
        subscriptions=subscriptions,
        accounts=accounts,
        deployments=deployments,
        days=days,
        now=utc_now(),
    )
    with Simulator(world, port=0, clock=utc_now) as azure:
        chosen = Settings.model_validate(_settings(url, azure.url, days))
        wiring.set_up_logging(chosen)
        wiring.collect_and_derive(chosen, TerminalProgress() if sys.stderr.isatty() else None)
        if once:
            say(f"database: {url}")
            return
        show = _dashboard(url, port)
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz", show)
            say(
                f"\n  aoai-monitor demo: http://127.0.0.1:{port}   (ready after {time.monotonic() - started:.0f} s, Ctrl-C ends it)\n"
            )
            _keep_collecting(chosen, show)
        except KeyboardInterrupt:
            say("ending")
        finally:
            show.terminate()
            show.wait(timeout=10)


def _settings(url: str, azure: str, days: int) -> dict[str, object]:
    return {
        "database": {"url": url},
        "auth": "none",
        "arm_endpoint": azure,
        "metrics_endpoint": azure,
        "prices_endpoint": azure,
        "collect": {"backfill_days": min(days, 92)},
        "log": {"level": "warning"},
    }


def _dashboard(url: str, port: int) -> "subprocess.Popen[bytes]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AOAI_")}
    environment |= {"AOAI_DATABASE_URL": url, "AOAI_LOG_LEVEL": "warning"}
    command = [sys.executable, "-m", "collector", "dashboard", "--listen", f"127.0.0.1:{port}"]
    return subprocess.Popen(command, env=environment)  # noqa: S603  # our own interpreter and module


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise click.ClickException(
                "the dashboard ended at once; is the port free? choose another with --port"
            )
        try:
            with urlopen(url, timeout=2):  # noqa: S310  # our own loopback address
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise click.ClickException(f"the dashboard did not answer at {url} within {_PATIENCE_SECONDS} s")


def _keep_collecting(chosen: "object", show: "subprocess.Popen[bytes]") -> None:
    from collector import wiring
    from collector.settings import Settings

    assert isinstance(chosen, Settings)
    while show.poll() is None:
        time.sleep(chosen.collect.every_minutes * 60)
        wiring.collect_and_derive(chosen, None)


COMMANDS = (demo,)
