"""One call for each of many things, a bounded number at once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from collector.domain.types import NeedsHuman, TryLater
from collector.jobs.context import Context

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")


def in_parallel(
    context: Context, things: Sequence[Thing], ask: Callable[[Thing], Answer]
) -> Iterator[tuple[Thing, Answer | BaseException]]:
    """Each thing with its answer or the failure that concerns it alone, in the order of the things."""
    if not things:
        return

    def careful(thing: Thing) -> Answer | BaseException:
        if context.stopping.is_set():
            return TryLater("stopped before it was asked")
        try:
            return ask(thing)
        except (TryLater, NeedsHuman) as error:
            return error

    with ThreadPoolExecutor(max_workers=min(context.limits.threads, len(things))) as pool:
        yield from zip(things, pool.map(careful, things), strict=True)
