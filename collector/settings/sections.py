"""The settings by section, each with its default, its bounds and what it means."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_settings import NoDecode

from collector.domain.places import host_and_port


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
