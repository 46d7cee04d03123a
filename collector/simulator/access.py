"""What the caller may do in each subscription: everything, until a test takes a role away."""

from __future__ import annotations

import threading

from collector.simulator.estate import Subscription
from collector.simulator.messages import Answer, Call, error_answer

ROLES = (
    "reader",
    "groups_reader",
    "monitoring_reader",
    "insights_registered",
    "usages_reader",
    "cost_reader",
)


class Access:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._may: dict[str, dict[str, bool]] = {}

    def set(self, subscription: Subscription, **may: bool) -> None:
        strange = sorted(set(may) - set(ROLES))
        if strange:
            raise ValueError(f"access {strange[0]!r}: expected one of {', '.join(ROLES)}")
        with self._lock:
            self._may.setdefault(subscription.id, {}).update(may)

    def told(self) -> dict[str, dict[str, bool]]:
        with self._lock:
            return {sub: dict(may) for sub, may in self._may.items()}

    def refusal(self, call: Call, subscription: Subscription) -> Answer | None:
        """The error of a missing role, each in its service's own words; None where the call may go on."""
        with self._lock:
            may = dict.fromkeys(ROLES, True) | self._may.get(subscription.id, {})
        path = call.path.lower()
        scope = f"over scope '/subscriptions/{subscription.id}'"
        denied = f"The client 'simulated' does not have authorization to perform action {scope}."
        if "getbatch" in path and not may["insights_registered"]:
            text = f"The subscription '{subscription.id}' is not registered to use microsoft.insights."
            return error_answer(403, "SubscriptionNotRegistered", text)
        if "getbatch" in path and not may["monitoring_reader"]:
            return error_answer(401, "Unauthorized", f"Monitoring Reader is needed {scope}.")
        if "costmanagement" in path and not may["cost_reader"]:
            return error_answer(403, "RBACAccessDenied", denied)
        if "/locations/" in path and path.endswith("/usages") and not may["usages_reader"]:
            return error_answer(403, "AuthorizationFailed", denied)
        if path.rstrip("/").endswith("/resourcegroups") and not (may["reader"] and may["groups_reader"]):
            return error_answer(403, "AuthorizationFailed", denied)
        inventory = "cognitiveservices" in path and "microsoft.insights" not in path
        if inventory and not path.endswith("/usages") and not may["reader"]:
            return error_answer(403, "AuthorizationFailed", denied)
        return None
