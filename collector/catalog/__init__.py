"""Dated facts that Azure publishes as prose: api-versions, a price snapshot, model notes."""
