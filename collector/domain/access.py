"""What reading each figure needs of Azure: role, scope, provider registration, hosts, and the lines that grant it.

Role ids and actions are Azure's built-in definitions (docs/azure.md names the sources). A missing right never
turns a figure into zero: `without` says what is shown instead.
"""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

CUSTOM_ROLE_NAME: Final = "aoai-monitor reader"
HTTPS: Final = 443
_MANAGEMENT_GROUP: Final = "/providers/Microsoft.Management/managementGroups/"


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    """A role as Azure ships it, with the actions of it that we use."""

    name: str
    id: str
    actions: tuple[str, ...]


class Role(Enum):
    READER = BuiltInRole(
        "Reader",
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        (
            "Microsoft.Resources/subscriptions/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.CognitiveServices/*/read",
        ),
    )
    MONITORING_READER = BuiltInRole(
        "Monitoring Reader",
        "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
        ("Microsoft.Insights/metrics/read", "Microsoft.Insights/metricDefinitions/read"),
    )
    USAGES_READER = BuiltInRole(
        "Cognitive Services Usages Reader",
        "bba48692-92b0-4667-a9ad-c31c7b334ac2",
        ("Microsoft.CognitiveServices/locations/usages/read",),
    )
    COST_READER = BuiltInRole(
        "Cost Management Reader",
        "72fafb9e-0641-4937-9268-a91bfd8191a3",
        ("Microsoft.CostManagement/*/read", "Microsoft.Consumption/*/read"),
    )


# What its action allows, Reader's `Microsoft.CognitiveServices/*/read` allows too.
_COVERED: Final = (Role.USAGES_READER,)


class Host(Enum):
    """Who is called; the name of each host depends on the cloud."""

    LOGIN = "sign-in"
    ARM = "Azure Resource Manager"
    METRICS = "metrics batch"
    PRICES = "Retail Prices API"


_HOSTS: Final[dict[str, dict[Host, str]]] = {
    "public": {
        Host.LOGIN: "login.microsoftonline.com",
        Host.ARM: "management.azure.com",
        Host.METRICS: "{region}.metrics.monitor.azure.com",
        Host.PRICES: "prices.azure.com",
    },
    "usgov": {
        Host.LOGIN: "login.microsoftonline.us",
        Host.ARM: "management.usgovcloudapi.net",
        Host.METRICS: "{region}.metrics.monitor.azure.us",
        Host.PRICES: "prices.azure.com",
    },
}


@dataclass(frozen=True, slots=True)
class Need:
    """What one figure needs. `role` None: no right at all. `smallest_scope` is the smallest that works."""

    figure: str
    job: str
    role: Role | None
    smallest_scope: Literal["subscription", "account", "none"]
    provider: str | None
    hosts: tuple[Host, ...]
    without: str


NEEDS: Final[tuple[Need, ...]] = (
    Need(
        "accounts and deployments, their limits and tags",
        "inventory",
        Role.READER,
        "subscription",
        "Microsoft.CognitiveServices",
        (Host.LOGIN, Host.ARM),
        "the subscription is shown as not collected; the others go on",
    ),
    Need(
        "dates of retirement, SKUs and meter ids of models",
        "models",
        Role.READER,
        "subscription",
        "Microsoft.CognitiveServices",
        (Host.LOGIN, Host.ARM),
        "a deployment's end is unknown, and prices are matched by meter name only",
    ),
    Need(
        "tokens, requests and throttles, many accounts a call",
        "metrics",
        Role.MONITORING_READER,
        "subscription",
        "Microsoft.Insights",
        (Host.LOGIN, Host.METRICS),
        "each account is asked alone through Azure Resource Manager: the same figures, more calls",
    ),
    Need(
        "tokens, requests and throttles, one account a call",
        "metrics",
        Role.MONITORING_READER,
        "account",
        "Microsoft.Insights",
        (Host.LOGIN, Host.ARM),
        "usage, cost and room of the account are shown as not collected",
    ),
    Need(
        "quota lines: limit and what is taken of it",
        "quotas",
        Role.USAGES_READER,
        "subscription",
        "Microsoft.CognitiveServices",
        (Host.LOGIN, Host.ARM),
        "free quota and days to full are unknown; the room of deployments stays known",
    ),
    Need(
        "list prices",
        "prices",
        None,
        "none",
        None,
        (Host.PRICES,),
        "the dated snapshot inside the program prices the tokens, with its age shown",
    ),
    Need(
        "the bill",
        "bills",
        Role.COST_READER,
        "subscription",
        "Microsoft.CostManagement",
        (Host.LOGIN, Host.ARM),
        "costs stay estimates at list price, with the status 'No bill read'",
    ),
)


def hosts(need: Need, cloud: str = "public") -> tuple[str, ...]:
    """The host names that a figure needs on port 443; `{region}` stands for each Azure region in use."""
    return tuple(_HOSTS[cloud][host] for host in need.hosts)


def subscription_scope(subscription_id: str) -> str:
    return f"/subscriptions/{subscription_id}"


def management_group_scope(name: str) -> str:
    """All subscriptions below a management group, also those that join it later."""
    return f"{_MANAGEMENT_GROUP}{name}"


def assignment_line(role: Role, scope: str, principal_id: str = "<principal-id>") -> str:
    """The `az` line that gives an identity (its object id) a built-in role."""
    return _assignment(role.value.id, scope, principal_id)


def custom_assignment_line(scope: str, principal_id: str = "<principal-id>") -> str:
    """The same for the one custom role, once it is made."""
    return _assignment(CUSTOM_ROLE_NAME, scope, principal_id)


def registration_line(provider: str, subscription_id: str) -> str:
    return _line("az", "provider", "register", "--namespace", provider, "--subscription", subscription_id)


def custom_role(scopes: Sequence[str]) -> str:
    """One role with what every figure needs and nothing else, as JSON for `az role definition create`."""
    groups = [scope for scope in scopes if scope.startswith(_MANAGEMENT_GROUP)]
    if not scopes or len(groups) > 1:
        raise ValueError(
            f"scopes of a custom role: {list(scopes)!r}; expected at least one, and at most one management group"
        )
    actions = [action for role in Role if role not in _COVERED for action in role.value.actions]
    definition = {
        "Name": CUSTOM_ROLE_NAME,
        "IsCustom": True,
        "Description": "Reads usage, limits, prices and bills of Azure OpenAI; changes nothing and reads no prompt.",
        "Actions": actions,
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": list(scopes),
    }
    return json.dumps(definition, indent=2)


def custom_role_line(path: str = "aoai-monitor-role.json") -> str:
    return _line("az", "role", "definition", "create", "--role-definition", f"@{path}")


def _assignment(role: str, scope: str, principal_id: str) -> str:
    return _line(
        *("az", "role", "assignment", "create"),
        *("--assignee-object-id", principal_id),
        *("--assignee-principal-type", "ServicePrincipal"),
        *("--role", role),
        *("--scope", scope),
    )


def _line(*words: str) -> str:
    return shlex.join(words)
