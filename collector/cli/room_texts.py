"""The answers about room as a person reads them on a terminal."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from collector.cli.shared import LOOK, print_line, print_table

Json = Mapping[str, Any]

_UNKNOWN: Final = "unknown"


def tell_room(found: Json, period: str) -> None:
    print_line(f"Room over {period}, known through {found['as_of'] or 'nothing yet'}")
    print_table(
        ("deployment", "model", "sku", "busiest minute", "limit", "left", "throttled", "full"),
        (
            (
                row["deployment"],
                row["model"],
                row["sku"],
                _busiest(row),
                *_against(row),
                _UNKNOWN if row["requests"] is None else f"{row['throttled']:,} of {row['requests']:,}",
                row["full"] or _UNKNOWN,
            )
            for row in found["deployments"]
        ),
        if_none=f"No deployment is known. {LOOK}",
    )
    unread = [row for row in found["deployments"] if row["requests"] is None]
    if unread:
        print_line(
            f"Of {len(unread)} deployments no minute is known: their use is unknown, and not 0. {LOOK}"
        )
    known = [row for row in found["deployments"] if row["minute_coverage"] and row["requests"] is not None]
    partly = [row for row in known if row["peak_at_least"]]
    if partly:
        least = min(row["minute_coverage"] for row in partly)
        print_line(
            f"Where minutes are missing, the busiest one is *at least* so high: {len(partly)} deployments, "
            f"of which the least known one by {least:.1%} of its minutes."
        )
    for row in (row for row in found["quotas"] if _share(row) >= Decimal("0.8")):
        print_line(
            f"Quota {row['usage_name']} in {row['location']}: {row['current']} of {row['limit']} allocated"
        )


def tell_diagnoses(found: Json) -> None:
    for row in found["deployments"]:
        print_line(f"{row['deployment']} ({row['model']}, {row['sku']}, {row['location']}): {row['cause']}")
        print_line(f"    {row['diagnosis']}")
    if not found["deployments"]:
        print_line(f"No request was refused or spilled in {found['period']}, as far as is known.")


def tell_fit(found: Json) -> None:
    asked = found["question"]
    print_line(
        f"{asked['model']} with {asked['tpm']:,} tokens a minute, known through {found['as_of'] or 'nothing yet'}"
    )
    print_table(
        ("fits", "location", "sku", "version", "units", "free", "Azure has", "price a million tokens", "ends", "processed", "subscription"),
        (
            (
                _fits(one),
                one["location"],
                one["sku"],
                one["version"],
                f"{one['units']:,}",
                _count(one["free_units"]),
                _count(one["available"]),
                _price(one),
                one["ends_on"] or "no date",
                one["processed"],
                one["subscription_id"],
            )
            for one in found["places"]
        ),
    )  # fmt: skip
    if not any(one["fits"] for one in found["places"]):
        _tell_what_to_move(found["places"])
    full = {
        (one["location"], one["subscription_id"])
        for one in found["places"]
        if one["needs_account"] and one["accounts_free"] == 0
    }
    for location, subscription_id in sorted(full):
        print_line(
            f"{location} needs a new account, and {subscription_id} may make no more there: delete one, or ask Azure for more"
        )
    for one in found["elsewhere"]:
        print_line(
            f"Azure also has {one['available']:,} units of {one['sku']} {one['version']} in {one['location']}; "
            "your quota there is unknown, since no account lies there"
        )


def tell_units(found: Json) -> None:
    for one in found["deployments"]:
        use = one["use"]
        peak = _UNKNOWN if use["peak"] is None else f"{use['peak']:.0f} %"
        print_line(
            f"{one['deployment']} ({one['model']}, {one['sku']}): {use['units']:,} units, highest use {peak}, "
            f"{use['minutes_full']:,} minutes full, {use['spilled']:,} requests spilled"
        )
        for term, curve in one["curves"].items():
            best = curve["cheapest"]
            print_line(
                f"    bought {term}: cheapest with {best['units']:,} units at {Decimal(best['unit_cost']) + Decimal(best['spilled_cost']):,.2f} "
                f"{curve['currency']}, all by the token {Decimal(curve['token_cost']):,.2f}; never full with "
                f"{curve['never_throttles']['units']:,}"
            )
        if one["latency_in_words"]:
            print_line(f"    time to first token: {one['latency_in_words']}")
        if one["why_no_curve"]:
            print_line(f"    no curve: {one['why_no_curve']}")
    if not found["deployments"]:
        print_line("No deployment with provisioned units whose minutes are known.")
    for row in found["lines"]:
        shared = "; one pool may stand behind several locations" if row["may_share_pool"] else ""
        print_line(
            f"Quota of {row['usage_name']} in {row['location']}: {row['free']} of {row['limit']} units not allocated{shared}"
        )


def tell_supposed(found: Json, text: str) -> None:
    print_line(f"Supposing {text}: {found['changed']} deployments change")
    if found["not_offered"]:
        print_line(f"Not offered where they are: {', '.join(found['not_offered'])}")
    print_table(
        ("deployment", "model", "busiest minute", "limit", "left", "full"),
        (
            (
                row["deployment"],
                row["model"],
                _busiest(row),
                *_against(row),
                row["full"] or _UNKNOWN,
            )
            for row in sorted(found["deployments"], key=lambda row: -(row["used_share"] or 0))
        ),
    )
    tell_advice(found)


def tell_advice(found: Json) -> None:
    if not found["recommendations"]:
        print_line("Nothing to do about room, as far as is known.")
    for number, one in enumerate(found["recommendations"], start=1):
        print_line(f"{number}. {one['summary']}{_money(one['saves'])}")
        if one["residency"]:
            print_line(f"    {one['residency']}")
        for change in one["changes"]:
            if change["command"]:
                print_line(f"    {change['command']}")
        if one["request"]:
            asked = one["request"]
            print_line(
                f"    Request form: {asked['usage_name'] or asked['sku']} in {asked['location']}, from "
                f"{asked['current_limit_units']} to {asked['requested_limit_units']} units. {asked['justification']}"
            )
        print_line(f"    Supposes: {one['assumption']}")


def _busiest(row: Json) -> str:
    """In the measure that binds: a limit of requests is not told in tokens, nor are units."""
    if row["binding"] == "ptu":
        peak = row["ptu_max"]
        return _UNKNOWN if peak is None else f"{peak:.0f} % of its units"
    rpm = row["binding"] == "rpm"
    text = _number(row["peak_rpm" if rpm else "peak_tpm"], "RPM" if rpm else "TPM")
    return f"at least {text}" if row.get("peak_at_least") and text != _UNKNOWN else text


def _against(row: Json) -> tuple[str, str]:
    """The limit that binds and what is left of it."""
    if row["binding"] == "ptu":
        peak = row["ptu_max"]
        return "100 %", _UNKNOWN if peak is None else f"{100 - peak:.0f} %"
    name = "rpm" if row["binding"] == "rpm" else "tpm"
    return _number(row[f"limit_{name}"], name.upper()), _number(row[f"headroom_{name}"], name.upper())


def _fits(one: Json) -> str:
    if one["fits"]:
        return "yes"
    if one["ended"]:
        return "ended"
    if one["needs_account"] and one["accounts_free"] == 0:
        return "no more accounts"
    return "quota unknown" if one["short"] is None else f"{one['short']:,} short"


def _price(one: Json) -> str:
    price = one["prices"]
    if price is None:
        return _UNKNOWN
    million = (Decimal(price[kind]) * 1_000_000 for kind in ("input", "output"))
    return f"{' / '.join(f'{amount:,.2f}' for amount in million)} {price['currency']}"


def _money(saves: Json | None) -> str:
    if saves is None or not round(Decimal(saves["amount"]), 2):
        return ""
    amount = Decimal(saves["amount"])
    return f" {'Saves' if amount > 0 else 'Costs'} {abs(amount):,.2f} {saves['currency']} a month."


def _tell_what_to_move(places: Iterable[Json]) -> None:
    for one in places:
        if one["frees"]:
            spare = ", ".join(f"{free['units']:,} of {free['deployment']}" for free in one["frees"])
            print_line(f"It would fit in {one['location']} as {one['sku']} after lowering: {spare}")


def _count(value: int | None) -> str:
    return _UNKNOWN if value is None else f"{value:,}"


def _number(value: int | None, unit: str) -> str:
    return _UNKNOWN if value is None else f"{value:,} {unit}"


def _share(row: Json) -> Decimal:
    limit = Decimal(row["limit"])
    return Decimal(row["current"]) / limit if limit else Decimal(0)
