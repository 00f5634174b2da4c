"""Whether a run's folder is what it says: every PNG, every bound and every figure, computed again.

It reads the folder and the original images and writes nothing.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

import models
from data import Dataset, read_image
from utils.errors import DataError
from utils.files import sha256_of
from utils.pipeline.cost import perturbation_cost
from utils.pipeline.differences import differences, read_table
from utils.pipeline.folder import RunFolder
from utils.pipeline.inputs import load_victim
from utils.pipeline.judge import CLEAN, make_tables, weights_of
from utils.pipeline.predictions import Judge
from utils.pipeline.tables import steps_table, to_csv

# Softmax on another machine may round differently in the fourth decimal.
_CONFIDENCE_TOLERANCE = 1e-3
_ROW = ("victim", "mode", "image_id")


@dataclass
class Findings:
    """What a verification saw.

    Attributes:
      wrong: each thing that doesn't hold, as a sentence.
      checked: what was checked.
      unchecked: what could not be, and why.
    """

    wrong: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """A run as it lies on the disk: its folder, run.json and the original images."""

    folder: RunFolder
    record: dict
    dataset: Dataset

    @property
    def modes(self) -> tuple[str, ...]:
        """Its modes, in the tables' order."""
        return tuple(self.record["modes"])


def verify(run: Run, predict: bool = False, checkpoints: Path | None = None) -> Findings:
    """Recomputes what can be recomputed.

    Args:
      run: what to verify.
      predict: load the victims and classify every image again.
      checkpoints: the folder of the victims' checkpoints; None for where they were.

    Returns:
      The findings; the run holds where nothing is wrong.
    """
    findings = Findings()
    _check_run_file(run, findings)
    costs = _check_images(run, findings)
    _check_steps(run, findings)
    predictions = _recorded_predictions(run, findings)
    if predict:
        fresh = _fresh_predictions(run, costs, checkpoints, findings)
        if len(fresh):
            # A fresh prediction stands for the recorded one.
            predictions = pd.concat([fresh, predictions]).drop_duplicates(list(_ROW))
    else:
        findings.unchecked.append(
            "the predictions themselves (--predictions does, with checkpoints)"
        )
    _check_tables(run, costs, predictions, predict, findings)
    return findings


def _check_run_file(run: Run, findings: Findings) -> None:
    record, dataset = run.record, run.dataset
    if record["status"] != "complete":
        findings.wrong.append(
            f"run.json says that the run is {record['status']}: give its command again to end it."
        )
    if record["identity"]["content"].get("--input_csv") != dataset.csv_sha256:
        findings.wrong.append("The CSV is another one than the run's (its SHA-256 differs).")
    for name, found in (("images", len(dataset)), ("side", dataset.side)):
        if record[name] != found:
            findings.wrong.append(f"run.json says {name} {record[name]}; the originals, {found}.")
    findings.checked.append(f"run.json and the SHA-256 of the CSV against {len(dataset)} originals")


def _check_images(run: Run, findings: Findings) -> pd.DataFrame:
    """Checks every PNG and returns what the sound ones cost, as `measure_costs` does."""
    records = {(r["mode"], r["image_id"]): r for r in run.folder.crafted.read()}
    rows = []
    for index, image_id in enumerate(run.dataset.ids):
        path = run.dataset.paths[index]
        original, digest = read_image(path), sha256_of(path)
        for mode in run.modes:
            record = records.get((mode, image_id))
            if record is not None and record["image_sha256"] != digest:
                findings.wrong.append(
                    f"{path} is not the image that {mode}/{image_id}.png was made from (its "
                    "SHA-256 differs)."
                )
            try:
                png = run.folder.png(mode, image_id)
                adversarial = read_image(png)
                if record is not None and record["png_sha256"] != sha256_of(png):
                    findings.wrong.append(f"{png} was changed after the run (its SHA-256 differs).")
            except DataError as error:
                findings.wrong.append(str(error))
                continue
            if adversarial.shape != original.shape:
                findings.wrong.append(
                    f"{png} has a side of {len(adversarial)} pixels, its original one of "
                    f"{len(original)}."
                )
                continue
            cost = perturbation_cost(original, adversarial)
            findings.wrong += _beyond_bound(png, cost.linf, cost.l2, run.record["flags"])
            rows.append((mode, image_id, cost.mean_abs, cost.l2, cost.linf))
    findings.wrong += _strangers(run)
    count = len(run.dataset) * len(run.modes)
    findings.checked.append(f"{count} PNGs: there, their side, within the bound of their originals")
    expected = {(mode, image_id) for mode in run.modes for image_id in run.dataset.ids}
    if expected <= records.keys():
        findings.checked.append("the SHA-256 of every PNG and original as recorded by the run")
    else:
        findings.unchecked.append(
            "the SHA-256 of the PNGs and originals: .progress/crafted.jsonl is gone or incomplete"
        )
    return pd.DataFrame(rows, columns=["mode", "image_id", "mean_abs", "l2", "linf"])


def _beyond_bound(png: Path, linf: int, l2: float, flags: dict) -> Iterator[str]:
    name, found = ("max_l2", l2) if flags["norm"] == "l2" else ("max_epsilon", linf)
    if found > flags[name] * (1 + 1e-9):
        yield f"{png} is {found:g} from its original, beyond --{name} {flags[name]:g}."


def _strangers(run: Run) -> Iterator[str]:
    """Names images in the folder that are not the run's."""
    known = {f"{image_id}.png" for image_id in run.dataset.ids}
    for png in sorted(run.folder.path.glob("*/*.png")):
        if png.parent.name not in run.modes or png.name not in known:
            yield f"{png} is not of this run."


def _check_steps(run: Run, findings: Findings) -> None:
    wanted = set(run.dataset.ids)
    records = {
        (r["mode"], r["image_id"]): r
        for r in run.folder.crafted.read()
        if r["image_id"] in wanted and r["mode"] in run.modes
    }
    if len(records) < len(run.dataset) * len(run.modes):
        findings.unchecked.append("steps.csv: .progress/crafted.jsonl is gone or incomplete")
        return
    ordered = [records[mode, image_id] for mode in run.modes for image_id in run.dataset.ids]
    expected = read_table(to_csv(steps_table(ordered, run.modes)), "steps.csv")
    _compare("steps.csv", expected, ("mode", "iteration"), {}, run, findings)


def _recorded_predictions(run: Run, findings: Findings) -> pd.DataFrame:
    """Returns the predictions of the run's journal, or of per_image.csv where it is gone."""
    victims = run.record["victims"]
    weights = {name: weights_of(victim) for name, victim in victims.items()}
    found = {
        tuple(record[name] for name in _ROW): record
        for record in run.folder.judged.read()
        if weights.get(record["victim"]) == record["weights"]
    }
    keys = list(_keys(run))
    if any(key not in found for key in keys):
        findings.unchecked.append(
            "per_image.csv against the recorded predictions: .progress/judged.jsonl is gone or "
            "incomplete, so the labels and confidences in it are taken as they are"
        )
        found = _predictions_of_csv(run, findings) | found
    else:
        findings.checked.append("per_image.csv against the recorded predictions")
        digests = {(r["mode"], r["image_id"]): r["png_sha256"] for r in run.folder.crafted.read()}
        for victim, mode, image_id in keys:
            judged = found[victim, mode, image_id]["png_sha256"]
            if mode != CLEAN and digests.get((mode, image_id), judged) != judged:
                findings.wrong.append(
                    f"{victim} judged other bytes than those of {mode}/{image_id}.png: "
                    f"`python scripts/judge.py {run.folder.path}` judges anew."
                )
    return _predictions_table(found[key] for key in keys if key in found)


def _predictions_table(records: Iterable[dict]) -> pd.DataFrame:
    return pd.DataFrame(records, columns=[*_ROW, "labels", "confidence"])


def _keys(run: Run) -> Iterator[tuple[str, str, str]]:
    """Yields (victim, mode or "clean", image id) in the order in which a run judges."""
    for victim in run.record["victims"]:
        for mode in (CLEAN, *run.modes):
            for image_id in run.dataset.ids:
                yield victim, mode, image_id


def _predictions_of_csv(run: Run, findings: Findings) -> dict[tuple[str, str, str], dict]:
    """Returns predictions that give per_image.csv's own labels, confidences and top-5 columns."""
    found: dict[tuple[str, str, str], dict] = {}
    table = _table_on_disk("per_image.csv", run, findings)
    for number, row in enumerate(table.to_dict("records"), 1):
        for kind, mode in ((CLEAN, CLEAN), ("adversarial", row.get("mode"))):
            key = (row.get("victim"), mode, row.get("image_id"))
            try:
                labels = [int(row[f"{kind}_label"])]
                if row[f"{kind}_top5"] == "1":
                    labels.append(int(row["true_label"]))
                confidence = float(row[f"{kind}_confidence"])
            except (KeyError, ValueError):
                findings.wrong.append(f"per_image.csv, row {number} holds no {kind} prediction.")
                continue
            found.setdefault(
                key,
                dict(zip(_ROW, key, strict=True)) | {"labels": labels, "confidence": confidence},
            )
    return found


def _fresh_predictions(
    run: Run, costs: pd.DataFrame, checkpoints: Path | None, findings: Findings
) -> pd.DataFrame:
    flags = run.record["flags"]
    sound = set(zip(costs["mode"], costs["image_id"], strict=True))
    rows = []
    for name, victim in run.record["victims"].items():
        prefix = Path(victim["checkpoint"])
        if checkpoints is not None:
            prefix = models.find_checkpoint(name, checkpoints) or prefix
        try:
            same = models.checkpoint_sha256(prefix) == victim["sha256"]
        except OSError:
            findings.unchecked.append(
                f"the predictions of {name}: its checkpoint is not at {prefix} (give "
                "--checkpoint_path)"
            )
            continue
        if not same:
            findings.wrong.append(
                f"{prefix} is another checkpoint of {name} than the run's (its SHA-256 differs)."
            )
            continue
        judge = Judge.of(load_victim(name, prefix, flags["victim_preprocessing"]))
        for mode in (CLEAN, *run.modes):
            ids = [i for i in run.dataset.ids if mode == CLEAN or (mode, i) in sound]
            paths = [run.folder.png(mode, i) for i in ids] if mode != CLEAN else run.dataset.paths
            size = flags["batch_size"]
            for start, records in judge.predict(paths, size, range(0, len(paths), size)):
                about = {"victim": name, "mode": mode}
                rows += [
                    about | {"image_id": ids[i]} | record for i, record in enumerate(records, start)
                ]
        findings.checked.append(f"the predictions of {name}, made again from the PNGs")
        # One victim in memory at a time.
        del judge
    return _predictions_table(rows)


def _check_tables(
    run: Run, costs: pd.DataFrame, predictions: pd.DataFrame, fresh: bool, findings: Findings
) -> None:
    # Only images with everything that a row is made of; why the others lack it is said already.
    complete = set(run.dataset.ids)
    for mode in run.modes:
        complete &= set(costs.loc[costs["mode"] == mode, "image_id"])
    counts = predictions.groupby("image_id").size()
    complete &= set(counts[counts == len(list(_keys(run))) / len(run.dataset)].index)
    predictions = predictions[predictions["image_id"].isin(complete)]
    place = {key: index for index, key in enumerate(_keys(run))}
    order = [place[key] for key in predictions[list(_ROW)].itertuples(index=False, name=None)]
    predictions = predictions.iloc[np.argsort(order)]
    if not complete:
        findings.wrong.append(
            "per_image.csv and transfer.csv can't be computed from what is there."
        )
        return
    per_image, transfer = make_tables(run.record, run.dataset, predictions, costs)
    expected = read_table(to_csv(per_image), "per_image.csv")
    tolerance = dict.fromkeys(("clean_confidence", "adversarial_confidence"), _CONFIDENCE_TOLERANCE)
    unsound = set(run.dataset.ids) - complete
    key = ("image_id", "mode", "victim")
    _compare("per_image.csv", expected, key, tolerance if fresh else {}, run, findings, unsound)
    if len(complete) < len(run.dataset):
        findings.unchecked.append("transfer.csv: it needs all images, and some are not sound")
        return
    expected = read_table(to_csv(transfer), "transfer.csv")
    _compare("transfer.csv", expected, ("mode", "victim"), {}, run, findings)


def _compare(
    name: str,
    expected: pd.DataFrame,
    key: tuple[str, ...],
    tolerance: dict[str, float],
    run: Run,
    findings: Findings,
    unsound: Collection[str] = (),
) -> None:
    """Compares a table on the disk with what it should be, cell by cell, but for unsound images."""
    actual = _table_on_disk(name, run, findings)
    if actual.empty:
        return
    if unsound and "image_id" in actual:
        actual = actual[~actual["image_id"].isin(unsound)]
    findings.wrong += [f"{name}: {each}" for each in differences(expected, actual, key, tolerance)]
    findings.checked.append(f"{name}, {len(expected)} rows, computed again")


def _table_on_disk(name: str, run: Run, findings: Findings) -> pd.DataFrame:
    path = run.folder.path / name
    try:
        return read_table(path.read_bytes(), name)
    except (OSError, DataError) as error:
        sentence = f"{path} can't be read: {getattr(error, 'strerror', None) or error}."
        if sentence not in findings.wrong:
            findings.wrong.append(sentence)
        return pd.DataFrame()
