"""What works, what is missing, and the exact command that grants it."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import click

from collector.cli.doctor_login import login_checks
from collector.cli.logs import set_up_logging
from collector.cli.shared import BAD, DONE, FAILED, print_json, print_line, say, utc_now
from collector.domain.plain_text import harmless

if TYPE_CHECKING:
    from rich.console import Console

    from collector.doctor import Check
    from collector.settings import Settings

_MARKS: Final = {
    "works": ("✓", "green"),
    "second way": ("~", "yellow"),
    "not set up": ("–", "dim"),
    "not asked": ("?", "yellow"),
    "missing": ("✗", "red"),
    "bad setting": ("✗", "bold red"),
}
_TITLES: Final = {
    "settings": "Settings",
    "database": "Database",
    "login": "Login to the dashboard",
    "mail": "Mail and webhooks",
    "Azure": "Azure",
    "figures": "Figures, and what each needs",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option(
    "--role-json", is_flag=True, help="Print one custom role with every right as JSON, and nothing else."
)
@click.option(
    "--management-group", metavar="NAME", help="Grant on this management group instead of subscriptions."
)
@click.option(
    "--identity", metavar="OBJECT-ID", help="Whom to grant to (default: whom Azure's refusals name)."
)
@click.option(
    "--dashboard",
    is_flag=True,
    help="Look as the dashboard: its database, that it may only read, and its login.",
)
@click.pass_context
def doctor(
    ctx: click.Context,
    as_json: bool,
    role_json: bool,
    management_group: str | None,
    identity: str | None,
    dashboard: bool,
) -> None:
    """Try every endpoint, role and the database; name what is missing and what grants it.

    Exit status: 0 every figure can be had, 1 something is missing, 2 a setting cannot be right.
    """
    from collector import settings

    chosen = settings.load()
    set_up_logging(chosen)
    if role_json:
        _print_role(chosen, management_group, identity)
        return
    found = _look(chosen, management_group, identity, dashboard=dashboard, watched=not as_json)
    if as_json:
        print_json({"ok": all(one.ok for one in found), "checks": [one.as_json() for one in found]})
    else:
        _show(found, management_group)
    ctx.exit(_status(found))


def _status(found: Sequence["Check"]) -> int:
    if any(one.state == "bad setting" for one in found):
        return BAD
    return DONE if all(one.ok for one in found) else FAILED


def _look(
    chosen: "Settings", management_group: str | None, identity: str | None, *, dashboard: bool, watched: bool
) -> list["Check"]:
    from rich.console import Console

    from collector import doctor as checks
    from collector import wiring

    def every() -> Iterator["Check"]:
        parse = () if dashboard else (lambda: wiring.money_rules(chosen), lambda: wiring.telling(chosen))
        yield from checks.settings_checks(parse)
        yield from checks.database_checks(
            lambda: wiring.build_engine(chosen, read_only=True, any_revision=True), dashboard=dashboard
        )
        if dashboard:
            yield from login_checks(chosen)
        else:
            yield from checks.mail_checks(chosen)
            yield from checks.webhook_checks(chosen, utc_now)
            yield from checks.azure_checks(
                wiring.azure_settings(chosen), utc_now(), management_group=management_group, identity=identity
            )
            yield from checks.caller_checks(
                wiring.azure_settings(chosen), chosen.callers.workspaces, utc_now()
            )

    if watched and sys.stderr.isatty():
        with Console(stderr=True).status("asking the database, the mail server and Azure …"):
            return list(every())
    return list(every())


def _print_role(chosen: "Settings", management_group: str | None, identity: str | None) -> None:
    from collector import wiring
    from collector.doctor import readable_subscriptions, role_definition
    from collector.domain import access

    if management_group:
        scopes = [access.management_group_scope(management_group)]
    else:
        named = chosen.subscriptions or readable_subscriptions(wiring.azure_settings(chosen))
        scopes = [access.subscription_scope(one) for one in named]
    print_line(role_definition(scopes))
    say(f"# saved as aoai-monitor-role.json: {access.custom_role_line()}")
    for scope in scopes:
        say(f"# then: {access.custom_assignment_line(scope, identity or '<principal-id>')}")


def _show(found: Sequence["Check"], management_group: str | None) -> None:
    """The report for a person: groups, a line a thing, and at the end every line that mends something, once."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    for group, title in _TITLES.items():
        members = [one for one in found if one.group == group]
        if members:
            _line(console, title, "bold")
            for name in dict.fromkeys(one.what for one in members):
                _show_thing(console, [one for one in members if one.what == name])
            console.print()
    _show_remedies(console, found, management_group)
    _line(console, _verdict(found), "bold")


def _show_remedies(console: "Console", found: Sequence["Check"], management_group: str | None) -> None:
    remedies: dict[str, list[str]] = {}
    for one in found:
        for line in one.remedies:
            role = f" ({one.need.role.value.name})" if one.need and one.need.role else ""
            remedies.setdefault(line, []).append(f"{one.what}{role}")
    if not remedies:
        return
    _line(console, "What mends it", "bold")
    for line, whats in remedies.items():
        _line(console, f"  # {'; '.join(dict.fromkeys(whats))}", "dim")
        _line(console, f"  {line}")
    if any(line.startswith("az role assignment") for line in remedies):
        option = f" --management-group {management_group}" if management_group else ""
        _line(console, "  # or one custom role with every right instead", "dim")
        _line(console, f"  aoai-monitor doctor --role-json{option} > aoai-monitor-role.json")
    console.print()


def _show_thing(console: "Console", members: Sequence["Check"]) -> None:
    worst = max(members, key=lambda one: list(_MARKS).index(one.state))
    mark, style = _MARKS[worst.state]
    good = [one for one in members if one.ok]
    told = worst.found if worst.scope is None else f"{len(good)} of {len(members)} subscriptions"
    _line(console, f"  {mark} {worst.what}: {told}", style)
    if worst.need is not None:
        _line(console, f"      {_needs(worst)}", "dim")
    for one in members:
        if one.scope is not None and one.state != "works":
            _line(console, f"      {_MARKS[one.state][0]} {one.scope}  {one.found}")
    if worst.need is not None and worst.state != "works":
        _line(console, f"      without it: {worst.need.without}", "dim")


def _needs(one: "Check") -> str:
    need = one.need
    assert need is not None
    parts = [
        f"{need.role.value.name} on the {need.smallest_scope}" if need.role else "no role",
        f"{need.provider} registered" if need.provider else None,
        ", ".join(one.hosts),
    ]
    return " · ".join(part for part in parts if part)


def _verdict(found: Sequence["Check"]) -> str:
    wrong = [one for one in found if not one.ok]
    if wrong:
        return f"{len(wrong)} of {len(found)} checks found something missing."
    second = any(one.state == "second way" for one in found)
    return "Every figure can be had, some in a slower way." if second else "Everything works."


def _line(console: "Console", text: str, style: str = "") -> None:
    """Never read as markup, never broken: a command can be copied from it."""
    from rich.text import Text

    console.print(Text(harmless(text), style=style), soft_wrap=True)


COMMANDS = (doctor,)
