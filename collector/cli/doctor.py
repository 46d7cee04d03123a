"""What works, what is missing, and the exact command that grants it."""

import click

from collector.cli.shared import FAILED, print_json, say


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Try every endpoint, role and the database; name what is missing and what grants it."""
    from collector import settings, wiring

    checks = list(wiring.doctor_checks(settings.load()))
    if as_json:
        print_json({"checks": [check.as_json() for check in checks]})
    else:
        for check in checks:
            say(f"{'ok      ' if check.ok else 'MISSING '} {check.what}: {check.found}")
            if check.remedy:
                say(f"         {check.remedy}")
    if not all(check.ok for check in checks):
        ctx.exit(FAILED)


COMMANDS = (doctor,)
