"""Subscriptions, accounts and deployments as ARM lists them."""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from collector.domain.types import Account, DeletedAccount, Deployment, Subscription, Tags, location_key
from collector.sources.connection import Connection, body_of
from collector.sources.errors import Role, Scope
from collector.sources.failures import Refused
from collector.sources.said import exact, instant, per_minute, texts, unknown, whole

KINDS = frozenset({"openai", "aiservices"})
SUBSCRIPTIONS_API = "2022-12-01"
GROUPS_API = "2021-04-01"

_Model = tuple[str, str, str]


class AzureInventory:
    """What exists now. A failing call raises; an empty list is Azure's own word."""

    def __init__(self, connection: Connection) -> None:
        self._azure = connection
        self._base_models: dict[tuple[str, str], set[_Model]] = {}
        self._lock = threading.Lock()

    def subscriptions(self) -> Sequence[Subscription]:
        """Those that the settings name, else all that the identity can read.

        A named one that cannot be read stays in the list, so that its own calls say why it fails. To an identity
        without any role Azure answers with an empty list, as if all were well.
        """
        named = self._azure.settings.subscriptions
        with self._azure.asking(Scope("subscriptions", role=Role.READER)):
            found = {one.subscription_id: one for one in self._listed()}
        if not named and not found:
            anywhere = Scope("subscriptions", "<subscription-id>", role=Role.READER)
            raise Refused(
                "subscriptions: this identity can read none: it has no role on any, or is signed in to another tenant",
                anywhere.grant(""),
            )
        if not named:
            return tuple(found.values())
        return tuple(found.get(name.lower(), Subscription(name.lower(), name)) for name in named)

    def accounts(self, subscription_id: str) -> Sequence[Account]:
        scope = Scope(f"accounts of subscription {subscription_id}", subscription_id, role=Role.READER)
        with self._azure.asking(scope):
            listed = list(self._azure.cognitive(subscription_id).accounts.list())
            return tuple(
                _account(subscription_id, one) for one in listed if str(one.kind or "").casefold() in KINDS
            )

    def deployments(self, account: Account) -> Sequence[Deployment]:
        scope = Scope(f"deployments of {account.arm_id}", account.subscription_id, role=Role.READER)
        group, name = account.resource_group, account.name
        with self._azure.asking(scope):
            client = self._azure.cognitive(account.subscription_id)
            listed = list(client.deployments.list(group, name))
        bases = self._bases(account, [_model_of(one) for one in listed])
        with self._azure.asking(scope):
            return tuple(_deployment(account, one, bases) for one in listed)

    def deleted_accounts(self, subscription_id: str) -> Sequence[DeletedAccount]:
        scope = Scope(
            f"deleted accounts of subscription {subscription_id}", subscription_id, role=Role.READER
        )
        with self._azure.asking(scope):
            return tuple(
                DeletedAccount(
                    arm_id=_id_before_deletion(subscription_id, one.id or ""),
                    location=location_key(one.location or ""),
                    deleted_at=instant(one.properties.deletion_date if one.properties else None),
                )
                for one in self._azure.cognitive(subscription_id).deleted_accounts.list()
            )

    def group_tags(self, subscription_id: str) -> Mapping[str, Tags]:
        scope = Scope(f"resource groups of subscription {subscription_id}", subscription_id, role=Role.READER)
        with self._azure.asking(scope):
            path = f"/subscriptions/{subscription_id}/resourcegroups"
            return {one["name"]: texts(one.get("tags")) for one in self._pages(path, GROUPS_API)}

    def _listed(self) -> Iterator[Subscription]:
        for one in self._pages("/subscriptions", SUBSCRIPTIONS_API):
            yield Subscription(
                subscription_id=one["subscriptionId"].lower(),
                name=one.get("displayName") or one["subscriptionId"],
                tenant_id=one.get("tenantId"),
                state=one.get("state"),
                tags=texts(one.get("tags")),
            )

    def _pages(self, path: str, api_version: str) -> Iterator[Any]:
        link: str | None = path
        params: dict[str, str] | None = {"api-version": api_version}
        seen: set[str] = set()
        while link and link not in seen:
            seen.add(link)
            page = body_of(self._azure.arm("GET", link, params=params))
            yield from page["value"]
            link, params = page.get("nextLink"), None

    def _bases(self, account: Account, wanted: Sequence[_Model]) -> dict[_Model, tuple[str, str | None]]:
        """The base of each fine-tuned model among `wanted`, as the account's models list names it.

        The list is long, so it is read only where a model is not yet known to be a base model of this place.
        """
        place = (account.subscription_id, account.location)
        with self._lock:
            known = self._base_models.get(place, set())
        if all(model in known for model in wanted):
            return {}
        scope = Scope(f"models of {account.arm_id}", account.subscription_id, role=Role.READER)
        with self._azure.asking(scope):
            client = self._azure.cognitive(account.subscription_id)
            listed = list(client.accounts.list_models(account.resource_group, account.name))
        bases: dict[_Model, tuple[str, str | None]] = {}
        plain: set[_Model] = set()
        for one in listed:
            key = (str(one.format or ""), str(one.name or ""), str(one.version or ""))
            if one.base_model is not None and one.base_model.name:
                bases[key] = (one.base_model.name, one.base_model.version)
            else:
                plain.add(key)
        with self._lock:
            self._base_models[place] = known | plain
        return bases


def _account(subscription_id: str, one: Any) -> Account:
    said = one.properties
    return Account(
        arm_id=one.id,
        subscription_id=subscription_id.lower(),
        resource_group=_resource_group(one.id),
        name=one.name,
        location=location_key(one.location or ""),
        kind=one.kind,
        sku=one.sku.name if one.sku else None,
        tags=texts(one.tags),
        public_network_access=_enabled(said.public_network_access if said else None),
        local_auth_disabled=said.disable_local_auth if said else None,
        customer_managed_key=_customer_key(said.encryption if said else None),
        private_endpoints=_count(said.private_endpoint_connections if said else None),
        identity=str(one.identity.type) if one.identity and one.identity.type else None,
        created_at=instant(said.date_created if said else None)
        or instant(one.system_data.created_at if one.system_data else None),
    )


def _deployment(account: Account, one: Any, bases: dict[_Model, tuple[str, str | None]]) -> Deployment:
    said = one.properties
    more = unknown(said)
    base = bases.get(_model_of(one))
    model = said.model
    # Capacity lives in the SKU; before SKUs it lived in scaleSettings.
    old = said.scale_settings
    capacity = one.sku.capacity if one.sku and one.sku.capacity is not None else old and old.capacity
    return Deployment(
        account_key=account.key,
        name=one.name,
        format=str(model.format or "") if model else "",
        model=str(model.name or "") if model else "",
        version=model.version if model else None,
        sku=str(one.sku.name if one.sku else (old and old.scale_type) or ""),
        capacity=whole(capacity),
        limit_tpm=whole_or_none(per_minute(said.rate_limits, "token")),
        limit_rpm=whole_or_none(per_minute(said.rate_limits, "request")),
        upgrade_option=said.version_upgrade_option,
        spillover_to=said.spillover_deployment_name,
        content_filter=said.rai_policy_name,
        service_tier=more.get("serviceTier"),
        state=more.get("deploymentState") or said.provisioning_state,
        base_model=base[0] if base else None,
        base_version=base[1] if base else None,
        tags=texts(one.tags),
        created_at=instant(one.system_data.created_at if one.system_data else None),
        modified_at=instant(one.system_data.last_modified_at if one.system_data else None),
    )


def whole_or_none(number: Any) -> int | None:
    exactly = exact(number)
    return None if exactly is None else int(exactly)


def _model_of(one: Any) -> _Model:
    model = one.properties.model if one.properties else None
    return (
        (str(model.format or ""), str(model.name or ""), str(model.version or "")) if model else ("", "", "")
    )


def _resource_group(arm_id: str) -> str:
    found = re.search(r"/resourceGroups/([^/]+)/", arm_id, re.IGNORECASE)
    if found is None:
        raise ValueError(f"an ARM id without a resource group: {arm_id[:120]}")
    return found[1]


def _id_before_deletion(subscription_id: str, deleted_id: str) -> str:
    """A deleted account is listed under its location; what we know of it lies under the id it had."""
    group, name = _resource_group(deleted_id), deleted_id.rstrip("/").rpartition("/")[2]
    provider = "providers/Microsoft.CognitiveServices/accounts"
    return f"/subscriptions/{subscription_id}/resourceGroups/{group}/{provider}/{name}"


def _enabled(said: Any) -> bool | None:
    return {"enabled": True, "disabled": False}.get(str(said or "").casefold())


def _customer_key(encryption: Any) -> bool | None:
    """Microsoft.KeyVault is the customer's key; ARM leaves `encryption` out where it was never set."""
    source = str(encryption.key_source or "").casefold() if encryption else ""
    return source == "microsoft.keyvault" if source else None


def _count(listed: Any) -> int | None:
    return None if listed is None else len(listed)
