"""The command `aoai-monitor`: words and exit status; the work is done by jobs, store and sources.

Exit status: 0 done, 1 ended partial or failed, 2 bad configuration or arguments.
"""

import os
from typing import Any

import click

from collector.cli import (
    alerting,
    answers,
    collecting,
    costs,
    dashboard,
    database,
    demo,
    doctor,
    report,
    status,
)
from collector.cli.shared import BAD, FAILED, say


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """What is expected to go wrong is said in a line, not as a traceback."""
        from collector.domain.types import Misconfigured, NeedsHuman, TryLater
        from collector.settings import BadSettings
        from collector.store.errors import StoreError

        try:
            return super().invoke(ctx)
        except BadSettings as error:
            for problem in error.problems:
                say(problem)
            ctx.exit(BAD)
        except NeedsHuman as error:
            say(str(error))
            if error.grant:
                say(error.grant)
            ctx.exit(BAD if isinstance(error, Misconfigured) else FAILED)
        except (TryLater, StoreError) as error:
            say(str(error))
            ctx.exit(FAILED)


def _tell_misspelt() -> None:
    """A variable that nothing reads: one letter short, the list of subscriptions would be all of them, without a word."""
    from collector.settings.documented import unknown_variables

    for name, told in unknown_variables(os.environ).items():
        say(f"{name}: {told}")


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="aoai-monitor")
@click.pass_context
def main(ctx: click.Context) -> None:
    """What Azure OpenAI costs you, how much room is left, and what ends when."""
    if ctx.invoked_subcommand != "doctor":  # which has a line for each of them
        _tell_misspelt()


for _command in (
    *demo.COMMANDS,
    *collecting.COMMANDS,
    *costs.COMMANDS,
    *answers.COMMANDS,
    *status.COMMANDS,
    *alerting.COMMANDS,
    *report.COMMANDS,
    *doctor.COMMANDS,
    *dashboard.COMMANDS,
    *database.COMMANDS,
):
    main.add_command(_command)


__all__ = ["main"]
