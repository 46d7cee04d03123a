"""What is ours: settings, database, mail server, webhooks."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from collector.delivery.mail import Mail, smtp_server
from collector.delivery.post import parse_webhooks
from collector.delivery.webhook import BadWebhook, WebhookSender
from collector.doctor.checks import Check
from collector.domain.types import Misconfigured, NeedsHuman, TryLater
from collector.settings import BadSettings, Settings
from collector.settings.documented import unknown_variables
from collector.store import distribute, grants, schema, tables
from collector.store.engine import Engine, where
from collector.store.errors import NoDatabaseYet, clear_errors

UPGRADE: Final = "aoai-monitor db upgrade"


def settings_checks(
    parse: Iterable[Callable[[], object]], environment: Mapping[str, str] | None = None
) -> Iterator[Check]:
    """Variables that no setting knows, and the lists of the file, each read by whoever uses it."""
    for name, told in unknown_variables(os.environ if environment is None else environment).items():
        yield Check("settings", name, "missing", told, (f"unset {name}",))
    problems: list[str] = []
    for one in parse:
        try:
            one()
        except BadSettings as error:
            problems += error.problems
        except Misconfigured as error:
            problems.append(str(error))
    for problem in dict.fromkeys(problems):
        yield Check("settings", "configuration", "bad setting", problem)
    if not problems:
        yield Check("settings", "configuration", "works", "every setting and every list can be read")


def database_checks(open_store: Callable[[], Engine], *, dashboard: bool) -> Iterator[Check]:
    """The revision, and whether the role may do what its program does: the collector write, the dashboard not."""
    try:
        engine = open_store()
        state = schema.check(engine)
    except NoDatabaseYet as error:
        yield Check("database", "database", "missing", str(error), (UPGRADE,))
        return
    except Misconfigured as error:
        yield Check("database", "database", "bad setting", str(error))
        return
    except (NeedsHuman, TryLater) as error:
        yield Check("database", "database", "missing", str(error))
        return
    with_rows = state.status == "current"
    yield Check(
        "database",
        where(engine).removeprefix("the database "),
        "works" if with_rows else "missing",
        str(state),
        (UPGRADE,) if state.status in {"empty", "behind"} else (),
    )
    if with_rows and engine.dialect.name == "postgresql":
        yield _rights(engine, dashboard=dashboard)
        yield from _layout(engine)
    engine.dispose()


def _rights(engine: Engine, *, dashboard: bool) -> Check:
    role = engine.url.username or "the database role"
    with clear_errors(where(engine)), engine.connect() as connection:
        writable = set(grants.writable_tables(connection))
    if dashboard:
        if not writable:
            return Check(
                "database",
                f"role {role}",
                "works",
                "reads everything, and inserts what people do with alerts only",
            )
        return Check(
            "database",
            f"role {role}",
            "missing",
            f"may change {_few(writable)}, though the dashboard only reads: give it a role of its own",
            ("aoai-monitor db grant --role aoai_dashboard --run",),
        )
    lacking = set(tables.metadata.tables) - set(grants.INSERTABLE) - writable
    if lacking:
        return Check(
            "database",
            f"role {role}",
            "missing",
            f"may not write {_few(lacking)}: the collector needs the role that owns the tables",
        )
    return Check("database", f"role {role}", "works", "may write, as the collector must")


def _layout(engine: Engine) -> Iterator[Check]:
    """Nothing is said where nothing is distributed, or everything."""
    if local := distribute.yet_to_be_spread(engine):
        yield Check(
            "database",
            "layout",
            "second way",
            f"{_few(local)} on the coordinator alone, the others spread over the nodes: rows travel at each question",
            ("aoai-monitor db distribute",),
        )
    if told := distribute.advice(engine):
        yield Check("database", "layout", "second way", told)


def mail_checks(settings: Settings) -> Iterator[Check]:
    """Whether the mail server takes our login; nothing is sent."""
    if not settings.smtp.url:
        yield Check("mail", "mail server", "not set up", "no letters are sent until AOAI_SMTP_URL is set")
        return
    try:
        server = smtp_server(settings.smtp.url)
    except ValueError as error:
        yield Check("mail", "mail server", "bad setting", f"AOAI_SMTP_URL: {error}")
        return
    name = f"{server.host}:{server.port}"
    try:
        Mail(server).check()
    except TryLater as error:
        yield Check("mail", name, "missing", str(error))
    else:
        yield Check(
            "mail", name, "works", f"answers{' and takes the login' if server.user else ''} ({server.mode})"
        )
    if not (settings.mail.sender and settings.mail.to):
        unset = [
            name
            for name, value in (("AOAI_MAIL_FROM", settings.mail.sender), ("AOAI_MAIL_TO", settings.mail.to))
            if not value
        ]
        yield Check(
            "mail",
            "addresses",
            "missing",
            f"{' and '.join(unset)} not set: letters would have no sender or nobody to go to",
        )


def webhook_checks(settings: Settings, clock: Callable[[], datetime]) -> Iterator[Check]:
    """Whether something answers at each; nothing is sent. One that cannot be is among the settings already."""
    try:
        hooks = parse_webhooks(settings.webhooks)
    except BadWebhook:
        return
    for name, hook in hooks.items():
        try:
            WebhookSender(hook, clock).check()
        except TryLater as error:
            yield Check("mail", f"webhook {name}", "missing", str(error))
        else:
            yield Check("mail", f"webhook {name}", "works", f"{urlsplit(hook.url).hostname} answers")


def _few(names: Iterable[str]) -> str:
    listed = sorted(names)
    rest = f" and {len(listed) - 3} more tables" if len(listed) > 3 else ""
    return ", ".join(listed[:3]) + rest
