"""Collecting as a competent user of the SDK writes it first: its models, one resource at a time, a row object a point.

It is what this program is measured against, so it is written with care: one client, one transaction a resource, the
points of one answer added at once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from azure.core.credentials import AccessToken
from azure.monitor.querymetrics import MetricsClient
from sqlalchemy import DateTime, Engine, delete
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from collector.domain.periods import Window
from collector.domain.types import MetricGroup


class Base(DeclarativeBase):
    pass


class Point(Base):
    __tablename__ = "bench_point"

    resource_id: Mapped[str] = mapped_column(primary_key=True)
    metric: Mapped[str] = mapped_column(primary_key=True)
    dimensions: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    value: Mapped[float | None]


class NoCredential:
    """The loopback server asks for none."""

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken("none", 2**31)


def collect(
    client: MetricsClient,
    engine: Engine,
    resource_ids: Sequence[str],
    groups: Sequence[MetricGroup],
    window: Window,
) -> int:
    """Every point of the window, replaced; returns how many there were."""
    count = 0
    for resource_id in resource_ids:
        points = [point for group in groups for point in _points(client, resource_id, group, window)]
        with Session(engine) as session, session.begin():
            inside = (Point.resource_id == resource_id, Point.at >= window.start, Point.at < window.end)
            session.execute(delete(Point).where(*inside))
            session.add_all(points)
        count += len(points)
    return count


def _points(client: MetricsClient, resource_id: str, group: MetricGroup, window: Window) -> list[Point]:
    (result,) = client.query_resources(
        resource_ids=[resource_id],
        metric_namespace="microsoft.cognitiveservices/accounts",
        metric_names=list(group.metrics),
        timespan=(window.start, window.end),
        granularity=timedelta(minutes=1),
        aggregations=list(group.aggregations),
        max_results=10_000,
        filter=" and ".join(f"{name} eq '*'" for name in group.dimensions),
    )
    return [
        Point(
            resource_id=resource_id,
            metric=metric.name,
            dimensions=",".join(f"{name}={value}" for name, value in sorted(series.metadata_values.items())),
            at=point.timestamp,
            value=point.total,
        )
        for metric in result.metrics
        for series in metric.timeseries
        for point in series.data
    ]
