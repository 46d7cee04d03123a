"""The command `aoai-monitor`: words and exit status; the work is done by jobs, store and sources.

Exit status: 0 done, 1 ended partial or failed, 2 bad configuration or arguments.
"""

from typing import Any

import click

from collector.cli import alerting, answers, collecting, dashboard, database, demo, doctor, report, status
from collector.cli.shared import BAD, FAILED, say


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """What is expected to go wrong is said in a line, not as a traceback."""
        from collector.domain.types import Misconfigured, NeedsHuman, TryLater
        from collector.settings import BadSettings

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
        except TryLater as error:
            say(str(error))
            ctx.exit(FAILED)


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="aoai-monitor")
def main() -> None:
    """What Azure OpenAI costs you, how much room is left, and what ends when."""


for _command in (
    *demo.COMMANDS,
    *collecting.COMMANDS,
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
