"""How a figure is taken: several times, its median, with what the processor and the memory had to do."""

import gc
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of each repetition: by the clock, and of this process's processor time."""

    wall: tuple[float, ...]
    processor: tuple[float, ...]
    result: Any = None

    @property
    def seconds(self) -> float:
        return statistics.median(self.wall)

    @property
    def processor_seconds(self) -> float:
        return statistics.median(self.processor)

    @property
    def best(self) -> float:
        return min(self.wall)

    def percentile(self, share: float) -> float:
        """Nearest rank."""
        ordered = sorted(self.wall)
        return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]


def take(work: Callable[[], Any], times: int, before: Callable[[], Any] = lambda: None) -> Taken:
    """`work` several times; `before` prepares each and is not counted."""
    wall: list[float] = []
    processor: list[float] = []
    result = None
    for _ in range(times):
        before()
        gc.collect()
        clock, spent = time.perf_counter(), time.process_time()
        result = work()
        wall.append(time.perf_counter() - clock)
        processor.append(time.process_time() - spent)
    return Taken(tuple(wall), tuple(processor), result)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the printed table; `met` is None where there is no budget."""

    what: str
    figure: str
    budget: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "met", False: "NOT MET", None: ""}[self.met]


@dataclass(slots=True)
class Table:
    """The figures of one bench."""

    title: str
    lines: list[Line] = field(default_factory=list[Line])
    notes: list[str] = field(default_factory=list[str])

    def add(self, what: str, figure: str, budget: str = "", met: bool | None = None) -> None:
        self.lines.append(Line(what, figure, budget, met))

    def at_most(self, what: str, value: float, limit: float, form: str = "{:.2f}") -> None:
        self.add(what, form.format(value), "≤ " + form.format(limit), value <= limit)

    def at_least(self, what: str, value: float, limit: float, form: str = "{:.1f}") -> None:
        self.add(what, form.format(value), "≥ " + form.format(limit), value >= limit)

    def __str__(self) -> str:
        rows = [("what", "figure", "budget", "")]
        rows += [(line.what, line.figure, line.budget, line.verdict) for line in self.lines]
        table = ["| " + " | ".join(row) + " |" for row in rows]
        table.insert(1, "| --- | ---: | ---: | --- |")
        return "\n".join([f"### {self.title}", "", *table, *(f"\n{note}" for note in self.notes)])


def peak_memory(pid: int | str = "self") -> float:
    """MiB at most so far; of the process itself, not of the one that started it (as ru_maxrss would say)."""
    return _status("VmHWM", pid)


def memory(pid: int | str = "self") -> float:
    """MiB now."""
    return _status("VmRSS", pid)


def _status(name: str, pid: int | str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"{name} is not in /proc/{pid}/status")


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def machine() -> str:
    """The machine and how busy others keep it: a figure means little without."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor() or "unknown processor",
    )
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({model}), {gigabytes:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, load {load:.1f} at the start"
    )


def ratio(one: float, other: float) -> float:
    return one / other if other else float("inf")


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)
