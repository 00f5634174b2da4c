"""Whether processors keep up with a GPU: runs beside a simulated one."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from utils.benchmarks import pace_process
from utils.errors import RunError

OURS = Path(__file__).resolve().parents[2]
_SHOWN = ("decode", "round", "encode", "tables")


@dataclass(frozen=True)
class Pace:
    """What is measured.

    Attributes:
      folder: holds images.csv and images/, as `workload.write_photos` leaves them; runs go there.
      images: the difference between runs of these two counts is what counts.
      victims: how many networks judge: one count and a larger one.
      gradients_per_second: the simulated GPU's rate.
      iterations: of the attack, in two modes.
    """

    folder: Path
    images: tuple[int, int]
    victims: tuple[int, int]
    gradients_per_second: float
    iterations: int = 2

    def measure(
        self, processors: int, tree: Path = OURS, parts: bool = False
    ) -> list[dict[str, float]]:
        """Runs a checkout's program in a process of its own.

        Args:
          processors: how many it may use.
          tree: the checkout.
          parts: whether to tell apart what a run does.

        Returns:
          For both counts of victims, seconds an image: `cpu`, `wall` and `gpu` (in which the
          simulated one worked), with `parts` also those of stages; and, of the whole process until
          its first run was done, `start_cpu` and `start_wall`.

        Raises:
          RunError: the process failed.
        """
        settings = {
            "processors": processors,
            "images": self.images,
            "victims": self.victims,
            "gradients_per_second": self.gradients_per_second,
            "iterations": self.iterations,
            "parts": parts,
        }
        command = [sys.executable, pace_process.__file__, str(tree.resolve())]
        done = subprocess.run(
            [*command, str(self.folder), json.dumps(settings)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RunError(f"A run in {tree} failed: {done.stderr.strip().splitlines()[-1]}")
        return json.loads(done.stdout.splitlines()[-1])


def as_photos_come(images: Path) -> None:
    """Writes PNGs again as most programs do, which costs more to decode than what runs write."""
    for path in images.glob("*.png"):
        with Image.open(path) as image:
            pixels = image.convert("RGB")
        path.chmod(0o644)
        pixels.save(path)


def further(found: Sequence[Mapping[str, float]], victims: tuple[int, int]) -> float:
    """CPU seconds an image for each further victim."""
    few, many = found
    return (many["cpu"] - few["cpu"]) / (victims[1] - victims[0])


def on_more(one: float, two: float, processors: int) -> float:
    """Seconds on so many processors, by Amdahl's law from those on one and on two."""
    # On a busy machine two processors may seem more than twice as good as one, or worse.
    parallel = min(max(2 * (one - two), 0.0), one)
    return one - parallel + parallel / processors


def table_of_victims(
    found: Mapping[str, Sequence[Sequence[Mapping[str, float]]]], pace: Pace
) -> str:
    """CPU time of checkouts, in Markdown: each the median over the rounds, and their range.

    Args:
      found: the checkout's name -> what `Pace.measure` returned in each round.
      pace: what was measured.
    """
    few, many = pace.victims
    rows = [
        f"| program | CPU ms an image, {few} victim(s) | CPU ms an image, {many} victims "
        "| CPU ms for each further victim |",
        "|---|---|---|---|",
    ]
    for name, rounds in found.items():
        columns = (
            [each[0]["cpu"] for each in rounds],
            [each[1]["cpu"] for each in rounds],
            [further(each, pace.victims) for each in rounds],
        )
        rows.append(f"| {name} | " + " | ".join(map(_with_range, columns)) + " |")
    return "\n".join(rows)


def table_of_processors(
    found: Mapping[int, Mapping[str, float]], before: Mapping[int, Mapping[str, float]] | None
) -> str:
    """Images a second and the GPU's share, in Markdown.

    Args:
      found: processors (1 and 2) -> seconds an image, with one victim.
      before: the same of another checkout.
    """
    rows = [
        "| program | processors | wall ms an image | images a second | the GPU's share of it |",
        "|---|---|---|---|---|",
    ]
    for name, measured in (("before", before), ("this one", found)):
        if not measured:
            continue
        walls = {n: each["wall"] for n, each in measured.items()}
        walls[16] = on_more(walls[1], walls[2], 16)
        for processors, wall in walls.items():
            gpu = measured[min(processors, 2)]["gpu"]
            how = " (Amdahl)" if processors not in measured else ""
            rows.append(
                f"| {name} | {processors}{how} | {1e3 * wall:.1f} | {1 / wall:.1f} "
                f"| {100 * gpu / wall:.1f} % |"
            )
    return "\n".join(rows)


def table_of_parts(found: Sequence[Mapping[str, float]], pace: Pace) -> str:
    """Where CPU time goes, in Markdown; what a part does in other threads is in the rest."""
    rows = [
        f"| part, CPU ms an image | {pace.victims[0]} victim(s) | {pace.victims[1]} victims |",
        "|---|---|---|",
    ]

    def row(name: str, values: Sequence[float]) -> None:
        rows.append(f"| {name} | " + " | ".join(f"{1e3 * each:.2f}" for each in values) + " |")

    for stage in ("craft", "judge"):
        row(f"{stage}, whole", [each[stage] for each in found])
    for part in _SHOWN:
        row(f"of these, {part}", [each[part] for each in found])
    row(
        "the rest: the attack's own steps, networks, conversions, journals",
        [each["craft"] + each["judge"] - sum(each[part] for part in _SHOWN) for each in found],
    )
    start = found[0]
    rows.append(
        f"\nThe start, until the first {pace.images[0]} images are judged by all victims: "
        f"{start['start_cpu']:.1f} CPU s, {start['start_wall']:.1f} s by the clock."
    )
    return "\n".join(rows)


def _with_range(seconds: Sequence[float]) -> str:
    low, middle, high = (
        1e3 * each for each in (min(seconds), statistics.median(seconds), max(seconds))
    )
    return f"{middle:.1f}" if len(seconds) == 1 else f"{middle:.1f} ({low:.1f} to {high:.1f})"
