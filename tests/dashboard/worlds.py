"""The estates that every screen is opened on."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from collector.store.engine import open_engine
from tests.dashboard.seed import NOW, SUBSCRIPTIONS, Account, Deployment, Seed

EAST = Account("contoso-aoai-eastus2", 0, "eastus2", {"env": "prod", "owner": "ai-platform@contoso.com"})
SWEDEN = Account("contoso-aoai-sweden", 0, "swedencentral", {"env": "prod"})
FOUNDRY = Account("contoso-foundry", 1, "eastus2", {"env": "dev", "team": "Research"}, kind="AIServices")
SHARED = Account("platform-shared-weu", 2, "westeurope", {"env": "prod"})
ACCOUNTS = (EAST, SWEDEN, FOUNDRY, SHARED)

GPT41 = ("gpt-4.1", "2025-04-14")
GPT5 = ("gpt-5", "2025-08-07")
GPT55 = ("gpt-5.5", "2026-04-24")
OLD = ("2023-05-15", "2024-02-01", "2024-10-21")

DEPLOYMENTS: tuple[tuple[Account, Deployment], ...] = (
    (EAST, Deployment("chat-prod", *GPT5, "GlobalStandard", 450_000, "1.25", "10", 0.93, 260, tags={"team": "Assist"}, throttled=0.04, api_versions=("2025-04-01-preview", "unversioned"))),
    (EAST, Deployment("assist-41", *GPT41, "GlobalStandard", 300_000, "2", "8", 0.71, 143, tags={"team": "Assist"}, lifecycle="Legacy", replacement=GPT55)),
    (EAST, Deployment("search-embeddings", "text-embedding-3-large", "1", "Standard", 350_000, "0.13", "0.13", 0.62, 509, tags={"team": "Search"}, api_versions=OLD)),
    (EAST, Deployment("summaries-mini", "gpt-4o-mini", "2024-07-18", "DataZoneStandard", 200_000, "0.165", "0.66", 1.04, 26, tags={"team": "Docs"}, lifecycle="Deprecating", replacement=("gpt-4.1-mini", "2025-04-14"), throttled=0.11, upgrade="OnceCurrentVersionExpired")),
    (EAST, Deployment("voice-ptu", "gpt-4o", "2024-11-20", "ProvisionedManaged", None, None, None, 0.8, 12, tags={"team": "Voice"}, lifecycle="Deprecating", replacement=GPT5, ptu=0.97)),
    (SWEDEN, Deployment("chat-eu", *GPT5, "DataZoneStandard", 250_000, "1.375", "11", 0.55, 260, tags={"team": "Assist"})),
    (SWEDEN, Deployment("claims-batch", *GPT41, "GlobalBatch", None, "1", "4", 0.4, 143, tags={"team": "Claims"}, lifecycle="Legacy")),
    (SWEDEN, Deployment("contract-review", "o4-mini", "2025-04-16", "GlobalStandard", 120_000, "1.1", "4.4", 0.84, 78, tags={"team": "Legal"}, lifecycle="Deprecating", upgrade="NoAutoUpgrade", replacement=("gpt-5-mini", "2025-08-07"))),
    (FOUNDRY, Deployment("lab-gpt-55", *GPT55, "GlobalStandard", 500_000, "2.5", "15", 0.22, None, api_versions=("unversioned",))),
    (FOUNDRY, Deployment("lab-o3", "o3", "2025-04-16", "GlobalStandard", 100_000, "2", "8", 0.3, 78, lifecycle="Deprecating")),
    (FOUNDRY, Deployment("new-model-trial", "gpt-next", "2026-11-10", "GlobalStandard", 50_000, None, None, 0.18, None, lifecycle="Preview")),
    (SHARED, Deployment("intranet-bot", "gpt-4o", "2024-08-06", "Standard", 80_000, "2.75", "11", 0.88, -7, tags={"team": "Workplace"}, lifecycle="Deprecating", upgrade="OnceNewDefaultVersionAvailable", replacement=GPT41, throttled=0.02, api_versions=("2024-06-01", "2024-10-21"))),
    (SHARED, Deployment("translate", "gpt-4.1-mini", "2025-04-14", "GlobalStandard", 150_000, "0.4", "1.6", 0.35, 143, lifecycle="Legacy")),
)  # fmt: skip


def build_demo(engine: Engine) -> None:
    """A believable estate of three subscriptions, all well collected."""
    _demo().write(engine)


def build_empty(engine: Engine) -> None:
    """The schema, and nothing collected yet."""
    Seed().write(engine)


def build_collected(engine: Engine) -> None:
    """Everything was read a moment ago and nothing of it is worked out yet, as on a first run."""
    seed = _demo()
    waiting = {(row["account_key"], row["day"]) for row in seed.rows["usage_day"]}
    for name in ("usage_day", "usage_month", "charge_day", "charge_month", "room_period"):
        seed.rows.pop(name, None)
    for account, day in waiting:
        seed.add("dirty_day", account_key=account, day=day, mark=1, usage=True)
    seed.write(engine)


def build_troubled(engine: Engine) -> None:
    """One account failed since yesterday, one subscription never answered, and a week of inventory is missing."""
    seed = _demo()
    for mark in seed.rows["watermark"]:
        if mark["scope"] == SWEDEN.arm_id.lower():
            mark |= {
                "through": NOW - timedelta(hours=26),
                "succeeded_at": NOW - timedelta(hours=26),
                "status": "failed",
                "error": "403 AuthorizationFailed: metrics/read is missing",
                "remedy": f"az role assignment create --role 'Monitoring Reader' --scope /subscriptions/{SUBSCRIPTIONS[0][0]}",
            }
    seed.watermark(
        "inventory", "44444444-4444-4444-8444-444444444444", None, "401 Unauthorized: the token has no tenant"
    )
    seed.run("metrics", 3, "partial", f"{SWEDEN.arm_id}: 403 AuthorizationFailed")
    seed.run("inventory", 5, "failed", "401 Unauthorized: the token has no tenant")
    seed.gap(
        "metrics",
        EAST.arm_id.lower(),
        NOW - timedelta(days=12),
        NOW - timedelta(days=9),
        "older than Azure keeps metrics",
    )
    for day in seed.rows["usage_day"] + seed.rows["usage_month"]:
        day["minutes_known"] = day["minutes_known"] * 4 // 5
    for room in seed.rows["room_period"]:
        room |= {"coverage": 0.8, "minute_coverage": 0.8, "peak_at_least": True}
    seed.write(engine)


HOSTILE = '=HYPERLINK("http://evil")<script>alert(1)</script>**bold** [x](http://evil) $\\alpha$ :red[r] %{x}'
HOSTILE_MODEL = "<img src=x onerror=alert(1)>`code`"


def build_hostile(engine: Engine) -> None:
    """Names that are formulas, markup, markdown and templates."""
    seed = Seed(days=10)
    seed.subscriptions()
    account = Account(
        "@SUM(1+1)*cmd|'/c calc'!A0 <b>acc</b>", 0, "eastus2", {"te<b>am": "=1+1", "owner": "**me**"}
    )
    seed.account(account)
    for number, name in enumerate((HOSTILE, "+plus <i>x</i>", "ünïcødé-模型-🚀")):
        what = Deployment(name, HOSTILE_MODEL, "1", "GlobalStandard", 90_000, "1", "2", 0.9, 20 + number, api_versions=("<b>2024</b>",), tags={"team": "<u>team</u>"})  # fmt: skip
        seed.deployment(account, what, number=number)
        seed.offer(account, what)
    seed.quota(0, "eastus2", "OpenAI.<b>Standard</b>.x", 100, 90)
    seed.watermark("inventory", SUBSCRIPTIONS[0][0], NOW, "<script>alert('error')</script> **x**")
    seed.write(engine)


def build_large(engine: Engine, deployments: int = 1_000, days: int = 30) -> None:
    """Many deployments over a month, without hours: no screen reads the hours of all."""
    seed = Seed(days=days)
    seed.subscriptions()
    accounts = [
        Account(f"account-{n:03}", n % 3, ("eastus2", "swedencentral", "westeurope")[n % 3])
        for n in range(50)
    ]
    for account in accounts:
        seed.account(account)
    for job, scope in _other_scopes():
        seed.watermark(job, scope, NOW)
    patterns: list[tuple[Seed, Deployment]] = []
    for _, what in DEPLOYMENTS:
        pattern = Seed(days=days)
        pattern.deployment(accounts[0], what, hours=False)
        patterns.append((pattern, what))
    for number in range(deployments):
        account = accounts[number % len(accounts)]
        pattern, what = patterns[number % len(patterns)]
        seed.copy(pattern, account, f"{what.name}-{number:04}")
        seed.offer(account, what)
    for location in ("eastus2", "swedencentral", "westeurope"):
        for subscription in range(3):
            for line in range(60):
                seed.quota(
                    subscription, location, f"OpenAI.GlobalStandard.model-{line}", 1_000, line * 16, grew=line
                )
    seed.write(engine)


WORLDS = {
    "demo": build_demo,
    "empty": build_empty,
    "collected": build_collected,
    "troubled": build_troubled,
    "hostile": build_hostile,
    "large": build_large,
}


def world_at(path: Path, name: str) -> str:
    """A SQLite store of a world, as a database URL."""
    url = f"sqlite:///{path}"
    engine = open_engine(url)
    WORLDS[name](engine)
    engine.dispose()
    return url


def _demo() -> Seed:
    seed = Seed(days=60)
    seed.subscriptions()
    for account in ACCOUNTS:
        seed.account(account)
    for number, (account, what) in enumerate(DEPLOYMENTS):
        seed.deployment(account, what, number=number)
        seed.offer(account, what)
    for job, scope in _other_scopes():
        seed.watermark(job, scope, NOW - timedelta(minutes=35))
    seed.quota(0, "eastus2", "OpenAI.GlobalStandard.gpt-5", 1_000, 950, grew=300)
    seed.quota(0, "eastus2", "OpenAI.GlobalStandard.gpt-4.1", 1_000, 300)
    seed.quota(0, "eastus2", "OpenAI.DataZoneStandard.gpt-4o-mini", 300, 200, grew=120)
    seed.quota(0, "eastus2", "OpenAI.Standard.text-embedding-3-large", 350, 350)
    seed.quota(0, "swedencentral", "OpenAI.DataZoneStandard.gpt-5", 600, 250, grew=50)
    seed.quota(1, "eastus2", "OpenAI.GlobalStandard.gpt-5.5", 2_000, 500)
    seed.quota(2, "westeurope", "OpenAI.Standard.gpt-4o", 240, 200, grew=80)
    for minutes in range(4, 600, 5):
        seed.run("metrics", minutes)
    seed.run("inventory", 35)
    seed.run("models", 360)
    seed.run("prices", 1_200, calls=40)
    return seed


def _other_scopes() -> list[tuple[str, str]]:
    found = [("prices", "USD")]
    for subscription_id, _ in SUBSCRIPTIONS:
        found += [(job, subscription_id) for job in ("inventory",)]
        found += [("quotas", f"{subscription_id}/eastus2"), ("models", f"{subscription_id}/eastus2")]
    return found
