"""The dashboard's own process."""

from collections.abc import Iterable

import click

from collector.cli.logs import set_up_logging
from collector.cli.shared import say
from collector.domain.places import host_and_port


@click.command()
@click.option(
    "--listen", help="host:port to listen on (default: AOAI_DASHBOARD_LISTEN, else 127.0.0.1:8501)."
)
def dashboard(listen: str | None) -> None:
    """Show the figures in a browser; reads the store and nothing else."""
    from collector import settings, wiring
    from dashboard import server, store
    from dashboard.listening import told

    chosen = settings.load()
    set_up_logging(chosen)
    wiring.build_engine(chosen, read_only=True).dispose()
    try:
        host, port = host_and_port(listen or chosen.dashboard.listen or "127.0.0.1:8501")
    except ValueError as error:
        raise click.UsageError(f"--listen {listen!r}: {error}") from error
    store.log_in_with(wiring.database_password(chosen))
    server.run(host, port, ready=lambda: _tell(told(chosen, host, port), chosen.log.level))


def _tell(lines: Iterable[str], level: str) -> None:
    """`demo`, which starts it with less to say, has words of its own."""
    for line in lines:
        if level in {"debug", "info"} or line.startswith("warning"):
            say(line)


COMMANDS = (dashboard,)
