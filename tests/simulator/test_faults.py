"""Bad weather comes when it is called and goes when it is used up."""

import http.client
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import urlsplit

import orjson
import pytest

from collector.simulator.estate import Account
from collector.simulator.faults import Fault
from collector.simulator.server import Simulator
from collector.simulator.world import World
from tests.simulator.client import NOW, Client

Stretch = tuple[datetime, datetime]
BY_NAME = "ModelDeploymentName eq '*'"


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 502, 503, 529])
def test_a_status_strikes_as_often_as_told(client: Client, status: int) -> None:
    client.send("/_sim/faults", [{"match": "/subscriptions", "status": status, "times": 2}])
    assert [status, status, 200] == [client.send("/subscriptions").status for _ in range(3)]


def test_a_fault_strikes_only_where_it_matches(client: Client) -> None:
    client.send("/_sim/faults", [{"match": "^GET /api/retail", "status": 500}])
    assert [200, 500] == [client.send("/subscriptions").status, client.send("/api/retail/prices").status]


@pytest.mark.parametrize("wait", ["1", "soon", None])
def test_a_throttle_says_when_to_come_back_or_not(client: Client, wait: str | None) -> None:
    client.send("/_sim/faults", [{"match": ".", "kind": "throttle", "retry_after": wait}])
    said = client.send("/subscriptions")
    assert (429, wait) == (said.status, said.headers.get("Retry-After"))


def test_cost_management_has_a_header_of_its_own_for_that(client: Client, world: World) -> None:
    client.send("/_sim/faults", [{"match": "CostManagement", "kind": "throttle", "retry_after": 30}])
    path = f"/subscriptions/{world.subscriptions[0].id}/providers/Microsoft.CostManagement/query"
    said = client.send(path, {})
    assert "30" == said.headers["x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"]
    assert "Retry-After" not in said.headers


def test_a_reset_kills_the_connection(client: Client) -> None:
    client.send("/_sim/faults", [{"match": "/subscriptions", "kind": "reset"}])
    with pytest.raises((urllib.error.URLError, ConnectionError, http.client.HTTPException)):
        client.send("/subscriptions")
    assert 200 == client.send("/subscriptions").status


def test_a_cut_body_is_shorter_than_it_says(client: Client) -> None:
    client.send("/_sim/faults", [{"match": "/subscriptions", "kind": "cut"}])
    with pytest.raises(http.client.IncompleteRead):
        client.send("/subscriptions")


def test_malformed_json_html_nothing_and_null(client: Client) -> None:
    kinds = ("malformed", "html", "empty", "null")
    client.send("/_sim/faults", [{"match": "/subscriptions", "kind": kind} for kind in kinds])
    said = [client.send("/subscriptions") for _ in kinds]
    assert [200] * 4 == [s.status for s in said]
    with pytest.raises(orjson.JSONDecodeError):
        _ = said[0].json
    assert (b"<html>", b"", b"null") == (said[1].body[:6], said[2].body, said[3].body)


def test_a_delay_passes_on_to_the_answer(client: Client) -> None:
    client.send("/_sim/faults", [{"match": "/subscriptions", "kind": "delay", "seconds": 0.01}])
    assert 200 == client.send("/subscriptions").status
    assert [] == client.send("/_sim/faults").json


def test_garbage_values_are_of_every_sort(client: Client, world: World, settled: Stretch) -> None:
    client.send("/_sim/faults", [{"match": "getBatch", "kind": "garbage"}])
    body = client.batch([world.deployment("hot").account], "TokenTransaction", *settled, BY_NAME).body
    for spoiled in (b'"total":NaN', b'"total":-7', b'"total":"many"', b'"total":1e308', b'"total":null'):
        assert spoiled in body
    first = body.index(b'{"timeStamp"', body.index(b'{"timeStamp"') + 1)
    point = body[first : body.index(b"}", first) + 1]
    assert body.count(point) >= 2


def test_a_metric_can_fail_inside_a_200(client: Client, world: World, settled: Stretch) -> None:
    client.send(
        "/_sim/faults",
        [{"match": "getBatch", "kind": "metric_throttled", "metrics": ["ProcessedPromptTokens"]}],
    )
    names = "ProcessedPromptTokens,GeneratedTokens"
    said = client.batch([world.deployment("hot").account], names, *settled, BY_NAME)
    codes = [(m["errorCode"], bool(m["timeseries"])) for m in said.json["values"][0]["value"]]
    assert (200, [("Throttled", False), ("Success", True)]) == (said.status, codes)


def test_a_fault_can_wait_its_turn(client: Client) -> None:
    client.send("/_sim/faults", [{"match": "/subscriptions", "status": 500, "skip": 1}])
    assert [200, 500, 200] == [client.send("/subscriptions").status for _ in range(3)]


def test_a_fault_without_end_lasts_until_it_is_taken_away(client: Client) -> None:
    client.send("/_sim/faults", [{"match": "/subscriptions", "status": 500, "times": None}])
    assert {500} == {client.send("/subscriptions").status for _ in range(5)}
    client.send("/_sim/faults", method="DELETE")
    assert 200 == client.send("/subscriptions").status


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind=storm,match=x", "expected one of"),
        ("mach=x", "fault key 'mach'"),
        ("kind=reset,match=(", "expected a regular expression"),
    ],
)
def test_an_odd_fault_is_refused_with_what_would_be_right(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Fault.parse(text)


def test_a_fault_reads_from_the_command_line() -> None:
    fault = Fault.parse("kind=throttle,match=getBatch,times=0,retry_after=5")
    assert ("throttle", 429, None, "5") == (fault.kind, fault.status, fault.times, fault.retry_after)


def test_a_batch_can_fail_for_one_of_its_resources(client: Client, world: World, settled: Stretch) -> None:
    first = world.accounts[0]
    mates = [
        a for a in world.accounts if (a.subscription, a.location) == (first.subscription, first.location)
    ]
    client.send(
        "/_sim/faults", [{"match": "getBatch", "status": 500, "times": None, "holds": mates[-1].name}]
    )
    told = [client.batch(ids, "TokenTransaction", *settled).status for ids in (mates, mates[:-1], mates[-1:])]
    assert [500, 200, 500] == told


def test_many_calls_at_once_tell_the_same(client: Client, world: World, settled: Stretch) -> None:
    def ask(account: Account) -> bytes:
        return client.batch([account], "TokenTransaction,ProcessedPromptTokens", *settled, BY_NAME).body

    accounts = [a for a in world.accounts if a.exists(NOW)] * 3
    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(ask, accounts))
    assert [ask(account) for account in accounts] == at_once


def test_the_log_keeps_what_was_asked_and_the_stats_count_it(client: Client, azure: Simulator) -> None:
    client.send("/_sim/log", method="DELETE")
    client.send("/subscriptions")
    client.send("/nowhere")
    rows = client.send("/_sim/log").json
    assert [("GET", 200), ("GET", 501)] == [(row["method"], row["status"]) for row in rows]
    assert client.send("/_sim/stats").json["calls"]["GET subscriptions"] >= 1


def test_the_clock_is_set_over_the_wire(client: Client, azure: Simulator) -> None:
    client.send("/_sim/clock", {"now": "2026-11-20T13:00:00Z"})
    assert NOW.replace(hour=13, second=0) == azure.now()
    client.send("/_sim/clock", {"now": "2026-11-20T13:00:00Z", "running": True})
    assert azure.now() >= NOW.replace(hour=13, second=0)


def test_control_refuses_what_it_does_not_know(client: Client) -> None:
    said = [
        client.send(f"/_sim/{what}", body).status
        for what, body in (("weather", None), ("faults", [{"x": 1}]), ("clock", {}))
    ]
    assert [501, 400, 400] == said


def test_a_connection_is_kept_for_many_calls(azure: Simulator) -> None:
    address = urlsplit(azure.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    try:
        for _ in range(3):
            connection.request("GET", "/subscriptions?api-version=1", headers={"Authorization": "x"})
            with connection.getresponse() as answer:
                assert 200 == answer.status
                answer.read()
    finally:
        connection.close()


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    command = [
        sys.executable,
        "-m",
        "collector.simulator",
        "--port",
        "0",
        "--deployments",
        "4",
        "--accounts",
        "2",
        "--days",
        "2",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        process.terminate()
        assert "The pretend Azure listens on http://127.0.0.1:" in line
        assert 0 == process.wait(timeout=10)


def test_a_bad_option_says_what_would_be_right() -> None:
    command = [sys.executable, "-m", "collector.simulator", "--fault", "kind=storm,match=x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 2 == done.returncode
    assert "expected one of" in done.stderr
