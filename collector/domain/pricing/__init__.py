"""Prices: what retail meters mean, and which one bills a deployment on a day.

The way in is `PriceBook.price_at`; `docs/prices.md` tells the ladder in words.
"""

from collector.domain.pricing.explaining import (
    BadQuestion,
    MeterAudit,
    answer_object,
    audit_meters,
    audit_questions,
    decimal_text,
    explain,
    explain_kinds,
    explain_lines,
    question_of,
)
from collector.domain.pricing.ladder import PriceBook
from collector.domain.pricing.meters import MeterMeaning, OutOfScope, Refused, parse_meter
from collector.domain.pricing.notes import Doubt, ModelAlias, ModelNote, PriceNotes
from collector.domain.pricing.questions import (
    Ambiguous,
    Answer,
    Considered,
    Priced,
    PriceQuestion,
    Unpriced,
)
from collector.domain.pricing.rates import Rate, parse_rates
from collector.domain.pricing.rows import PriceRow, Rejected, parse_retail_rows
from collector.domain.pricing.skus import SkuTerms, cost_kind, sku_terms
from collector.domain.pricing.words import KINDS, TIERS, Kind, Tier, per

__all__ = [
    "KINDS",
    "TIERS",
    "Ambiguous",
    "Answer",
    "BadQuestion",
    "Considered",
    "Doubt",
    "Kind",
    "MeterAudit",
    "MeterMeaning",
    "ModelAlias",
    "ModelNote",
    "OutOfScope",
    "PriceBook",
    "PriceNotes",
    "PriceQuestion",
    "PriceRow",
    "Priced",
    "Rate",
    "Refused",
    "Rejected",
    "SkuTerms",
    "Tier",
    "Unpriced",
    "answer_object",
    "audit_meters",
    "audit_questions",
    "cost_kind",
    "decimal_text",
    "explain",
    "explain_kinds",
    "explain_lines",
    "parse_meter",
    "parse_rates",
    "parse_retail_rows",
    "per",
    "question_of",
    "sku_terms",
]
