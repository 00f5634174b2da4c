"""How long cells will take: from what this machine has run, else from a measurement of it.

A run's time is taken apart: starting the program, loading and tracing its networks, gradients,
judgements. A process that runs many cells starts once and loads once; the rest it does for each.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from methods import parse_method
from models import split_defences
from models.costs import cost_of
from utils.errors import BenchError
from utils.pipeline.config import RunConfig
from utils.pipeline.record import RUN_FILE, RunRecord
from utils.sweeps.machine import Machine, measure

# Counted in graph operations, which is what loading consists of: by processor time, beside a
# measurement of the same moment.
_START, _LOAD_SOURCE, _LOAD_VICTIM = 15000.0, 11000.0, 2500.0
# What those were measured beside, a core each: only the ratio of the two counts.
_TYPICAL = Machine(arithmetic=7.8e10, building=3000.0)
# Operations of a prediction of a network that the zoo doesn't know: ResNet v2 50's.
_UNKNOWN_FORWARD = 1.3e10
# MobileNets, whose layers wait for memory, took twice as long an operation as the others.
_SLOW, _SLOWNESS = "mobilenet", 2.0
# How much a fit leans on its two scales being alike, where the runs can't tell them apart.
_TIE = 0.1


@dataclass(frozen=True)
class Work:
    """What one run has to do, in operations.

    Attributes:
      source: graph operations of loading and tracing what is attacked.
      victims: the same of what is judged on.
      gradients, predictions: arithmetic operations of all of them.
    """

    source: float
    victims: float
    gradients: float
    predictions: float

    @classmethod
    def of(
        cls, config: RunConfig, sources: Sequence[str], victims: Sequence[str], images: int
    ) -> "Work":
        """Counts the work of a run."""
        modes = len(config.modes)
        # The last batch is filled up.
        images = -(-images // config.batch_size) * config.batch_size
        gradients = images * modes * gradients_per_image(config)
        return cls(
            source=_LOAD_SOURCE * len(sources),
            victims=_LOAD_VICTIM * len(victims),
            gradients=gradients * 2 * sum(map(_forward, sources)),
            predictions=images * (modes + 1) * sum(map(_forward, victims)),
        )


@dataclass(frozen=True)
class Estimate:
    """Seconds that one run takes.

    Attributes:
      start: until the program has started.
      load: to load and trace its networks.
      work: gradients and judgements.
    """

    start: float
    load: float
    work: float

    @property
    def alone(self) -> float:
        """As a process of its own."""
        return self.start + self.load + self.work


def together(estimates: Iterable[tuple[Hashable, Estimate]]) -> float:
    """Returns the seconds of one process that runs all of them.

    Args:
      estimates: each with what it loads and traces, which is done once for all that have the same.
    """
    loads: dict[Hashable, float] = {}
    starts, works = [0.0], 0.0
    for loaded, estimate in estimates:
        starts.append(estimate.start)
        works += estimate.work
        loads[loaded] = max(estimate.load, loads.get(loaded, 0.0))
    return max(starts) + sum(loads.values()) + works


@dataclass(frozen=True)
class Speed:
    """Seconds an operation.

    Attributes:
      start: of starting the program.
      load_source, load_victim: of loading and tracing.
      gradient: of a gradient; those of a source that was learnt by itself are in `of_source`.
      prediction: of a prediction.
      of_source: source's name -> seconds an operation of loading it and of its gradients.
      runs: how many finished runs this was learnt from.
    """

    start: float
    load_source: float
    load_victim: float
    gradient: float
    prediction: float
    of_source: dict[str, tuple[float, float]]
    runs: int

    @classmethod
    def of_machine(cls, machine: Machine) -> "Speed":
        """Takes the rates of a machine that was measured."""
        build, compute = 1 / machine.building, 1 / machine.arithmetic
        return cls(build, build, build, compute, compute, {}, 0)

    @classmethod
    def learnt_from(cls, *folders: Path) -> "Speed":
        """Learns from runs that were done in one go, below folders; else measures."""
        crafting: dict[str, list[tuple[float, float, float]]] = {}
        judging, runs = [], 0
        for config, record in _finished_runs(folders):
            config = replace(config, mode=tuple(record.modes), compare_sign=False)
            work = Work.of(config, list(record.sources), list(record.victims), record.images)
            seconds = record.seconds
            if not {"craft", "judge"} <= seconds.keys():
                continue
            if min(work.gradients, work.predictions, *seconds.values()) <= 0:
                continue
            crafted = work.source, work.gradients, seconds["craft"]
            crafting.setdefault(record.source, []).append(crafted)
            judging.append((work.victims, work.predictions, seconds["judge"]))
            runs += 1
        if not runs:
            return cls.of_machine(measure())
        of_source = {name: _fit(rows) for name, rows in crafting.items()}
        loads, gradients = zip(*of_source.values(), strict=True)
        load_source, gradient = median(loads), median(gradients)
        load_victim, prediction = _fit(judging)
        start = median((load_source, load_victim))
        return cls(start, load_source, load_victim, gradient, prediction, of_source, runs)

    def estimate(
        self, config: RunConfig, sources: Sequence[str], victims: Sequence[str], images: int
    ) -> Estimate:
        """Returns what one run takes."""
        work = Work.of(config, sources, victims, images)
        load, gradient = self.of_source.get("+".join(sources), (self.load_source, self.gradient))
        return Estimate(
            start=_START * self.start,
            load=work.source * load + work.victims * self.load_victim,
            work=work.gradients * gradient + work.predictions * self.prediction,
        )

    def basis(self) -> str:
        """Says in a phrase what the estimate rests on."""
        if self.runs:
            return f"estimated from {self.runs} finished run(s)"
        return "estimated from half a second of measuring this machine"


def gradients_per_image(config: RunConfig) -> int:
    """Returns how many gradients of the source one image costs in one mode."""
    method, settings = parse_method(config.method), config.attack
    return method.iterations(settings.num_iter) * method.gradients_per_step(settings)


def duration(seconds: float) -> str:
    """Returns seconds in words: "45 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _forward(name: str) -> float:
    network, chain = split_defences(name)
    cost = cost_of(network)
    forward = (cost.forward if cost else _UNKNOWN_FORWARD) * chain.copies
    return _SLOWNESS * forward if _SLOW in network else forward


def _fit(rows: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Returns seconds an operation of building and of arithmetic.

    Args:
      rows: a run each: its operations of building, of arithmetic, and the seconds of both.

    The two minimise the runs' relative errors; what the runs can't tell apart is shared as on the
    machine that the constants were taken on.
    """
    built, computed, seconds = np.array(rows, np.float64).T
    # Here, because it takes a quarter of a second, and most sweeps learn from no runs.
    from scipy.optimize import nnls

    # In units in which both are of one size: what a run takes at typical rates.
    by_build, by_compute = built / _TYPICAL.building, computed / _TYPICAL.arithmetic
    scale = float(np.median(seconds / (by_build + by_compute)))
    matrix = np.stack([by_build, by_compute], axis=1) * scale / seconds[:, None]
    tied = np.vstack([matrix, [[_TIE, -_TIE]]])
    (build, compute), _ = nnls(tied, np.append(np.ones(len(seconds)), 0.0))
    return scale * build / _TYPICAL.building, scale * compute / _TYPICAL.arithmetic


def _finished_runs(folders: Iterable[Path]) -> Iterator[tuple[RunConfig, RunRecord]]:
    paths = {file.resolve() for folder in folders for file in Path(folder).rglob(RUN_FILE)}
    for path in sorted(paths):
        try:
            record = RunRecord.read(path.parent)
            # A continued run's seconds are those of its last part only.
            if record and record.complete and len(record.commands) == 1:
                yield RunConfig.of_flags(record.flags.model_dump()), record
        except (BenchError, TypeError):
            continue
