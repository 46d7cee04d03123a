"""Every slip in the configuration of alerts is named before anything starts, with what would be right."""

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from collector import wiring
from collector.settings import BadSettings, Settings
from collector.wiring import alert_rules, telling

MAIL = {"to": ["ops@contoso.com"], "domains": ["contoso.com"]}


def settings(**said: Any) -> Settings:
    return Settings.model_validate({"mail": MAIL, **said})


def test_defaults_write_to_nobody_but_the_summary_s_address() -> None:
    rules = alert_rules(settings())

    assert (("ops@contoso.com",), False, ()) == (
        rules.routing.mail_to,
        rules.routing.owners,
        rules.routing.routes,
    )
    assert (time(8), None) == (rules.config.digest_at, rules.config.quiet_from)


def test_everything_that_may_be_said_is_heeded() -> None:
    rules = alert_rules(
        settings(
            timezone="Europe/Berlin",
            alerts={
                "route": True,
                "owner_keys": "responsible",
                "digest_at": "07:30",
                "weekly_on": "friday",
                "quiet_from": "20:00",
                "quiet_until": "07:00",
                "quiet_spares": "critical",
                "clear_after_hours": 2,
                "rules_off": "ptu_idle,quota_line",
                "thresholds": {
                    "deadline_steps": [90, 30, 7],
                    "anomaly_least": 200,
                    "quota_shares": [0.7, 0.95],
                },
                "severities": {"ptu_saturated": "warning"},
                "tells": {"cost_anomaly": "at_once"},
            },
            routes=[{"to": "webhook:ops", "severity": "critical", "tag": "env=prod"}],
            webhooks=[{"name": "ops", "url": "https://hooks.contoso.com/x"}],
        )
    )

    assert ("Europe/Berlin", time(7, 30), 4) == (
        str(rules.config.zone),
        rules.config.digest_at,
        rules.config.weekly_on,
    )
    assert (time(20), time(7), {"critical"}) == (
        rules.config.quiet_from,
        rules.config.quiet_until,
        rules.config.quiet_spares,
    )
    assert timedelta(hours=2) == rules.config.clear_after
    assert {"ptu_idle", "quota_line"} == rules.config.rules_off
    assert ("responsible",) == rules.owner_keys
    assert ((90, 30, 7), Decimal(200)) == (rules.thresholds.deadline_steps, rules.thresholds.anomaly_least)
    assert (Decimal("0.7"), Decimal("0.95")) == rules.thresholds.quota_shares
    (route,) = rules.routing.routes
    assert (("webhook:ops",), "critical", ("env", "prod")) == (route.to, route.severity, route.tag)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        pytest.param({"mail": {"to": ["not an address"]}}, "expected one plain address", id="recipient"),
        pytest.param({"mail": {**MAIL, "to": ["ann@other.com"]}}, "its domain is not one of contoso.com", id="domain"),
        pytest.param({"routes": [{"to": ["ann@contoso.com"], "rule": "quota"}]}, "route rule 'quota' is unknown", id="route's rule"),
        pytest.param({"routes": [{"to": ["webhook:ops"]}]}, r"no \[\[webhooks\]\] has the name 'ops'", id="webhook"),
        pytest.param({"routes": [{"rule": "quota_line"}]}, "expected a list of addresses", id="nobody"),
        pytest.param({"routes": [{"to": ["ann@contoso.com"], "colour": "red"}]}, "no key 'colour'", id="route's key"),
        pytest.param({"routes": [{"to": ["ann@contoso.com"], "tag": "prod"}]}, "expected key=value", id="tag"),
        pytest.param({"routes": [{"to": ["ann@contoso.com"], "severity": "bad"}]}, "expected info, warning or critical", id="severity"),
        pytest.param({"alerts": {"rules_off": ["quota"]}}, "alert rule 'quota' is unknown", id="rule off"),
        pytest.param({"alerts": {"digest_at": "8 o'clock"}}, "AOAI_ALERTS_DIGEST_AT=.*expected a time of day", id="clock"),
        pytest.param({"alerts": {"quiet_from": "20:00"}}, "both a beginning and an end", id="half quiet hours"),
        pytest.param({"alerts": {"quiet_spares": ["urgent"]}}, "AOAI_ALERTS_QUIET_SPARES", id="spares"),
        pytest.param({"alerts": {"thresholds": {"quota": 1}}}, "no such threshold", id="threshold"),
        pytest.param({"alerts": {"thresholds": {"quota_shares": [0.9, 0.8]}}}, "expected rising numbers", id="order"),
        pytest.param({"alerts": {"thresholds": {"deadline_steps": [7, 30]}}}, "expected falling numbers", id="steps"),
        pytest.param({"alerts": {"thresholds": {"warning_days": 1.5}}}, "expected a whole number", id="whole"),
        pytest.param({"alerts": {"thresholds": {"warning_days": "soon"}}}, "expected a whole number", id="number"),
        pytest.param({"alerts": {"severities": {"ptu_idle": "loud"}}}, "expected one of info, warning, critical", id="rule's severity"),
        pytest.param({"alerts": {"tells": {"nothing": "digest"}}}, "no such rule", id="rule's tell"),
        pytest.param({"alerts": {"finance_to": ["cfo@other.com"]}}, "AOAI_ALERTS_FINANCE_TO", id="finance"),
        pytest.param({"smtp": {"url": "http://user:secret@host"}}, "SMTP.URL has to look like", id="smtp"),
        pytest.param({"webhooks": [{"name": "ops", "url": "http://x.example"}]}, "has to begin with https", id="plain http"),
        pytest.param({"budgets": [{"name": "all", "amount": -1, "currency": "USD"}]}, "expected money above 0", id="budget"),
        pytest.param({"model_deadlines": [{"model": "gpt-4o"}]}, "ends_on", id="deadline"),
        pytest.param({"features": [{"feature": "x", "retires_on": "2027-01-01"}]}, "operations", id="feature"),
    ],
)  # fmt: skip
def test_a_slip_is_named(said: dict[str, Any], message: str) -> None:
    with pytest.raises(BadSettings, match=message) as raised:
        telling(settings(**said))
    assert "secret" not in str(raised.value)


def test_nothing_needs_to_be_configured() -> None:
    how = wiring.telling(Settings.model_validate({}))

    assert "no mail server configured: set AOAI_SMTP_URL" == how.post.closed(webhooks=False)
    assert how.post.closed(webhooks=True) is None
    assert () == how.finance_to
