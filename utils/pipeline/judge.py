"""Stage 2: PNGs -> predictions -> tables; one victim in memory at a time."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from data import Dataset, batches
from methods import parse_method
from models import Classifier
from utils.files import sha256_of, write_atomically
from utils.interruption import Interruption
from utils.pipeline.cost import perturbation_cost
from utils.pipeline.folder import RunFolder
from utils.pipeline.inputs import load_victim
from utils.pipeline.predictions import Judge
from utils.pipeline.tables import per_image_table, to_csv, transfer_table

CLEAN = "clean"


def judge(
    dataset: Dataset,
    modes: tuple[str, ...],
    victims: Mapping[str, str],
    load_victim: Callable[[str], Classifier],
    folder: RunFolder,
    batch_size: int,
    interruption: Interruption,
    afresh: bool = False,
) -> pd.DataFrame:
    """Has every victim classify the clean images and each mode's PNGs.

    Args:
      dataset: the clean images.
      modes: whose PNGs to judge.
      victims: name -> what its weights are (a digest), by which earlier predictions are known.
      load_victim: name -> classifier; only called for victims with something left to judge.
      folder: the run's.
      batch_size: images a batch.
      interruption: asked between batches.
      afresh: don't use the record of earlier predictions.

    Returns:
      A table with the columns victim, mode (or "clean"), image_id, labels (the five likeliest),
      confidence.

    Raises:
      DataError: a PNG that is missing or broken.
      Interrupted: a signal came.
    """
    known = {} if afresh else _known_predictions(folder)
    paths = {CLEAN: list(dataset.paths)} | {
        mode: [folder.png(mode, image_id) for image_id in dataset.ids] for mode in modes
    }
    digests = _digests(paths) if known else {}
    rows = []
    with tqdm(total=len(victims) * len(paths) * len(dataset), desc="Judging", unit="image") as bar:
        for victim, weights in victims.items():
            judge_of = None
            for mode, pngs in paths.items():
                found = [
                    known.get((victim, weights, mode, image_id, digest))
                    for image_id, digest in zip(dataset.ids, digests.get(mode, ()), strict=False)
                ] or [None] * len(dataset)
                starts = [
                    start
                    for start in range(0, len(dataset), batch_size)
                    if None in found[start : start + batch_size]
                ]
                if starts and judge_of is None:
                    bar.set_postfix_str(victim)
                    judge_of = Judge.of(load_victim(victim))
                todo = sum(min(batch_size, len(dataset) - start) for start in starts)
                bar.update(len(dataset) - todo)
                predicted = judge_of.predict(pngs, batch_size, starts) if starts else ()
                for start, records in predicted:
                    about = {"victim": victim, "weights": weights, "mode": mode}
                    for i, record in enumerate(records, start):
                        found[i] = about | {"image_id": dataset.ids[i]} | record
                    folder.judged.append(found[start : start + len(records)])
                    bar.update(len(records))
                    interruption.check()
                rows += found
            # One victim in memory at a time.
            del judge_of
    columns = ["victim", "mode", "image_id", "labels", "confidence"]
    return pd.DataFrame(rows, columns=columns)


def measure_costs(dataset: Dataset, modes: tuple[str, ...], folder: RunFolder) -> pd.DataFrame:
    """Compares every PNG of every mode with its clean image.

    Returns:
      A table with the columns mode, image_id, mean_abs, l2, linf, in [0, 255] units.
    """
    rows = {mode: [] for mode in modes}
    batch_size = 16
    pngs = [[folder.png(mode, image_id) for image_id in dataset.ids] for mode in modes]
    # Side by side, so that the clean images are decoded once for all modes.
    for clean, *attacked in zip(
        *(batches(paths, batch_size) for paths in (dataset.paths, *pngs)), strict=True
    ):
        for mode, adversarial in zip(modes, attacked, strict=True):
            for i in range(clean.count):
                cost = perturbation_cost(clean.pixels[i], adversarial.pixels[i])
                image_id = dataset.ids[clean.start + i]
                rows[mode].append((mode, image_id, cost.mean_abs, cost.l2, cost.linf))
    columns = ["mode", "image_id", "mean_abs", "l2", "linf"]
    return pd.DataFrame(itertools.chain.from_iterable(rows.values()), columns=columns)


@dataclass(frozen=True)
class Judged:
    """The outcome of a run.

    Attributes:
      transfer: the rows of transfer.csv, as numbers.
      unchanged: mode -> how many of its images equal the clean ones.
    """

    transfer: pd.DataFrame
    unchanged: dict[str, int]


def judge_run(
    record: dict,
    dataset: Dataset,
    folder: RunFolder,
    interruption: Interruption,
    afresh: bool = False,
) -> Judged:
    """Judges a run's PNGs on all of its victims and writes per_image.csv and transfer.csv.

    Args:
      record: the content of run.json.
      dataset: the clean images.
      folder: the run's.
      interruption: asked between batches.
      afresh: don't use the record of earlier predictions.

    Raises:
      DataError, ModelError: a PNG or a checkpoint that can't be used.
      Interrupted: a signal came.
    """
    flags, victims, modes = record["flags"], record["victims"], tuple(record["modes"])
    predictions = judge(
        dataset,
        modes,
        {name: weights_of(victim) for name, victim in victims.items()},
        lambda name: load_victim(
            name, Path(victims[name]["checkpoint"]), flags["victim_preprocessing"]
        ),
        folder,
        flags["batch_size"],
        interruption,
        afresh,
    )
    costs = measure_costs(dataset, modes, folder)
    per_image, transfer = make_tables(record, dataset, predictions, costs)
    for name, table in (("per_image.csv", per_image), ("transfer.csv", transfer)):
        write_atomically(folder.path / name, to_csv(table))
    unchanged = costs[costs["linf"] == 0].groupby("mode", sort=False).size()
    return Judged(transfer, {mode: int(count) for mode, count in unchanged.items()})


def make_tables(
    record: dict, dataset: Dataset, predictions: pd.DataFrame, costs: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns per_image.csv and transfer.csv as tables.

    Args:
      record: the content of run.json.
      dataset: the clean images.
      predictions: as `judge` returns.
      costs: as `measure_costs` returns.
    """
    flags, sources = record["flags"], tuple(record["sources"])
    method = parse_method(flags["method"])
    about = {
        "source": "+".join(sources),
        "method": method.name,
        # In the L2 ball no epsilon bounds anything; max_l2 stands in run.json.
        "max_epsilon": flags["max_epsilon"] if flags["norm"] == "linf" else None,
        "num_iter": method.iterations(flags["num_iter"]),
        "targeted": flags["targeted"],
    }
    per_image = per_image_table(about, dataset, predictions, costs)
    return per_image, transfer_table(about, per_image, costs, sources, dataset.side)


def weights_of(victim: dict) -> str:
    """Returns what a victim's weights are, from its entry in run.json: one digest per file."""
    return "+".join(victim["sha256"].values())


def _known_predictions(folder: RunFolder) -> dict[tuple, dict]:
    return {
        tuple(record[name] for name in ("victim", "weights", "mode", "image_id", "png_sha256")): (
            record
        )
        for record in folder.judged.read()
    }


def _digests(paths: dict[str, list[Path]]) -> dict[str, list[str]]:
    return {mode: [sha256_of(path) for path in pngs] for mode, pngs in paths.items()}
