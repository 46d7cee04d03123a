"""Asking until an answer is whole: split what is cut off, stand alone what fails, drop what does not exist.

Nothing that is truncated, clamped or half-failed ever leaves this module as a series.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import structlog

from collector.domain.types import Account, NeedsHuman, TryLater
from collector.ports import MetricAnswer, MetricQuestion
from collector.sources.connection import Connection
from collector.sources.failures import Faulty, Refused, Rejected, Unreachable, Untrusted, WebPage
from collector.sources.metrics.batch import Batch
from collector.sources.metrics.call import ACCOUNTS_PER_BATCH, Call, Failed, Outcome, Outcomes, Trouble, Whole
from collector.sources.metrics.memory import Memory
from collector.sources.metrics.single import Single, published
from collector.sources.metrics.split import Splitter

log = structlog.get_logger(__name__)

# After this many accounts that failed alone, with none that was answered, the call itself is at fault.
_PATIENCE = 3

# What is wrong with the question is wrong for every account of it.
_OF_THE_QUESTION = re.compile(r"retention period|Query startTime|Invalid (filter|top|time)", re.IGNORECASE)
_NAMED_METRICS = (
    re.compile(r"Metric: (\S+) does not support requested dimension"),
    re.compile(r"metric: (\S+?),? Valid metrics", re.IGNORECASE),
)


class AzureMetrics:
    """The MetricSource over batch and single-resource calls."""

    def __init__(self, connection: Connection) -> None:
        settings = connection.settings
        decoding = threading.Lock()
        self._azure = connection
        self._batch = Batch(connection, settings.top, decoding)
        self._single = Single(connection, settings.top, decoding)
        self._memory = Memory(connection.monotonic, settings.batch_refusal_lasts_seconds)

    def published(self, account: Account) -> frozenset[str]:
        return published(self._azure, account)

    def read(self, question: MetricQuestion) -> Iterator[MetricAnswer]:
        """Answers in parts of at most 50 accounts; raises only where no account at all could be asked."""
        failed: Outcomes = {}
        busy: list[Account] = []
        answered = False
        for accounts in _chunks(question.accounts, ACCOUNTS_PER_BATCH):
            outcomes = self._outcomes(_call(question, accounts))
            busy.extend(one for one in accounts if _trouble(outcomes[one.key]) is Trouble.BUSY)
            failed.update({key: one for key, one in outcomes.items() if isinstance(one, Failed)})
            if found := _answer(question, accounts, outcomes):
                answered = True
                yield found
        # Azure said "busy" for these alone; by now the others have had their turn.
        for accounts in _chunks(busy, ACCOUNTS_PER_BATCH):
            outcomes = self._outcomes(_call(question, accounts))
            failed.update(outcomes)
            if found := _answer(question, accounts, outcomes):
                answered = True
                yield found
        left = {key: one for key, one in failed.items() if isinstance(one, Failed)}
        if not answered and left and (error := _common_error(list(left.values()))):
            raise error
        if left:
            reasons = {key: one.reason for key, one in left.items()}
            yield MetricAnswer(
                (),
                question.window,
                (),
                {key: f"{question.group.name}: {why}" for key, why in reasons.items()},
            )

    def _outcomes(self, call: Call) -> Outcomes:
        """Every account's outcome; never raises for Azure's failures."""
        outcomes: Outcomes = {}
        alike: dict[tuple[str, ...], list[Account]] = {}
        for account in call.accounts:
            left = tuple(metric for metric in call.metrics if not self._memory.lacks(account, metric))
            alike.setdefault(left, []).append(account)
        for metrics, accounts in alike.items():
            absent = frozenset(call.metrics) - frozenset(metrics)
            if not metrics:
                outcomes.update({account.key: Whole((), absent) for account in accounts})
                continue
            found = _Halving(self, replace(call, accounts=tuple(accounts), metrics=metrics)).outcomes()
            outcomes.update({key: _without(one, absent) for key, one in found.items()})
        return outcomes

    def finished(self, call: Call) -> Outcomes:
        """One call, and for truncated or clamped accounts the smaller calls that make them whole."""
        outcomes = self.asked(call)
        if any(isinstance(one, Whole) for one in outcomes.values()):
            self._memory.answered(call)
        cut = [
            one
            for one in call.accounts
            if _trouble(outcomes[one.key]) in {Trouble.TRUNCATED, Trouble.CLAMPED}
        ]
        if len(call.accounts) > 1 and cut:
            for half in _halves(call.for_accounts(cut)):
                outcomes.update(self.finished(half))
        elif cut:
            (account,) = cut
            outcomes[account.key] = Splitter(self.asked).outcome(call, outcomes[account.key])
        return outcomes

    def asked(self, call: Call) -> Outcomes:
        """One question as it is: by batch, or account by account where the batch is refused or out of reach."""
        if self._memory.batch_is_refused(call):
            return self._singly(call)
        try:
            outcomes = self._batch.outcomes(call)
        except (Refused, Unreachable, Untrusted, WebPage) as error:
            return self._instead(call, error)
        self._memory.batch_answered(call)
        return outcomes

    def _instead(self, call: Call, error: TryLater | NeedsHuman) -> Outcomes:
        """The way around a refused batch. It is remembered only where it leads somewhere: a cut line refuses both."""
        try:
            first = self._single.outcomes(call.for_accounts(call.accounts[:1]))
        except Unreachable:
            raise error from None
        except Refused as refused:
            if isinstance(error, Refused):
                raise
            raise refused from error
        except (TryLater, NeedsHuman):
            first = {}
        log.warning("metrics are read account by account", location=call.location, why=str(error))
        self._memory.refuse_batch(call, unreachable=not isinstance(error, Refused))
        rest = call.accounts[1:] if first else call.accounts
        return first | (self._singly(call.for_accounts(rest)) if rest else {})

    def _singly(self, call: Call) -> Outcomes:
        if len(call.accounts) == 1:
            return self._single.outcomes(call)
        outcomes: Outcomes = {}
        for account in call.accounts:
            outcomes.update(_Halving(self, call.for_accounts([account])).outcomes())
        return outcomes

    def drop(self, account: Account, metric: str, why: str) -> None:
        log.warning("an account lacks a metric", account=account.arm_id, metric=metric, why=why)
        self._memory.lacking(account, metric)


class _Halving:
    """One call whose failure may be the fault of a single account: halved until that one stands alone."""

    def __init__(self, source: AzureMetrics, call: Call) -> None:
        self._source = source
        self._call = call
        self._alone = 0
        self._answered = False

    def outcomes(self) -> Outcomes:
        return self._tried(self._call)

    def _tried(self, call: Call) -> Outcomes:
        try:
            found = self._source.finished(call)
        except Rejected as error:
            if _OF_THE_QUESTION.search(error.said):
                return _all_failed(call, error)
            return self._lone_rejected(call, error) if len(call.accounts) == 1 else self._halved(call, error)
        except Faulty as error:
            if len(call.accounts) > 1:
                return self._halved(call, error)
            self._alone += 1
            return _all_failed(call, error)
        except (TryLater, NeedsHuman) as error:
            return _all_failed(call, error)
        self._answered = True
        return found

    def _halved(self, call: Call, error: TryLater | NeedsHuman) -> Outcomes:
        outcomes: Outcomes = {}
        for half in call.halved_by_account():
            hopeless = self._alone >= _PATIENCE and not self._answered
            outcomes.update(_all_failed(half, error) if hopeless else self._tried(half))
        return outcomes

    def _lone_rejected(self, call: Call, error: Rejected) -> Outcomes:
        """An account that stands alone and is refused a metric by name goes on without it."""
        (account,) = call.accounts
        metric = named_metric(error.said, call.metrics)
        if metric is None:
            self._alone += 1
            return _all_failed(call, error)
        self._source.drop(account, metric, error.said)
        left = tuple(one for one in call.metrics if one != metric)
        if not left:
            return {account.key: Whole((), frozenset({metric}))}
        found = self._tried(replace(call, metrics=left))
        return {key: _without(one, frozenset({metric})) for key, one in found.items()}


def named_metric(said: str, asked: Sequence[str]) -> str | None:
    """The metric of ours that an error message blames."""
    for pattern in _NAMED_METRICS:
        if found := pattern.search(said):
            return next((name for name in asked if name.casefold() == found[1].strip("',.").casefold()), None)
    return None


def _call(question: MetricQuestion, accounts: Sequence[Account]) -> Call:
    group = question.group
    return Call(
        question.subscription_id,
        question.location,
        tuple(accounts),
        group.metrics,
        group.dimensions,
        group.aggregations,
        question.window,
        question.grain_minutes,
    )


def _answer(question: MetricQuestion, accounts: Sequence[Account], outcomes: Outcomes) -> MetricAnswer | None:
    whole = {one.key: found for one in accounts if isinstance(found := outcomes[one.key], Whole)}
    if not whole:
        return None
    return MetricAnswer(
        accounts=tuple(whole),
        window=question.window,
        series=tuple(series for found in whole.values() for series in found.series),
        failed={},
        absent={key: found.absent for key, found in whole.items() if found.absent},
    )


def _common_error(left: Sequence[Failed]) -> Exception | None:
    """The error to raise where nothing was answered: what needs a human first, and none if only contents failed."""
    errors = [one.error for one in left if one.error is not None]
    if len(errors) < len(left):
        return None
    return next((error for error in errors if isinstance(error, NeedsHuman)), errors[0])


def _all_failed(call: Call, error: TryLater | NeedsHuman) -> Outcomes:
    grant = getattr(error, "grant", None)
    reason = f"{error}; {grant}" if grant else str(error)
    return {account.key: Failed(Trouble.BROKEN, reason, error) for account in call.accounts}


def _without(one: Outcome, absent: frozenset[str]) -> Outcome:
    return replace(one, absent=one.absent | absent) if isinstance(one, Whole) and absent else one


def _trouble(one: Outcome) -> Trouble | None:
    return one.trouble if isinstance(one, Failed) else None


def _halves(call: Call) -> tuple[Call, ...]:
    return call.halved_by_account() if len(call.accounts) > 1 else (call,)


def _chunks(accounts: Sequence[Account], size: int) -> Iterator[tuple[Account, ...]]:
    for start in range(0, len(accounts), size):
        yield tuple(accounts[start : start + size])
