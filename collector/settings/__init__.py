"""Configuration: what an operator may say, checked before anything starts.

One file (`aoai-monitor.toml`, or the path in AOAI_CONFIG), every key also as an environment variable
`AOAI_<SECTION>_<KEY>`, and every one of those also as `…_FILE`, the path of a file that holds the value.
The environment wins over the file.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from collector.domain.places import host_and_port, is_loopback

PREFIX = "AOAI_"
UNSET_FILE = "aoai-monitor.toml"


class BadSettings(Exception):
    """Settings that cannot be used; `problems` holds one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _words(value: Any) -> Any:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


Words = Annotated[list[str], NoDecode, BeforeValidator(_words)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(Section):
    url: str = Field("sqlite:///aoai-monitor.db", description="SQLAlchemy URL of the store")
    auth: Literal["url", "entra"] = Field(
        "url", description="how PostgreSQL is logged into: by the URL, or by an Entra token as password"
    )


class Collect(Section):
    backfill_days: int = Field(90, ge=1, le=92, description="days that a first run reads")
    minute_backfill_days: int = Field(
        30,
        ge=1,
        le=92,
        description="newest days that a first run reads by the minute; older ones by the hour",
    )
    trailing_minutes: int = Field(
        60, ge=15, le=1440, description="minutes read again in every cycle, since recent values rise"
    )
    nightly_hours: int = Field(48, ge=1, le=168, description="hours read again each night")
    every_minutes: int = Field(5, ge=1, le=60, description="minutes between two cycles of metrics")
    threads: int = Field(8, ge=1, le=32, description="calls under way at once for one subscription")
    top: int = Field(
        10_000,
        ge=100,
        le=2_147_483_647,
        description="series asked for in one metrics call; an answer that fills it is split",
    )


class Retention(Section):
    minute_days: int = Field(90, ge=1, description="days that the packed minutes of an hour are kept")
    hour_days: int = Field(400, ge=93, description="days that hours are kept; days and months stay")
    run_days: int = Field(90, ge=7, description="days that the log of runs is kept")


class Costs(Section):
    call_price_per_1000: str | None = Field(
        None,
        pattern=r"^\d+(\.\d+)?$",
        description="what 1,000 metrics calls cost you, to show what collecting costs; unset: unknown",
    )
    prompt_includes_cached: bool = Field(
        True, description="whether Azure's prompt tokens hold the cached ones"
    )


class Bills(Section):
    exports: str | None = Field(
        None,
        description="folder that Cost Management exports cost and usage details (FOCUS) to: a path, `abfss://container@account.dfs.core.windows.net/path`, or any URL that fsspec knows; unset: bills are asked for by query",
    )


class Smtp(Section):
    url: str | None = Field(None, description="`smtp://user:pass@host:587?starttls=true` or `smtps://...`")


class Mail(Section):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    sender: str | None = Field(None, alias="from", description="address that letters come from")
    to: Words = Field(
        default=[], description="addresses that get summaries and what has no owner, comma separated"
    )
    domains: Words = Field(default=[], description="mail domains that letters may go to, comma separated")


class Oidc(Section):
    issuer: str | None = Field(None, description="issuer URL of the OpenID provider")
    client_id: str | None = Field(None, description="client id at the provider")
    client_secret: str | None = Field(None, description="client secret at the provider")
    allow: Words = Field(
        default=[], description="domains, groups or mail addresses that may look, comma separated"
    )
    session_hours: int = Field(8, ge=1, le=168, description="hours until a person has to sign in again")


class Dashboard(Section):
    listen: str | None = Field(
        None,
        description="`host:port` to listen on; without login loopback only unless set",
    )

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str | None) -> str | None:
        if value is not None:
            host_and_port(value)
        return value


class Alerts(Section):
    route: bool = Field(False, description="send letters to the owners that tags name")
    owner_keys: Words = Field(
        default=["owner", "contact", "owner-email"],
        description="tags that name the owner of a deployment, the first that is found, comma separated",
    )
    team_keys: Words = Field(
        default=["team", "cost-center", "costcenter"],
        description="tags that name the team that routes and letters know, comma separated",
    )
    digest_at: str = Field("08:00", description="time of day of digests and summaries, in `AOAI_TIMEZONE`")
    weekly_on: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = Field(
        "monday", description="day of the weekly summary"
    )
    quiet_from: str | None = Field(None, description="time of day from which nothing urgent is sent")
    quiet_until: str | None = Field(None, description="time of day at which the quiet hours end")
    quiet_spares: Words = Field(
        default=[], description="severities that are sent in quiet hours too, such as `critical`"
    )
    clear_after_hours: float = Field(
        6, ge=0, le=168, description="hours for which a finding has to be gone before its alert closes"
    )
    same_episode_hours: float = Field(
        24, ge=0, le=720, description="hours in which an alert that comes back is not told again unless worse"
    )
    rules_off: Words = Field(default=[], description="rules that are switched off, comma separated")
    unsubscribe: str | None = Field(
        None, description="address for `List-Unsubscribe`, `https://...` or `mailto:...`"
    )
    finance_to: Words = Field(
        default=[], description="addresses that get the monthly finance mail; unset: `AOAI_MAIL_TO`"
    )
    thresholds: dict[str, Any] = Field(
        default={}, description="thresholds of rules, `[alerts.thresholds]` in the file only"
    )
    severities: dict[str, Any] = Field(
        default={}, description="severity by rule, `[alerts.severities]` in the file only"
    )
    tells: dict[str, Any] = Field(
        default={},
        description="`at_once`, `digest` or `weekly` by rule, `[alerts.tells]` in the file only",
    )


class CallerLogs(Section):
    workspaces: Words = Field(
        default=[],
        description="ids of Log Analytics workspaces that hold the accounts' RequestResponse logs, comma separated; unset: nobody is asked who calls",
    )
    detail: Literal["count", "address", "identity"] = Field(
        "count",
        description="what is read, kept and shown of callers: `count` how many, `address` Azure's masked addresses, `identity` object ids where logs name them",
    )

    @field_validator("workspaces")
    @classmethod
    def _workspaces(cls, value: list[str]) -> list[str]:
        for one in value:
            if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", one):
                raise ValueError(
                    f"{one!r} is not a workspace id; expected the id that the workspace's overview shows, such as '00000000-0000-0000-0000-000000000001'"
                )
        return [one.lower() for one in value]


class Log(Section):
    format: Literal["text", "json"] = Field("text", description="`text` for people, `json` for machines")
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least severity that is logged"
    )


class _FileOrEnvironment(EnvSettingsSource):
    """Environment variables, and for each `X` also `X_FILE`."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        variables = dict(super()._load_env_vars())
        for name, path in list(variables.items()):
            base = name.lower().removesuffix("_file")
            if not name.lower().startswith(PREFIX.lower()) or base == name.lower() or path is None:
                continue
            if base in variables:
                raise BadSettings([f"{base.upper()} and {name.upper()} are both set: expected one of them"])
            del variables[name]
            try:
                variables[base] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                reason = error.strerror or error
                raise BadSettings([f"{name.upper()}={path!r}: {reason}; expected a readable file"]) from error
        return variables


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="forbid",
        frozen=True,
        env_ignore_empty=True,
    )

    subscriptions: Words = Field(
        default=[], description="subscription ids, comma separated; unset: all that the identity can read"
    )
    cloud: Literal["public", "usgov"] = Field("public", description="`public` or `usgov`")
    currency: str | None = Field(
        None,
        description="currency that prices are asked in, such as `EUR`; unset: the subscription's billing currency, else USD",
    )
    timezone: str = Field("UTC", description="time zone of digests and quiet hours, such as `Europe/Berlin`")
    auth: Literal["default", "none"] = Field(
        "default",
        description="`default` (managed identity, workload identity, service principal, az login) or `none` (loopback endpoints only)",
    )
    arm_endpoint: str | None = Field(None, description="other address of Azure Resource Manager")
    metrics_endpoint: str | None = Field(
        None, description="other address of the metrics batch; may hold `{region}`"
    )
    logs_endpoint: str | None = Field(None, description="other address of Log Analytics")
    prices_endpoint: str | None = Field(None, description="other address of the Retail Prices API")
    public_url: str | None = Field(
        None, description="address under which people reach the dashboard, for login and links in letters"
    )
    cookie_secret: str | None = Field(
        None, min_length=32, description="secret that signs login cookies, 32 characters or more"
    )

    database: Database = Database()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    collect: Collect = Collect()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    retention: Retention = Retention()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    costs: Costs = Costs()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    bills: Bills = Bills()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    smtp: Smtp = Smtp()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    mail: Mail = Mail()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    oidc: Oidc = Oidc()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    dashboard: Dashboard = Dashboard()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    alerts: Alerts = Alerts()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    callers: CallerLogs = CallerLogs()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    log: Log = Log()  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
    rates: list[dict[str, Any]] = Field(default=[], description="your own prices, in the file only")
    reservations: list[dict[str, Any]] = Field(
        default=[], description="provisioned units that you paid ahead, in the file only"
    )
    teams: list[dict[str, Any]] = Field(
        default=[], description="rules that name the team of a deployment, in the file only"
    )
    budgets: list[dict[str, Any]] = Field(default=[], description="budgets, in the file only")
    api_versions: list[dict[str, Any]] = Field(
        default=[], description="your own deadlines of api-versions, in the file only"
    )
    features: list[dict[str, Any]] = Field(
        default=[], description="your own deadlines of features such as the Assistants API, in the file only"
    )
    model_deadlines: list[dict[str, Any]] = Field(
        default=[], description="your own deadlines of models, in the file only"
    )
    routes: list[dict[str, Any]] = Field(default=[], description="who gets which letters, in the file only")
    webhooks: list[dict[str, Any]] = Field(
        default=[], description="webhooks that routes name, in the file only"
    )

    @field_validator("currency")
    @classmethod
    def _currency(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Z]{3}", value):
            raise ValueError("expected a three-letter code such as 'EUR'")
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("expected an IANA time zone such as 'Europe/Berlin'")
        return value

    @field_validator("subscriptions")
    @classmethod
    def _subscriptions(cls, value: list[str]) -> list[str]:
        for one in value:
            if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", one):
                raise ValueError(
                    f"{one!r} is not a subscription id; expected ids such as '00000000-0000-0000-0000-000000000001', comma separated"
                )
        return [one.lower() for one in value]

    @field_validator("arm_endpoint", "metrics_endpoint", "logs_endpoint", "prices_endpoint", "public_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("expected an address such as 'https://management.azure.com'")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("plain http is accepted for loopback addresses only; expected https://...")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _no_token_stays_on_loopback(self) -> "Settings":
        if self.auth == "none":
            for name in ("arm_endpoint", "metrics_endpoint"):
                address = getattr(self, name)
                if address is None or not is_loopback(urlsplit(address).hostname or ""):
                    raise ValueError(
                        f"AOAI_AUTH='none': expected AOAI_{name.upper()} to be a loopback address, or AOAI_AUTH='default'"
                    )
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            _FileOrEnvironment(settings_cls),
            TomlConfigSettingsSource(settings_cls, _file()),
        )


def load() -> Settings:
    """The settings of this process; raises `BadSettings` with a sentence for every key that is wrong."""
    try:
        return Settings()  # pyright: ignore[reportCallIssue]  # pydantic fills the rest
    except ValidationError as error:
        raise BadSettings([_sentence(dict(problem)) for problem in error.errors()]) from error
    except (ValueError, OSError) as error:  # a file that is no TOML
        raise BadSettings([f"{_file() or UNSET_FILE}: {error}; expected a readable TOML file"]) from error


def _file() -> Path | None:
    named = os.environ.get(f"{PREFIX}CONFIG")
    if named:
        path = Path(named)
        if not path.is_file():
            raise BadSettings([f"{PREFIX}CONFIG={named!r}: no such file; expected the path of a TOML file"])
        return path
    here = Path(UNSET_FILE)
    return here if here.is_file() else None


def _sentence(problem: Mapping[str, Any]) -> str:
    path = [str(part) for part in problem["loc"]]
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not path:
        return message
    name = PREFIX + "_".join(path[:2]).upper()
    secret: Callable[[str], bool] = lambda key: any(word in key for word in ("SECRET", "URL"))  # noqa: E731  # one use, named for the reader
    if problem["type"] == "extra_forbidden":
        return f"{'.'.join(path)}: no such setting; docs/settings.md lists them all"
    shown = "(not shown)" if secret(name) else repr(problem.get("input"))
    expected = re.sub(r"^Input should be (a valid )?", "expected ", message)
    return f"{name}={shown}: {expected}"
