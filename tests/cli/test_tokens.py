"""With a real sign-in: the token that the credential chain got is in no line, no error, no row and no file."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.simulator.faults import Fault
from collector.simulator.server import Simulator
from collector.simulator.world import World

TOKEN = "simulated."
"""How every token begins that the stand-in of the managed identity gives."""
HEADER = "the-header-that-opens-the-identity-endpoint"

ECHO = json.dumps(
    {
        "error": {
            "code": "AuthorizationFailed",
            "message": f"refused: GET /x?sig={TOKEN}5d Authorization: Bearer {TOKEN}9f3a for "
            f"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.{TOKEN}.c2ln",
        }
    }
)
"""A proxy that shows what it was sent in its refusal, where our messages quote Azure's."""

EVERYTHING = "^(?!.*msi/token)"
WEATHER = {
    "a refusal that quotes the call": Fault(EVERYTHING, status=403, times=None, body=ECHO),
    "a failing service that quotes the call": Fault(EVERYTHING, status=500, times=None, body=ECHO),
    "a proxy's page": Fault(EVERYTHING, kind="html", times=None),
    "no JSON": Fault(EVERYTHING, kind="malformed", times=None),
    "a sign-in that is no longer good": Fault(EVERYTHING, status=401, times=None, body=ECHO),
}
COMMANDS = ("doctor", "collect", "derive", "status --all", "alert run")


@dataclass
class Place:
    folder: Path
    azure: Simulator
    said: list[str] = field(default_factory=list[str])

    def run(self, words: str, **settings: str) -> int:
        names = ("ARM", "METRICS", "LOGS", "PRICES")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AOAI_", "AZURE_"))}
        given = kept | {f"AOAI_{name}_ENDPOINT": self.azure.url for name in names}
        given |= {"AOAI_LOG_LEVEL": "debug", "AOAI_COLLECT_BACKFILL_DAYS": "1", "HOME": str(self.folder)}
        given |= {"IDENTITY_ENDPOINT": f"{self.azure.url}/msi/token", "IDENTITY_HEADER": HEADER, **settings}
        done = subprocess.run(
            [sys.executable, "-m", "collector", *words.split()],
            cwd=self.folder,
            env=given,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        self.said += [done.stdout, done.stderr]
        return done.returncode

    def holds(self, secret: str) -> list[str]:
        """Where a text can be found in what was said and what was kept."""
        kept = [
            path for path in self.folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()
        ]
        return [*(one for one in self.said if secret in one), *map(str, kept)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    world = World(seed=5, days=1, subscriptions=1, accounts=2, deployments=3, now=datetime.now(UTC))
    with Simulator(world, clock=lambda: datetime.now(UTC)) as azure:
        made = Place(tmp_path_factory.mktemp("tokens"), azure)
        assert 0 == made.run("db upgrade")
        yield made


def test_all_is_well_with_the_token_of_a_managed_identity_and_it_is_nowhere(place: Place) -> None:
    assert [0] * len(COMMANDS) == [place.run(words) for words in COMMANDS]
    assert 0 == place.run("collect --job inventory", AOAI_LOG_FORMAT="json")

    calls = list(place.azure.log)
    signed = [one["authorization"] for one in calls if "/subscriptions" in one["target"]]
    assert any("/msi/token" in one["target"] for one in calls)
    assert {True} == set(signed)
    assert any("azure call" in one for one in place.said)
    assert ([], []) == (place.holds(TOKEN), place.holds(HEADER))


@pytest.mark.parametrize("weather", WEATHER)
def test_it_is_nowhere_in_bad_weather_either(place: Place, weather: str) -> None:
    place.azure.weather.set([WEATHER[weather]])
    try:
        ended = {words: place.run(words) for words in ("collect --job inventory", "status --all")}
    finally:
        place.azure.weather.set([])

    assert {"collect --job inventory": 1, "status --all": 0} == ended
    assert ([], []) == (place.holds(TOKEN), place.holds(HEADER))


def test_the_token_that_logs_in_to_postgresql_is_in_no_refusal(place: Place) -> None:
    """Nobody listens there; what is said names the host and not the password."""
    url = "postgresql://monitor@127.0.0.1:9/aoai"

    assert 1 == place.run("status", AOAI_DATABASE_URL=url, AOAI_DATABASE_AUTH="entra")

    assert "127.0.0.1:9" in place.said[-1]
    assert ([], []) == (place.holds(TOKEN), place.holds(HEADER))
