"""The whole product on one machine, with a pretend Azure: nothing to install, nothing to configure."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import click

from collector.cli.logs import set_up_logging
from collector.cli.shared import TerminalProgress, say

_PATIENCE_SECONDS = 60
_BUDGETS = """\
[[budgets]]
name = "Everything"
amount = 190000
currency = "USD"

[[budgets]]
name = "payments"
amount = 80000
currency = "USD"
team = "payments"

[[budgets]]
name = "gpt-5.4 trial"
amount = 1500
currency = "USD"
model = "gpt-5.4"
"""


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
@click.option("--exports", is_flag=True, help="Read the bill from exports, not by Cost Management's query.")
@click.option("--once", is_flag=True, help="Collect and derive, print where the database is, and end.")
def demo(
    port: int,
    seed: int,
    subscriptions: int,
    accounts: int,
    deployments: int,
    days: int,
    directory: Path | None,
    exports: bool,
    once: bool,
) -> None:
    """A believable estate over 90 days, collected from a pretend Azure and shown in the dashboard."""
    started = time.monotonic()
    # Ended by another program, too, it takes its two processes with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if not once:
        _refuse_taken(port)
    place = directory or Path(tempfile.mkdtemp(prefix="aoai-monitor-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{(place / 'demo.db').resolve()}"
    size: dict[str, object] = {
        "seed": seed,
        "subscriptions": subscriptions,
        "accounts": accounts,
        "deployments": deployments,
        "days": days,
    }
    folder = str((place / "exports").resolve()) if exports else ""
    if folder:
        size["exports"] = folder
    with _azure(size) as azure:
        # While it comes up, what speaks to it is imported, which takes as long.
        from collector import wiring
        from collector.settings import Settings

        chosen = Settings.model_validate(_settings(azure.url, url, days, folder))
        set_up_logging(chosen)
        wiring.prepare(chosen)
        wiring.build_sources(chosen)
        azure.wait()
        progress = TerminalProgress() if sys.stderr.isatty() else None
        # Bill, latencies and capacities are slow to read and no first screen waits for them: they come while people look.
        wiring.collect_once(chosen, progress, first=not once)
        if once:
            wiring.derive_once(chosen, progress)
            wiring.look_at_alerts(chosen)
            say(f"database: {url}")
            return
        config = place / "aoai-monitor.toml"
        config.write_text(_BUDGETS, encoding="utf-8")
        told = {"AOAI_DATABASE_URL": url, "AOAI_CONFIG": str(config.resolve())}
        # The pretend Azure rests by now: the dashboard comes up on its core while figures are worked out.
        with _process("dashboard", "--listen", f"127.0.0.1:{port}", **told) as show:
            wiring.derive_once(chosen, progress)
            where = f"http://127.0.0.1:{port}"
            _wait_for(f"{where}/healthz", show, "the dashboard")
            ready = time.monotonic() - started
            say(f"\n  aoai-monitor demo: {where}   (ready after {ready:.0f} s, Ctrl-C ends it)\n")
            try:
                while show.poll() is None:
                    wiring.collect_once(chosen, None)
                    wiring.derive_once(chosen, None)
                    wiring.look_at_alerts(chosen)
                    time.sleep(chosen.collect.every_minutes * 60)
            except KeyboardInterrupt:
                say("ending")


def _refuse_taken(port: int) -> None:
    """Said at once: the dashboard, which would find out, starts when everything is collected."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except (OSError, OverflowError) as error:
        raise click.ClickException(
            f"cannot listen on 127.0.0.1:{port} ({error}); choose another with --port"
        ) from error


@dataclass(frozen=True, slots=True)
class _Azure:
    url: str
    wait: Callable[[], None]


@contextmanager
def _azure(size: Mapping[str, object]) -> Iterator[_Azure]:
    """The pretend Azure in a process of its own, so that it and the collector each have a core; to be waited for."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = [word for name, value in size.items() for word in (f"--{name}", str(value))]
    with _process("simulate", "--port", str(port), *options) as azure:
        url = f"http://127.0.0.1:{port}"
        yield _Azure(url, lambda: _wait_for(f"{url}/_sim/stats", azure, "the pretend Azure"))


@contextmanager
def _process(*arguments: str, **settings: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Another of our commands, ended with this one. It sees no setting but those named."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AOAI_")}
    environment |= {"AOAI_LOG_LEVEL": "warning", **settings}
    command = [sys.executable, "-m", "collector", *arguments]
    process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
        command, env=environment, stderr=None if "dashboard" in arguments else subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


def _settings(azure: str, url: str, days: int, exports: str) -> dict[str, object]:
    return {
        "database": {"url": url},
        "auth": "none",
        "arm_endpoint": azure,
        "metrics_endpoint": azure,
        "prices_endpoint": azure,
        "collect": {"backfill_days": min(days, 92)},
        "bills": {"exports": exports},
        "budgets": tomllib.loads(_BUDGETS)["budgets"],
        # No mail server: what the letters say can be read on the Alerts screen.
        "mail": {"to": ["platform@example.com"]},
        "log": {"level": "warning"},
    }


def _wait_for(url: str, process: "subprocess.Popen[bytes]", what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise click.ClickException(f"ended at once: {what}")
        try:
            with urlopen(url, timeout=2):  # noqa: S310  # our own loopback address
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise click.ClickException(f"no answer at {url} within {_PATIENCE_SECONDS} s from {what}")


COMMANDS = (demo,)
