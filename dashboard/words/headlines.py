"""What the headline tiles of unit costs, throttling, provisioned units and answers say."""

from typing import Final

MILLION: Final = "A million tokens"
MILLION_HELP: Final = "Cost of tokens ÷ tokens, of what is paid by use in the period, estimated; units by the hour are left out."
MILLION_INPUT: Final = "A million of input"
INPUT_HELP: Final = "Uncached input, cache writes, audio and image input of the period, estimated."
MILLION_OUTPUT: Final = "A million of output"
OUTPUT_HELP: Final = "Answers of the period, text, audio and images, estimated."
THOUSAND: Final = "A thousand requests"
THOUSAND_HELP: Final = "Cost of everything paid by use ÷ its answered requests in the period, estimated; empty where requests are unknown."
IDLE_PART: Final = "Units that stood idle"
IDLE_PART_HELP: Final = (
    "The part of the month's cost of provisioned units that their mean use left idle, estimated."
)

REFUSED: Final = "Refused requests"
REFUSED_HELP: Final = "Answered with 429 in the period and not served elsewhere."
HIT: Final = "Deployments hit"
HIT_HELP: Final = "Deployments of which any request of the period was refused, of all that were read."
SPILLED_HELP: Final = (
    "Requests of the period that a full deployment of units passed on to another one: nobody failed."
)
FULL_SOON: Final = "May fill in 30 days"
FULL_SOON_HELP: Final = (
    "Deployments whose busiest minute may reach the limit within 30 days, at the early end of its interval."
)
SOON_DAYS: Final = 30

UNITS: Final = "Units deployed"
UNITS_HELP: Final = "Provisioned units that stand now, over all deployments that the filters leave."
MEAN_USE: Final = "Mean use"
MEAN_USE_HELP: Final = (
    "Mean utilisation over the last 30 days, by units; deployments without a figure are left out."
)
IDLE_UNITS: Final = "Idle units"
IDLE_UNITS_HELP: Final = "Units that even the busiest minute of the last 30 days left unused, in whole steps."
UNITS_COST: Final = "Cost, 30 days"
UNITS_COST_HELP: Final = "Estimated, paid by the hour whether used or not."

MEAN_FIRST: Final = "First token, mean"
MEAN_FIRST_HELP: Final = "Milliseconds to the first token: mean over the hours of the period that publish it."
WORST_FIRST: Final = "First token, worst hour"
WORST_FIRST_HELP: Final = "The highest mean of one hour of any deployment in the period."
AVAILABLE: Final = "Available"
AVAILABLE_HELP: Final = "Mean over the hours of the period that publish it."
WORST_AVAILABLE: Final = "Worst hour"
WORST_AVAILABLE_HELP: Final = "The lowest availability that one deployment had in one hour of the period."
REJECTED: Final = "Filter rejects"
REJECTED_HELP: Final = (
    "Requests that the content filter rejected ÷ requests that it looked at, in the period."
)


def milliseconds(value: float | None, unknown: str) -> str:
    return unknown if value is None else f"{value:,.0f} ms"
