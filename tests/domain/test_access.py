"""What each figure needs of Azure, and the lines that grant it."""

import json
import shlex

import pytest

from collector.domain.access import (
    NEEDS,
    Host,
    Role,
    assignment_line,
    custom_role,
    hosts,
    management_group_scope,
    registration_line,
    subscription_scope,
)

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


def test_every_job_that_collects_says_what_it_needs() -> None:
    assert {"inventory", "models", "quotas", "metrics", "prices", "bills"} == {need.job for need in NEEDS}


def test_every_missing_right_says_what_is_shown_instead() -> None:
    assert [] == [need.figure for need in NEEDS if not need.without]


def test_with_only_resource_manager_open_every_figure_but_list_prices_has_a_way() -> None:
    """Behind a firewall that lets out only sign-in and ARM, prices come from the shipped snapshot."""
    reachable = {
        need.job
        for need in NEEDS
        if set(hosts(need)) <= {"login.microsoftonline.com", "management.azure.com"}
    }

    assert {"inventory", "models", "quotas", "metrics", "bills"} == reachable


@pytest.mark.parametrize("cloud", ["public", "usgov"])
def test_every_cloud_names_every_host(cloud: str) -> None:
    named = {host for need in NEEDS for host in hosts(need, cloud)}

    assert len(Host) == len(named)
    assert all("." in host and "/" not in host for host in named)


def test_an_assignment_names_the_role_by_its_id_and_survives_a_shell() -> None:
    line = assignment_line(Role.MONITORING_READER, subscription_scope(SUBSCRIPTION), "11111111-2222")

    assert [
        *("az", "role", "assignment", "create"),
        *("--assignee-object-id", "11111111-2222", "--assignee-principal-type", "ServicePrincipal"),
        *("--role", "43d0d8ad-25c7-4714-9337-8ba259a9fe05", "--scope", f"/subscriptions/{SUBSCRIPTION}"),
    ] == shlex.split(line)


def test_a_hostile_name_of_a_group_stays_one_word_of_the_line() -> None:
    line = assignment_line(Role.READER, management_group_scope("a; rm -rf $(HOME)"))

    assert "/providers/Microsoft.Management/managementGroups/a; rm -rf $(HOME)" == shlex.split(line)[-1]


def test_a_registration_names_provider_and_subscription() -> None:
    assert [
        *("az", "provider", "register", "--namespace", "Microsoft.Insights"),
        *("--subscription", SUBSCRIPTION),
    ] == shlex.split(registration_line("Microsoft.Insights", SUBSCRIPTION))
    assert {"Microsoft.CognitiveServices", "Microsoft.Insights", "Microsoft.CostManagement", None} == {
        need.provider for need in NEEDS
    }


def test_the_custom_role_reads_and_does_nothing_else() -> None:
    role = json.loads(custom_role([subscription_scope(SUBSCRIPTION)]))

    assert [
        "Microsoft.Resources/subscriptions/read",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.CognitiveServices/*/read",
        "Microsoft.Insights/metrics/read",
        "Microsoft.Insights/metricDefinitions/read",
        "Microsoft.CostManagement/*/read",
        "Microsoft.Consumption/*/read",
    ] == role["Actions"]
    assert [] == role["DataActions"]
    assert [f"/subscriptions/{SUBSCRIPTION}"] == role["AssignableScopes"]


def test_a_custom_role_for_two_management_groups_is_refused_as_azure_would() -> None:
    with pytest.raises(ValueError, match="at most one management group"):
        custom_role([management_group_scope("a"), management_group_scope("b")])
