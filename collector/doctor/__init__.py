"""What works, what is missing, and what mends it: settings, database, mail and, per figure, the rights on Azure."""

from collector.doctor.checks import Check, State
from collector.doctor.own import database_checks, mail_checks, settings_checks, webhook_checks
from collector.doctor.rights import azure_checks, caller_checks, readable_subscriptions, role_definition

__all__ = [
    "Check",
    "State",
    "azure_checks",
    "caller_checks",
    "database_checks",
    "mail_checks",
    "readable_subscriptions",
    "role_definition",
    "settings_checks",
    "webhook_checks",
]
