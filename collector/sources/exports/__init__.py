"""The bill, read from a folder that Cost Management exports to (FOCUS)."""

from collector.sources.exports.bills import ExportedBills

__all__ = ["ExportedBills"]
