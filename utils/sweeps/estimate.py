"""How long a cell will take: from runs that are finished, else from a stated guess."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from methods import parse_method
from utils.errors import BenchError
from utils.pipeline.config import RunConfig
from utils.pipeline.record import RUN_FILE, RunRecord

START_SECONDS = 10.0
GUESSED_GRADIENT = 0.1
GUESSED_PREDICTION = 0.05


def gradients_per_image(config: RunConfig) -> int:
    """Returns how many gradients of the source one image costs in one mode."""
    method, settings = parse_method(config.method), config.attack
    return method.iterations(settings.num_iter) * method.gradients_per_step(settings)


@dataclass(frozen=True)
class Speed:
    """Seconds that one image costs.

    Attributes:
      gradient: source's name -> seconds a gradient.
      prediction: seconds a victim's prediction.
      runs: how many finished runs this was learnt from.
    """

    gradient: dict[str, float]
    prediction: float
    runs: int

    @classmethod
    def learnt_from(cls, output_dir: Path) -> "Speed":
        """Learns from the runs below a folder that were done in one go."""
        gradients: dict[str, list[float]] = {}
        predictions, runs = [], 0
        for config, record in _finished_runs(output_dir):
            crafted = record.images * len(record.modes) * gradients_per_image(config)
            judged = record.images * (len(record.modes) + 1) * len(record.victims)
            if not crafted or not judged or not {"craft", "judge"} <= record.seconds.keys():
                continue
            gradients.setdefault(record.source, []).append(record.seconds["craft"] / crafted)
            predictions.append(record.seconds["judge"] / judged)
            runs += 1
        return cls(
            {name: median(values) for name, values in gradients.items()},
            median(predictions) if predictions else GUESSED_PREDICTION,
            runs,
        )

    def seconds(self, config: RunConfig, source: str, images: int, victims: int) -> float:
        """Returns the estimate for one run."""
        modes = len(config.modes)
        known = self.gradient.values()
        gradient = self.gradient.get(source, median(known) if known else GUESSED_GRADIENT)
        return (
            START_SECONDS
            + images * modes * gradients_per_image(config) * gradient
            + images * (modes + 1) * victims * self.prediction
        )

    def basis(self) -> str:
        """Says in a sentence what the estimate rests on."""
        if self.runs:
            return f"estimated from {self.runs} finished run(s) there"
        return (
            f"guessed, no finished run is there: {GUESSED_GRADIENT:g} s a gradient, "
            f"{GUESSED_PREDICTION:g} s a prediction, {START_SECONDS:g} s to start"
        )


def duration(seconds: float) -> str:
    """Returns seconds in words: "45 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _finished_runs(output_dir: Path) -> Iterator[tuple[RunConfig, RunRecord]]:
    for path in sorted(Path(output_dir).rglob(RUN_FILE)):
        try:
            record = RunRecord.read(path.parent)
            # A continued run's seconds are those of its last part only.
            if record and record.complete and len(record.commands) == 1:
                yield RunConfig.of_flags(record.flags.model_dump()), record
        except (BenchError, TypeError):
            continue
