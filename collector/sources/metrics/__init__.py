"""Azure Monitor metrics: asked in batches, or one by one, until every answer is whole or named as failed."""

from collector.sources.metrics.ask import AzureMetrics

__all__ = ["AzureMetrics"]
