"""The dashboard's own process."""

import click


@click.command()
@click.option(
    "--listen", help="host:port to listen on (default: AOAI_DASHBOARD_LISTEN, else 127.0.0.1:8501)."
)
def dashboard(listen: str | None) -> None:
    """Show the figures in a browser; reads the store and nothing else."""
    from collector import settings, wiring
    from dashboard import server, store

    chosen = settings.load()
    wiring.set_up_logging(chosen)
    wiring.build_engine(chosen, read_only=True).dispose()
    host, _, port = (listen or chosen.dashboard.listen or "127.0.0.1:8501").rpartition(":")
    if not port.isdigit() or not host:
        raise click.UsageError(f"--listen {listen!r}: expected host:port such as 127.0.0.1:8501")
    store.log_in_with(wiring.database_password(chosen))
    server.run(host, int(port))


COMMANDS = (dashboard,)
