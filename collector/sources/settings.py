"""What the sources must know of the configuration, as plain values."""

from dataclasses import dataclass

from collector.sources.endpoints import Endpoints, endpoints_of


@dataclass(frozen=True, slots=True)
class AzureSettings:
    """Which Azure, as whom, and how patiently. `subscriptions` empty means all that the identity can read."""

    cloud: str = "public"
    auth: str = "default"
    arm_endpoint: str | None = None
    metrics_endpoint: str | None = None
    logs_endpoint: str | None = None
    prices_endpoint: str | None = None
    subscriptions: tuple[str, ...] = ()
    bill_exports: str | None = None
    retries: int = 4
    backoff_seconds: float = 0.8
    longest_wait_seconds: float = 60.0
    connect_timeout_seconds: float = 10.0
    read_timeout_seconds: float = 100.0
    calls_at_once: int = 8
    failures_to_open: int = 5
    circuit_rest_seconds: float = 60.0
    top: int = 10_000
    batch_refusal_lasts_seconds: float = 86_400.0

    @property
    def endpoints(self) -> Endpoints:
        return endpoints_of(
            self.cloud,
            arm=self.arm_endpoint,
            metrics=self.metrics_endpoint,
            logs=self.logs_endpoint,
            prices=self.prices_endpoint,
        )
