"""A diagnosis as one paragraph in plain words: what happened, which figures speak for the cause, what usually helps."""

from __future__ import annotations

from typing import Final

from collector.domain.room.diagnosis import Cause, Diagnosis
from collector.domain.room.throttling import ThrottleSummary


def describe(diagnosis: Diagnosis) -> str:
    """One paragraph: what happened, which figures speak for the cause, what usually helps."""
    parts = [_what_happened(diagnosis.summary), _evidence(diagnosis), _HELPS[diagnosis.cause]]
    if not diagnosis.certain and diagnosis.cause != "unknown":
        parts.append("The figures are few, so take this as a first guess.")
    return " ".join(parts)


def _what_happened(summary: ThrottleSummary) -> str:
    if not summary.throttled:
        return (
            f"No request failed: {_count(summary.spilled, 'request was', 'requests were')} served elsewhere."
        )
    rate = "" if summary.rate is None else f" of {summary.requests:,} ({_percent(summary.rate)})"
    told = f"{summary.throttled:,} requests{rate} were answered with 429"
    if summary.minutes_touched:
        told += f", in {_count(summary.minutes_touched, 'minute', 'minutes')}"
    if summary.worst_minute_at is not None:
        told += (
            f"; the worst was {summary.worst_minute_at:%Y-%m-%d %H:%M} UTC "
            f"with {summary.worst_minute_throttled:,}"
        )
    spilled = f" Another {summary.spilled:,} were served elsewhere." if summary.spilled else ""
    return told + "." + spilled


def _evidence(diagnosis: Diagnosis) -> str:
    summary = diagnosis.summary
    at = _percent(summary.at_limit / summary.throttled) if summary.throttled else "none"
    few = f"Only {at}" if summary.at_limit else "None"
    tpm, rpm = _percent(diagnosis.share_tpm), _percent(diagnosis.share_rpm)
    lift = "unknown" if diagnosis.lift is None else f"{diagnosis.lift:.1f} times"
    likewise = f"{_percent(diagnosis.regularity)} of the minutes as loaded as these were throttled"
    told: dict[Cause, str] = {
        "token_limit": f"{at} of them came at the limit; throttled minutes used {tpm} of the token limit.",
        "request_limit": f"{at} of them came at the limit; throttled minutes answered {rpm} of the request limit.",
        "ptu_full": f"{at} of them came while the provisioned units were fully used "
        f"(utilisation up to {diagnosis.ptu_max or 0:.0f} %).",
        "large_estimates": f"{few} of them came at the limit: throttled minutes used {tpm} of the token limit and "
        f"{rpm} of the request limit, and were {lift} as loaded as calm ones; {likewise}. The limiter counts prompt plus "
        "max_tokens when a request arrives, the metrics what was used in the end.",
        "bursts": f"{few} of them came at the limit: throttled minutes answered {rpm} of the request limit and used "
        f"{tpm} of the token limit, and were {lift} as loaded as calm ones; {likewise}. The request limit is enforced over "
        "seconds, so a burst inside a quiet minute is refused.",
        "service_load": f"{few} of them came at the limit: throttled minutes used {tpm} of the token limit and {rpm} "
        f"of the request limit, and were {lift} as loaded as calm ones; {likewise}. 429s that come whatever the load speak for "
        "pressure on the service, or for a limit that Azure lowered for a while.",
        "spilled_only": "The deployment was full and its spillover deployment answered.",
        "unknown": "Why cannot be said: the minutes or the limit of that time are unknown.",
    }
    return told[diagnosis.cause]


_HELPS: Final[dict[Cause, str]] = {
    "token_limit": "What usually helps: raise the limit from free quota, move load that can wait to batch, "
    "or spread it over a second deployment.",
    "request_limit": "What usually helps: put several questions into one request, raise the limit, "
    "or spread requests evenly.",
    "ptu_full": "What usually helps: turn on spillover to a standard deployment, or add provisioned units.",
    "large_estimates": "What usually helps: set max_tokens to what answers really need; more quota helps too.",
    "bursts": "What usually helps: space requests within the minute and retry after the time that the answer names.",
    "service_load": "What usually helps: retry with backoff, use a Global SKU or a second location; "
    "more quota does not help.",
    "spilled_only": "Nothing is broken; if it is often, compare the cost of spilled tokens with more units.",
    "unknown": "What helps to know: collect this deployment at one minute.",
}


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _percent(share: float | None) -> str:
    if share is None:
        return "an unknown share"
    shown = f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"
    return shown.replace("%", " %")
