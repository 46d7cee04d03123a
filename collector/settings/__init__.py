"""Configuration: what an operator may say, checked before anything starts.

One file (`aoai-monitor.toml`, or the path in AOAI_CONFIG), every key also as an environment variable
`AOAI_<SECTION>_<KEY>`, and every one of those also as `…_FILE`, the path of a file that holds the value.
The environment wins over the file.
"""

import re
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from collector.domain.places import is_loopback
from collector.settings.sections import (
    Alerts,
    Bills,
    CallerLogs,
    Collect,
    Costs,
    Dashboard,
    Database,
    Log,
    Mail,
    Oidc,
    Retention,
    Smtp,
    Words,
)
from collector.settings.sources import (
    PREFIX,
    UNSET_FILE,
    BadSettings,
    FileOrEnvironment,
    configuration_file,
    sentence,
)


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
            FileOrEnvironment(settings_cls),
            TomlConfigSettingsSource(settings_cls, configuration_file()),
        )


def load() -> Settings:
    """The settings of this process; raises `BadSettings` with a sentence for every key that is wrong."""
    try:
        return Settings()  # pyright: ignore[reportCallIssue]  # pydantic fills the rest
    except ValidationError as error:
        raise BadSettings([sentence(dict(problem)) for problem in error.errors()]) from error
    except (ValueError, OSError) as error:  # a file that is no TOML
        raise BadSettings(
            [f"{configuration_file() or UNSET_FILE}: {error}; expected a readable TOML file"]
        ) from error
