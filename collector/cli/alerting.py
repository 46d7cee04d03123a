"""Alerts on a terminal: look and write, see what is open, and say what is done about it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from collector.cli.logs import set_up_logging
from collector.cli.shared import DONE, FAILED, print_json, print_line, print_table, say, utc_now

SHORT = 8
"""Signs of an alert's short name: enough to tell any alerts apart that a person types."""


@click.group(invoke_without_command=True)
@click.option("--dry-run", is_flag=True, help="Show what would be told and written; store and send nothing.")
@click.pass_context
def alert(ctx: click.Context, dry_run: bool) -> None:
    """Look at all rules, write letters and send what waits; or one of the commands below."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(run, dry_run=dry_run)


@alert.command()
@click.option("--dry-run", is_flag=True, help="Show what would be told and written; store and send nothing.")
@click.option("--no-send", is_flag=True, help="Write letters, but leave the sending to others.")
@click.option("--no-wait", is_flag=True, help="Exit with 1 when another process does it, instead of waiting.")
@click.pass_context
def run(ctx: click.Context, dry_run: bool, no_send: bool, no_wait: bool) -> None:
    """One pass over all rules, then one round of the outbox."""
    from collector import settings, wiring
    from collector.jobs.alert import alert as look
    from collector.jobs.outbox import send_letters

    chosen = settings.load()
    set_up_logging(chosen)
    how = wiring.telling(chosen)
    engine = wiring.build_engine(chosen)
    found = look(engine, how.look, how.rules, how.writing, utc_now(), wait=not no_wait, dry_run=dry_run)
    for event in found.events:
        print_line(f"{event.kind.replace('_', ' ')}: {event.detail}  [{event.key}]")
    for letter in found.letters:
        print_line(f"{'would write' if dry_run else 'wrote'} to {', '.join(letter.to)}: {letter.subject}")
    for why in found.refused:
        say(f"refused: {why}")
    say(str(found))
    if dry_run or no_send:
        return
    sent = send_letters(engine, how.post, utc_now, wait=not no_wait)
    say(str(sent))
    ctx.exit(FAILED if sent.given_up else DONE)


@alert.command()
@click.argument("rule")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the HTML part to this file."
)
def preview(rule: str, html: Path | None) -> None:
    """The letter of a rule, rendered from a made-up example."""
    from collector import settings, wiring
    from collector.domain.alerts.table import RULES
    from collector.reports.letters.preview import preview as render

    if rule not in RULES:
        raise click.UsageError(f"no rule {rule!r}: expected one of {', '.join(RULES)}")
    letter = render(rule, wiring.writing_of(settings.load()), "somebody@example.com")
    if html is not None:
        html.write_text(letter.html, encoding="utf-8")
        say(f"written to {html}")
    print_line(f"Subject: {letter.subject}\n")
    print_line(letter.text)


@alert.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, for scripts.")
def list_alerts(everything: bool, as_json: bool) -> None:
    """Alerts that are open or acknowledged, the most urgent first."""
    from collector import settings, wiring
    from collector.domain.alerts.rules import SEVERITIES
    from collector.store.reads import alerts

    with wiring.reading(settings.load()) as connection:
        rows = alerts.alert_rows(connection, () if everything else ("open", "acknowledged"))
    ranks = {str(severity): rank for severity, rank in SEVERITIES.items()}
    rows.sort(key=lambda row: (row.status, -ranks[row.severity], row.due_on or date.max, row.key))
    if as_json:
        print_json({"alerts": [_as_json(row) for row in rows]})
        return
    print_table(
        ("id", "state", "severity", "due", "since", "owner", "what"),
        (
            (
                short(row.key),
                row.status,
                row.severity,
                row.due_on.isoformat() if row.due_on else "",
                row.opened_at.date().isoformat(),
                row.owner or "",
                row.title,
            )
            for row in rows
        ),
    )
    if not rows:
        print_line("No alert is open.")


@alert.command()
@click.argument("key")
def show(key: str) -> None:
    """One alert whole: its figures, what to do, and what happened to it. KEY is its id or its whole key."""
    from collector import settings, wiring
    from collector.store.reads import alerts

    with wiring.reading(settings.load()) as connection:
        state = alerts.state(connection, _key(connection, key))
        assert state is not None
        events = alerts.alert_events(connection, key=state.key)
    evidence = state.finding.evidence
    print_line(f"{evidence.title}\n{evidence.headline}\n")
    print_line(f"key: {state.key}\nstate: {state.status}{f' ({state.why})' if state.why else ''}")
    for label, value in evidence.facts:
        print_line(f"{label}: {value}")
    print_line(f"If nothing is done: {evidence.if_nothing}")
    for step in evidence.next_steps:
        print_line(f"- {step.text}")
    for event in reversed(events):
        by = f" by {event.who}" if event.who else ""
        print_line(f"{event.at:%Y-%m-%d %H:%M} {event.kind.replace('_', ' ')}{by}: {event.detail}")


@alert.command()
@click.option("--given-up", is_flag=True, help="Only letters that were given up.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, for scripts.")
def letters(given_up: bool, as_json: bool) -> None:
    """The outbox: what waits and why, what was sent, what was given up."""
    from collector import settings, wiring
    from collector.store.reads import alerts
    from collector.store.writes.alerts import GIVEN_UP

    with wiring.reading(settings.load()) as connection:
        rows = alerts.letter_rows(connection, status=GIVEN_UP if given_up else None, limit=200)
    if as_json:
        print_json(
            {
                "letters": [
                    {name: _plain(getattr(row, name)) for name in type(row).__dataclass_fields__}
                    for row in rows
                ]
            }
        )
        return
    print_table(
        ("written", "state", "to", "subject", "why"),
        (
            (f"{row.written_at:%Y-%m-%d %H:%M}", row.status, row.recipient, row.subject, row.error or "")
            for row in rows
        ),
    )


@alert.command()
@click.argument("message_id")
@click.pass_context
def resend(ctx: click.Context, message_id: str) -> None:
    """Take up a letter again that was given up; its Message-ID stays."""
    from collector import settings, wiring
    from collector.store.engine import retrying
    from collector.store.writes.alerts import send_again

    engine = wiring.build_engine(settings.load())
    if not retrying(engine, lambda connection: send_again(connection, message_id, at=utc_now())):
        say(f"no letter {message_id!r} was given up; `aoai-monitor alert letters --given-up` lists them")
        ctx.exit(FAILED)


def _about_action(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--why", required=True, help="The reason, kept with the alert.")(command)
    command = click.option("--who", required=True, help="Who does it, kept with the alert.")(command)
    return click.argument("key")(command)


@alert.command()
@_about_action
@click.option(
    "--until",
    help="A day such as 2027-03-31 or a span such as 14d; then one reminder (default: until the fact changes).",
)
def acknowledge(key: str, who: str, why: str, until: str | None) -> None:
    """Silence about KEY, unless it becomes worse or its date moves."""
    _ask(key, "acknowledge", who, why, _instant(until) if until else None)


@alert.command()
@_about_action
@click.option("--until", required=True, help="A day such as 2027-03-31 or a span such as 14d.")
def snooze(key: str, who: str, why: str, until: str) -> None:
    """Silence about KEY until a day, then one reminder."""
    _ask(key, "acknowledge", who, why, _instant(until))


@alert.command()
@_about_action
def resolve(key: str, who: str, why: str) -> None:
    """Close KEY by hand; it stays closed until the fact changes."""
    _ask(key, "resolve", who, why, None)


@alert.command()
@_about_action
def reopen(key: str, who: str, why: str) -> None:
    """Take KEY up again that was set aside."""
    _ask(key, "reopen", who, why, None)


def short(key: str) -> str:
    """What people type in place of an alert's whole key."""
    return sha256(key.encode()).hexdigest()[:SHORT]


def _ask(key: str, kind: Any, who: str, why: str, until: datetime | None) -> None:
    from collector import settings, wiring
    from collector.domain.alerts.types import Action
    from collector.store.engine import retrying
    from collector.store.reads import alerts
    from collector.store.writes.alerts import ask_for

    now = utc_now().replace(microsecond=0)
    engine = wiring.build_engine(settings.load())
    with engine.connect() as connection:
        whole = _key(connection, key)
        refusal = Action(whole, kind, now, who, why, until).refusal(alerts.state(connection, whole), now)
    if refusal:
        raise click.UsageError(f"{key}: {refusal}")
    retrying(engine, lambda connection: ask_for(connection, Action(whole, kind, now, who, why, until)))
    say("noted; the next pass does it (at once with `aoai-monitor alert run`)")


def _key(connection: Any, text: str) -> str:
    """The whole key of an alert that is named by its id, its key, or the beginning of one of them."""
    from collector.store.reads import alerts

    keys = [row.key for row in alerts.alert_rows(connection)]
    if text in keys:
        return text
    found = [key for key in keys if key.startswith(text) or short(key).startswith(text)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise click.UsageError(
            f"no alert {text!r}: `aoai-monitor alert list --all` shows them with their ids"
        )
    raise click.UsageError(f"{text!r} names {len(found)} alerts: expected the whole id of one")


def _instant(text: str) -> datetime:
    """The beginning of a UTC day, or so many days or hours from now."""
    units = {"d": timedelta(days=1), "h": timedelta(hours=1), "w": timedelta(weeks=1)}
    if text[:-1].isdecimal() and text[-1] in units:
        return (utc_now() + int(text[:-1]) * units[text[-1]]).replace(microsecond=0)
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError as error:
        raise click.UsageError(
            f"--until {text!r}: expected a day such as 2027-03-31 or a span such as 14d"
        ) from error


def _as_json(row: Any) -> dict[str, Any]:
    values = {name: _plain(getattr(row, name)) for name in type(row).__dataclass_fields__}
    return {"id": short(row.key), **values}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value


COMMANDS = (alert,)
