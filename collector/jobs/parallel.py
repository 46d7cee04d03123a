"""Many things asked at once, a bounded number at a time, and one hand that takes the answers."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Final, Generic, TypeVar

import structlog

from collector.domain.types import NeedsHuman, TryLater
from collector.jobs.context import Context

log = structlog.get_logger(__name__)

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")
_WAIT_SECONDS: Final = 0.2


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
        except Exception as error:
            # The top of a thread: a fault of ours with one thing does not stop the others.
            log.exception("asking failed", thing=str(thing))
            return error

    with ThreadPoolExecutor(max_workers=min(context.limits.threads, len(things))) as pool:
        yield from zip(things, pool.map(careful, things), strict=True)


class Stream(Generic[Thing, Answer]):
    """`with Stream(things, answers_of, threads=…, stopping=…) as answers`: what the threads find, as it comes.

    Few answers wait at once, so that memory stays flat however many there are. The threads end with the block,
    whatever ends it: nobody is left waiting to hand something over.
    """

    def __init__(
        self,
        things: Sequence[Thing],
        answers_of: Callable[[Thing], Iterator[Answer]],
        *,
        threads: int,
        stopping: Event,
    ) -> None:
        self._waiting: Queue[Thing] = Queue()
        for thing in things:
            self._waiting.put(thing)
        self._answers_of = answers_of
        self._stopping = stopping
        self._over = Event()
        self._done: Queue[Answer | BaseException | None] = Queue(maxsize=2)
        self._threads = [
            Thread(target=self._work, daemon=True) for _ in range(max(1, min(threads, len(things))))
        ]

    def __enter__(self) -> Iterator[Answer]:
        for thread in self._threads:
            thread.start()
        return self._answers()

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _answers(self) -> Iterator[Answer]:
        running = len(self._threads)
        while running:
            one = self._done.get()
            if one is None:
                running -= 1
            elif isinstance(one, BaseException):
                raise one
            else:
                yield one

    def _work(self) -> None:
        try:
            while not (self._over.is_set() or self._stopping.is_set()):
                for one in self._answers_of(self._waiting.get_nowait()):
                    self._hand_over(one)
        except Empty:
            pass
        except BaseException as error:  # noqa: BLE001  # a thread's top: the taker raises it again
            self._hand_over(error)
        finally:
            self._hand_over(None)

    def _hand_over(self, one: Answer | BaseException | None) -> None:
        while not self._over.is_set():
            with suppress(Full):
                self._done.put(one, timeout=_WAIT_SECONDS)
                return
