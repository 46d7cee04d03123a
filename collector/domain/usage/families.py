"""Two metric families describe the same traffic: which one is taken, for each deployment and UTC day.

An unpublished metric may answer zeros, and adding both doubles everything. So the family with more requests on
that day is taken, `Models` where they are equal, and the other total is kept beside it to be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

MODELS: Final = "Models"
AZURE_OPENAI: Final = "Azure OpenAI"

REQUESTS: Final[Mapping[str, str]] = {"azureopenairequests": AZURE_OPENAI, "modelrequests": MODELS}
TOKENS: Final[Mapping[str, tuple[str, str]]] = {
    "processedprompttokens": (AZURE_OPENAI, "prompt"),
    "generatedtokens": (AZURE_OPENAI, "completion"),
    "inputtokens": (MODELS, "prompt"),
    "outputtokens": (MODELS, "completion"),
}

DeploymentDay = tuple[UUID, str, date]


@dataclass(frozen=True, slots=True)
class FamilyTotals:
    """Requests of one deployment on one UTC day, as each family counts them."""

    models: int = 0
    azure_openai: int = 0

    @property
    def filled(self) -> str:
        return AZURE_OPENAI if self.azure_openai > self.models else MODELS

    def __add__(self, other: FamilyTotals) -> FamilyTotals:
        return FamilyTotals(self.models + other.models, self.azure_openai + other.azure_openai)

    @property
    def difference(self) -> float | None:
        """How far the smaller lies below the larger, 0..1; None where one family is not filled."""
        larger = max(self.models, self.azure_openai)
        smaller = min(self.models, self.azure_openai)
        return None if smaller == 0 else (larger - smaller) / larger
