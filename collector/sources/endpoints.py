"""Where Azure answers, per cloud, and what a configuration may put in its place."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from collector.domain import places
from collector.domain.types import Misconfigured

REGION = "{region}"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses and token scopes of one cloud. `metrics` and `metrics_audience` belong to the batch API."""

    arm: str
    arm_scope: str
    authority: str
    metrics: str
    metrics_audience: str
    logs: str
    logs_audience: str
    prices: str

    def metrics_at(self, location: str) -> str:
        return self.metrics.replace(REGION, location)


CLOUDS = {
    "public": Endpoints(
        arm="https://management.azure.com",
        arm_scope="https://management.azure.com/.default",
        authority="login.microsoftonline.com",
        metrics=f"https://{REGION}.metrics.monitor.azure.com",
        metrics_audience="https://metrics.monitor.azure.com",
        logs="https://api.loganalytics.io/v1",
        logs_audience="https://api.loganalytics.io",
        prices="https://prices.azure.com",
    ),
    "usgov": Endpoints(
        arm="https://management.usgovcloudapi.net",
        arm_scope="https://management.usgovcloudapi.net/.default",
        authority="login.microsoftonline.us",
        metrics=f"https://{REGION}.metrics.monitor.azure.us",
        metrics_audience="https://metrics.monitor.azure.us",
        logs="https://api.loganalytics.us/v1",
        logs_audience="https://api.loganalytics.us",
        prices="https://prices.azure.com",
    ),
}


def endpoints_of(
    cloud: str = "public",
    *,
    arm: str | None = None,
    metrics: str | None = None,
    logs: str | None = None,
    prices: str | None = None,
) -> Endpoints:
    """The cloud's endpoints with single ones replaced; only `metrics` may hold `{region}`."""
    if cloud not in CLOUDS:
        raise Misconfigured(f"AOAI_CLOUD={cloud!r}: expected one of {', '.join(CLOUDS)}")
    given = {"arm": arm, "metrics": metrics, "logs": logs, "prices": prices}
    return replace(
        CLOUDS[cloud],
        **{name: _checked(f"AOAI_{name.upper()}_ENDPOINT", url) for name, url in given.items() if url},
    )


def is_loopback(url: str) -> bool:
    """Whether a URL stays on this machine."""
    return places.is_loopback(urlsplit(url).hostname or "")


def is_plain(url: str) -> bool:
    return urlsplit(url).scheme == "http"


def _checked(key: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise Misconfigured(f"{key}={url!r}: expected an address such as 'https://management.azure.com'")
    if is_plain(url) and not is_loopback(url):
        raise Misconfigured(f"{key}={url!r}: plain http is accepted for loopback addresses only; use https")
    if REGION in url and key != "AOAI_METRICS_ENDPOINT":
        raise Misconfigured(f"{key}={url!r}: only AOAI_METRICS_ENDPOINT may hold {REGION}")
    return url.rstrip("/")
