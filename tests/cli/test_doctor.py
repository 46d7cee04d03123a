"""`doctor` against the pretend Azure: each right taken away is named with what it costs and the line that gives it back."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql
from sqlalchemy.engine import make_url

from collector import cli
from collector.domain.access import CUSTOM_ROLE_NAME, NEEDS, Role
from collector.simulator.faults import Fault
from collector.simulator.server import Simulator
from collector.simulator.world import World
from collector.store import schema
from collector.store.engine import open_engine
from tests.delivery.servers import Postbox, Receiver, mail_server, receiving

NOW = datetime(2026, 11, 22, 12, 3, tzinfo=UTC)
CLOSED = "http://127.0.0.1:9"
FIGURES = [need.figure for need in NEEDS]
INVENTORY, MODELS, BATCH, SINGLE, QUOTAS, PRICES, BILL = FIGURES

Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=5, days=2, subscriptions=3, accounts=4, deployments=8, now=NOW)


@pytest.fixture
def azure(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Simulator]:
    """A pretend Azure where all is well, and a migrated store."""
    monkeypatch.chdir(tmp_path)
    with Simulator(world) as running:
        monkeypatch.setenv("AOAI_AUTH", "none")
        for name in ("ARM", "METRICS", "LOGS", "PRICES"):
            monkeypatch.setenv(f"AOAI_{name}_ENDPOINT", running.url)
        schema.upgrade(open_engine("sqlite:///aoai-monitor.db"))
        yield running


def ask(*words: str) -> Result:
    return CliRunner().invoke(cli.main, ["doctor", *words], obj=lambda: NOW)


def told(*words: str) -> tuple[int, list[dict[str, Any]]]:
    result = ask("--json", *words)
    return result.exit_code, json.loads(result.stdout)["checks"]


def wrong(checks: list[dict[str, Any]]) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(one["what"], one["scope"]): one for one in checks if one["state"] not in ("works", "not set up")}


def test_where_all_is_well_every_figure_says_what_it_needs(azure: Simulator) -> None:
    result = ask()

    assert (0, "Everything works.") == (result.exit_code, result.stdout.strip().splitlines()[-1]), (
        result.output
    )
    for need in NEEDS:
        assert need.figure in result.stdout
        assert need.role is None or f"{need.role.value.name} on the {need.smallest_scope}" in result.stdout
        assert need.provider is None or f"{need.provider} registered" in result.stdout
    assert f"127.0.0.1:{azure.url.rpartition(':')[2]}" in result.stdout


def test_figures_are_checked_for_each_subscription_and_prices_once(azure: Simulator) -> None:
    status, checks = told()

    found = [(one["what"], one["scope"]) for one in checks if one["group"] == "figures"]
    subscriptions = {one.id for one in azure.world.subscriptions}
    expected = {
        (figure, sub) for figure in FIGURES for sub in ({None} if figure == PRICES else subscriptions)
    }
    assert (set(), set()) == (expected - set(found), set(found) - expected)
    assert 0 == status


TAKEN = {
    "reader": (INVENTORY, Role.READER, "missing"),
    "usages_reader": (QUOTAS, Role.USAGES_READER, "missing"),
    "cost_reader": (BILL, Role.COST_READER, "missing"),
    "monitoring_reader": (BATCH, Role.MONITORING_READER, "second way"),
}


@pytest.mark.parametrize("right", TAKEN)
def test_a_role_taken_away_is_named_with_the_line_that_grants_it(azure: Simulator, right: str) -> None:
    figure, role, state = TAKEN[right]
    refused = azure.world.subscriptions[1]
    azure.routes.access.set(refused, **{right: False})

    status, checks = told("--identity", "11111111-1111-1111-1111-111111111111")

    one = wrong(checks)[(figure, refused.id)]
    assert (state, role.value.name) == (one["state"], one["role"])
    line = (
        "az role assignment create --assignee-object-id 11111111-1111-1111-1111-111111111111 "
        f"--assignee-principal-type ServicePrincipal --role {role.value.id} --scope /subscriptions/{refused.id}"
    )
    assert [line] == one["remedies"]
    # What serves in a slower way is no failure; everything else is.
    assert (0 if state == "second way" else 1) == status
    # The other two subscriptions have every figure.
    assert {refused.id} == {scope for _, scope in wrong(checks)}


def test_a_provider_that_is_not_registered_has_a_line_of_its_own(azure: Simulator) -> None:
    refused = azure.world.subscriptions[0]
    azure.routes.access.set(refused, insights_registered=False)

    _, checks = told()

    assert [f"az provider register --namespace Microsoft.Insights --subscription {refused.id}"] == wrong(
        checks
    )[(BATCH, refused.id)]["remedies"]


def test_one_subscription_of_three_unreadable_leaves_two_whole(azure: Simulator) -> None:
    azure.routes.access.set(azure.world.subscriptions[2], reader=False)

    result = ask()

    assert 1 == result.exit_code
    assert f"{INVENTORY}: 2 of 3 subscriptions" in result.stdout
    assert "the subscription is shown as not collected; the others go on" in result.stdout


def test_with_only_resource_manager_open_everything_but_list_prices_is_had(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOAI_METRICS_ENDPOINT", CLOSED)
    monkeypatch.setenv("AOAI_PRICES_ENDPOINT", CLOSED)

    status, checks = told()

    assert 1 == status
    assert {(PRICES, "missing"), (BATCH, "second way")} == {
        (one["what"], one["state"]) for one in wrong(checks).values()
    }
    assert ["let this machine reach 127.0.0.1:9, or set HTTPS_PROXY"] == wrong(checks)[(PRICES, None)][
        "remedies"
    ]


@pytest.mark.parametrize(
    ("fault", "verdict", "remedy"),
    [
        (Fault("prices", kind="html", times=None), "proxy", "NO_PROXY"),
        (Fault("prices", status=401, times=None), "missing role", None),
        (Fault("prices", status=403, times=None), "missing role", None),
        (Fault("prices", status=503, times=None), "fails", "again later"),
        (Fault("prices", kind="malformed", times=None), "fails", "again later"),
    ],
    ids=["a proxy's page", "401", "403", "503", "malformed"],
)
def test_kinds_of_trouble_are_told_apart(
    azure: Simulator, fault: Fault, verdict: str, remedy: str | None
) -> None:
    azure.weather.set([fault])

    one = wrong(told()[1])[(PRICES, None)]

    assert one["found"].startswith(verdict), one["found"]
    assert remedy is None or remedy in one["remedies"][0]


@pytest.mark.parametrize(
    ("address", "verdict", "remedy"),
    [
        ("https://prices.invalid", "no such name", "DNS record of prices.invalid:443"),
        ("https://127.0.0.1:{port}", "certificate", "REQUESTS_CA_BUNDLE"),
    ],
)
def test_a_name_that_is_not_known_and_a_certificate_are_told_apart(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch, address: str, verdict: str, remedy: str
) -> None:
    monkeypatch.setenv("AOAI_PRICES_ENDPOINT", address.format(port=azure.url.rpartition(":")[2]))

    one = wrong(told()[1])[(PRICES, None)]

    assert (True, True) == (one["found"].startswith(verdict), remedy in one["remedies"][0]), one


def test_a_token_of_another_tenant_is_told_apart_from_a_missing_role(
    azure: Simulator,
) -> None:
    said = "The access token is from the wrong issuer. It must match the tenant associated with this subscription."
    body = json.dumps({"error": {"code": "InvalidAuthenticationTokenTenant", "message": said}})
    azure.weather.set([Fault("CognitiveServices/accounts", status=401, body=body, times=None)])

    status, checks = told()

    one = next(check for (what, _), check in wrong(checks).items() if what == INVENTORY)
    assert (1, True, True) == (
        status,
        one["found"].startswith("wrong tenant (401 InvalidAuthenticationTokenTenant"),
        one["remedies"][0].startswith("az login --tenant"),
    )


@pytest.mark.parametrize(
    ("content", "why"), [(None, "no such folder"), ("a,b\n1,2\n", "no column BilledCost")]
)
def test_exports_of_the_bill_that_cannot_be_read_name_their_folder(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, why: str
) -> None:
    folder = tmp_path / "exports"
    if content is not None:
        folder.mkdir()
        (folder / "part.csv").write_text(content)
    monkeypatch.setenv("AOAI_BILLS_EXPORTS", str(folder))

    status, checks = told()

    bills = [check for (what, _), check in wrong(checks).items() if what == BILL]
    assert (1, 3) == (status, len(bills))
    assert all(why in one["found"] and f"AOAI_BILLS_EXPORTS={folder}" in one["remedies"][0] for one in bills)


def test_without_any_subscription_each_figure_still_says_what_it_needs(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOAI_ARM_ENDPOINT", CLOSED)

    status, checks = told()

    assert 1 == status
    assert FIGURES == [one["what"] for one in checks if one["group"] == "figures"]


def test_an_identity_without_any_role_is_told_the_line_and_not_to_come_back_later(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure answers with an empty list, and with 200."""
    with Simulator(World(seed=5, days=1, subscriptions=0, accounts=0, deployments=0, now=NOW)) as nobody_s:
        for name in ("ARM", "METRICS", "LOGS", "PRICES"):
            monkeypatch.setenv(f"AOAI_{name}_ENDPOINT", nobody_s.url)
        status, checks = told()
        collected = CliRunner().invoke(cli.main, ["collect"], obj=lambda: NOW)

    one = wrong(checks)[("subscriptions", None)]
    assert (1, True) == (status, one["found"].startswith("missing role (this identity can read none"))
    assert Role.READER.value.id in one["remedies"][0]
    assert (1, True, True) == (
        collected.exit_code,
        "inventory: failed" in collected.stderr,
        "this identity can read none" in collected.stderr,
    )
    assert "metrics: nothing to ask" in collected.stderr


def test_a_subscription_that_is_not_there_is_told_apart_from_a_failing_azure(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOAI_SUBSCRIPTIONS", "11111111-1111-1111-1111-111111111111")

    status, checks = told()

    one = wrong(checks)[(INVENTORY, "11111111-1111-1111-1111-111111111111")]
    assert (1, True, True) == (
        status,
        "404 SubscriptionNotFound" in one["found"],
        "mistyped, of another tenant" in one["found"],
    )
    assert one["remedies"][0].startswith("az role assignment create")


def test_a_host_that_cannot_be_reached_is_told_in_a_short_sentence(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOAI_PRICES_ENDPOINT", CLOSED)

    assert "no answer (127.0.0.1:9 refuses connections)" == wrong(told()[1])[(PRICES, None)]["found"]


def test_one_custom_role_is_printed_alone_for_a_management_group_or_the_readable_subscriptions(
    azure: Simulator,
) -> None:
    group, subscriptions = ask("--role-json", "--management-group", "corp"), ask("--role-json")

    assert CUSTOM_ROLE_NAME == json.loads(group.stdout)["Name"]
    assert ["/providers/Microsoft.Management/managementGroups/corp"] == json.loads(group.stdout)[
        "AssignableScopes"
    ]
    assert {f"/subscriptions/{one.id}" for one in azure.world.subscriptions} == set(
        json.loads(subscriptions.stdout)["AssignableScopes"]
    )
    assert "az role definition create --role-definition @aoai-monitor-role.json" in group.stderr
    assert "managementGroups/corp" in group.stderr


def test_lines_for_a_management_group_grant_there(azure: Simulator) -> None:
    azure.routes.access.set(azure.world.subscriptions[0], cost_reader=False)

    result = ask("--management-group", "corp")

    assert "--scope /providers/Microsoft.Management/managementGroups/corp" in result.stdout
    assert "aoai-monitor doctor --role-json --management-group corp" in result.stdout


def test_commands_are_never_broken_over_lines_and_markup_is_text(azure: Simulator) -> None:
    azure.routes.access.set(azure.world.subscriptions[0], cost_reader=False)
    azure.weather.set(
        [Fault("prices", status=403, body='{"error":{"code":"[red]x[/red]","message":"[bold]"}}', times=None)]
    )

    lines = ask().stdout.splitlines()

    assert any(
        line.strip().startswith("az role assignment create") and "--scope /subscriptions/" in line
        for line in lines
    )
    assert any("[red]x[/red]" in line for line in lines)


def test_a_variable_that_no_setting_knows_is_told_with_its_neighbour(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOAI_CURENCY", "EUR")

    one = wrong(told()[1])[("AOAI_CURENCY", None)]

    assert "did you mean AOAI_CURRENCY?" in one["found"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[rates]]\nmodel = "gpt-4o"\n', "rates"),
        ('[[budgets]]\nname = "x"\namount = "much"\n', "budget"),
        ('[alerts.severities]\n"no-such-rule" = "critical"\n', "no-such-rule"),
    ],
)
def test_a_list_that_cannot_be_read_ends_with_2_and_the_rest_is_still_looked_at(
    azure: Simulator, tmp_path: Path, text: str, named: str
) -> None:
    (tmp_path / "aoai-monitor.toml").write_text(text)

    status, checks = told()

    bad = [one for one in checks if one["state"] == "bad setting"]
    assert (2, True) == (status, any(named in one["found"] for one in bad)), bad
    assert FIGURES[0] in {one["what"] for one in checks}


def test_before_the_first_migration_the_command_that_makes_the_database_is_named(
    azure: Simulator, tmp_path: Path
) -> None:
    (tmp_path / "aoai-monitor.db").unlink()

    status, checks = told()

    assert (1, ["aoai-monitor db upgrade"]) == (status, wrong(checks)[("database", None)]["remedies"])
    assert not (tmp_path / "aoai-monitor.db").exists()


def test_an_old_revision_is_told(azure: Simulator, tmp_path: Path) -> None:
    (tmp_path / "aoai-monitor.db").unlink()
    schema.upgrade(open_engine("sqlite:///aoai-monitor.db"), "0001")

    status, checks = told()

    (one,) = wrong(checks).values()
    assert (1, ["aoai-monitor db upgrade"]) == (status, one["remedies"])
    assert "0001" in one["found"]


def test_a_dashboard_role_that_may_write_is_told_and_one_that_may_not_is_well(
    azure: Simulator, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(postgres_database)
    schema.upgrade(engine)
    engine.dispose()
    owner = make_url(postgres_database)
    role = f"{owner.database}_reader"
    monkeypatch.setenv("AOAI_DATABASE_URL", postgres_database)
    assert (1, True) == (
        (found := told("--dashboard"))[0],
        "though the dashboard only reads" in str(found[1]),
    )
    with psycopg.connect(
        owner.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute(sql.SQL("create role {} login password 'secret'").format(sql.Identifier(role)))
        try:
            granted = CliRunner().invoke(cli.main, ["db", "grant", "--role", role, "--run"])
            assert 0 == granted.exit_code, granted.output
            reader = owner.set(username=role, password="secret").render_as_string(hide_password=False)
            monkeypatch.setenv("AOAI_DATABASE_URL", reader)
            status, checks = told("--dashboard")
            assert 0 == status, checks
            # The same role is not enough for the collector.
            as_collector, checks = told()
            assert (1, True) == (as_collector, "may not write" in str(wrong(checks).values()))
            connection.execute(sql.SQL("grant delete on letter to {}").format(sql.Identifier(role)))
            status, checks = told("--dashboard")
            assert (1, True) == (status, "may change letter" in str(wrong(checks).values()))
            assert "secret" not in json.dumps(checks)
        finally:
            connection.execute(sql.SQL("drop owned by {}").format(sql.Identifier(role)))
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


def test_a_mail_server_that_does_not_answer_is_told_without_its_password(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOAI_SMTP_URL", "smtp://me:hunter2@127.0.0.1:9?starttls=false")
    result = ask()

    assert (1, True, False) == (result.exit_code, "127.0.0.1:9" in result.stdout, "hunter2" in result.output)


def test_a_mail_server_that_answers_is_well_and_gets_no_letter(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    postbox = Postbox()
    with mail_server(postbox) as port:
        monkeypatch.setenv("AOAI_SMTP_URL", f"smtp://127.0.0.1:{port}")
        assert (1, True) == ((found := told())[0], "AOAI_MAIL_FROM and AOAI_MAIL_TO not set" in str(found[1]))
        monkeypatch.setenv("AOAI_MAIL_FROM", "monitor@example.com")
        monkeypatch.setenv("AOAI_MAIL_TO", "ops@example.com")
        assert 0 == told()[0]
    assert [] == postbox.taken


def test_a_webhook_that_answers_is_well_and_gets_no_letter_and_one_that_does_not_is_told(
    azure: Simulator, tmp_path: Path
) -> None:
    receiver = Receiver()
    with receiving(receiver) as url:
        (tmp_path / "aoai-monitor.toml").write_text(
            f'[[webhooks]]\nname = "ops"\nurl = "{url}/T0KEN"\n[[webhooks]]\nname = "gone"\nurl = "{CLOSED}/T0KEN"\n'
        )
        result = ask("--json")

    checks = {one["what"]: one for one in json.loads(result.stdout)["checks"] if one["group"] == "mail"}
    assert (1, "works", "missing") == (
        result.exit_code,
        checks["webhook ops"]["state"],
        checks["webhook gone"]["state"],
    )
    assert "webhook 127.0.0.1: " in checks["webhook gone"]["found"]
    assert [] == receiver.came
    assert "T0KEN" not in result.output


def test_a_workspace_of_request_logs_is_asked_only_where_it_is_configured(
    azure: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = "00000000-0000-0000-0000-00000000000a"
    assert not any(one["what"].startswith("request logs") for one in told()[1])
    monkeypatch.setenv("AOAI_CALLERS_WORKSPACES", workspace)
    assert 0 == told()[0]

    azure.weather.set([Fault("/workspaces/", status=403, times=None)])
    status, checks = told()
    (refused,) = wrong(checks).values()
    assert (1, f"request logs of workspace {workspace}") == (status, refused["what"])
    assert "Log Analytics Reader" in refused["remedy"]
