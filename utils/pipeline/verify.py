"""Whether a run's folder is what it says: every PNG, every bound and every figure, computed again.

It reads the folder and the original images and writes nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

import models
from methods import parse_method
from utils.answers import UNTOLD
from utils.class_names import FILE
from utils.errors import BenchError, DataError
from utils.files import open_regular
from utils.pipeline.cost import costs_table, read_perturbations
from utils.pipeline.differences import differences, read_table
from utils.pipeline.digest import images_digest, results_digest
from utils.pipeline.foreign import foreign_images
from utils.pipeline.journals import Prediction
from utils.pipeline.judge import judge, predictions_table
from utils.pipeline.record import RecordedNetwork
from utils.pipeline.recorded_victims import (
    answering_victims,
    as_predictions,
    has_changed,
    is_trusted,
    told_answers,
)
from utils.pipeline.run import CLEAN, Run
from utils.pipeline.tables import (
    NAMES,
    SEEN_BY_THE_EYE,
    per_image_table,
    steps_table,
    to_csv,
    transfer_table,
)

# Softmax on another machine may round differently in the fourth decimal.
_CONFIDENCE_TOLERANCE = 1e-3
# (victim, mode or "clean", image id).
Key = tuple[str, str, str]
_KEY = ["victim", "mode", "image_id"]


@dataclass
class Findings:
    """What a verification saw.

    Attributes:
      wrong: each thing that doesn't hold, as a sentence.
      checked: what was checked.
      unchecked: what could not be, and why.
      incomplete: whether something that was asked for is among the unchecked.
    """

    wrong: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    incomplete: bool = False


def verify(run: Run, predict: bool = False) -> Findings:
    """Recomputes what can be recomputed.

    Args:
      run: what to verify.
      predict: load the victims and classify every image again.

    Returns:
      The findings; the run holds where nothing is wrong.
    """
    check = _Verification(run, predict)
    check.run_file()
    check.images()
    check.steps()
    predictions = check.recorded_predictions()
    fresh = [check.told_predictions(), *([check.fresh_predictions()] if predict else [])]
    # A fresh prediction stands for the recorded one.
    if fresh := [each for each in fresh if len(each)]:
        predictions = pd.concat([*fresh, predictions]).drop_duplicates(_KEY)
    if not predict:
        check.findings.unchecked.append(
            "the predictions themselves (--predictions does, with checkpoints)"
        )
    check.tables(predictions, predict)
    check.digest()
    return check.findings


class _Verification:
    """The checks of one run, and what they found."""

    def __init__(self, run: Run, predict: bool):
        self.findings = Findings()
        self._predict = predict
        self._run, self._record, self._dataset = run, run.record, run.dataset
        self._crafted = {(each.mode, each.image_id): each for each in run.folder.crafted}
        # Filled by `images`: what the sound PNGs cost, and the images sound in every mode.
        self._costs = pd.DataFrame()
        self._sound: set[str] = set()
        self._png_sha256: dict[tuple[str, str], str] = {}
        self._originals: dict[str, str] = {}

    def run_file(self) -> None:
        """Compares run.json with the CSV and the originals."""
        record, found = self._record, self._dataset
        if not record.complete:
            self._wrong(
                f"run.json says that the run is {record.status}: give its command again to end it."
            )
        if record.identity.content.get("--input_csv") != found.csv_sha256:
            self._wrong("The CSV is another one than the run's (its SHA-256 differs).")
        flags = record.flags.model_dump()
        for name, value in record.identity.flags.items():
            if flags.get(name) != value:
                self._wrong(
                    f"run.json contradicts itself: --{name} is {flags.get(name)} in its flags and "
                    f"{value} in its identity."
                )
        recipe = self._run.config.recipe() | {"source": list(record.sources), "zoo": record.zoo}
        # Folders from when a run could not grow have its limit there, too.
        if record.identity.flags.keys() - {"limit"} != recipe.keys():
            self._wrong("run.json's identity holds other flags than a run has.")
        for name, network in record.sources.items():
            if record.identity.content.get(f"the checkpoint of {name}") != network.sha256:
                self._wrong(f"run.json contradicts itself on the SHA-256 of the source {name}.")
        # Older folders have the method's letters there.
        titles = (parse_method(record.flags.method).title(), record.flags.method)
        if record.method_title not in titles:
            self._wrong(
                f"run.json calls the method {record.method_title}; {record.flags.method} is "
                f"{titles[0]}."
            )
        facts = {"images": len(found), "side": found.side, "skipped_images": found.skipped}
        for name, is_so in facts.items():
            if (said := getattr(record, name)) != is_so:
                self._wrong(f"run.json says {name} {said}; the originals, {is_so}.")
        for name, network in (record.sources | record.victims).items():
            row, said = models.NETWORKS.get(name), network.published_accuracy
            published = row.clean_accuracy if row else None
            # Folders from before it was recorded have none.
            if said != published and (record.results_sha256 or said is not None):
                self._wrong(f"run.json says that {said} % is published of {name}; {published} is.")
        self.findings.checked.append(
            f"run.json and the SHA-256 of the CSV against {len(found)} originals"
        )

    def images(self) -> None:
        """Checks every PNG: there, its side, its bytes as recorded, within the bound."""
        run, bound = self._run, self._record.bound
        originals = dict(zip(self._dataset.ids, self._dataset.paths, strict=True))
        perturbations = list(read_perturbations(run))
        for each in perturbations:
            png, record = run.folder.png(each.mode, each.image_id), self._crafted.get(each.key)
            if each.problem:
                self._wrong(each.problem)
            if record is not None and record.image_sha256 != each.original_sha256:
                self._wrong(
                    f"{originals[each.image_id]} is not the image that {each.mode}/{png.name} was "
                    "made from (its SHA-256 differs)."
                )
            if each.cost is None:
                continue
            if record is not None and record.png_sha256 != each.png_sha256:
                self._wrong(
                    f"{png} was changed after the run (its SHA-256 differs): the run's command, "
                    "given again, makes it anew."
                )
            if not bound.holds(each.cost.linf, each.cost.l2):
                length = each.cost.l2 if bound.norm == "l2" else each.cost.linf
                self._wrong(
                    f"{png} is {length:g} from its original, beyond --{bound.flag} {bound.size:g}."
                )
        self._png_sha256 = {each.key: each.png_sha256 for each in perturbations}
        self._originals = {each.image_id: each.original_sha256 for each in perturbations}
        self._costs = costs_table(perturbations, run.modes)
        self._sound = set(self._dataset.ids)
        self._sound -= {each.image_id for each in perturbations if each.cost is None}
        self.findings.wrong += [f"{png} is not of this run." for png in foreign_images(run)]
        self.findings.checked.append(
            f"{len(perturbations)} PNGs: there, their side, within the bound of their originals"
        )
        if {each.key for each in perturbations} <= self._crafted.keys():
            self.findings.checked.append(
                "the SHA-256 of every PNG and original as recorded by the run"
            )
        else:
            self._not_checked("the SHA-256 of the PNGs and originals", "crafted.jsonl")

    def steps(self) -> None:
        """Computes steps.csv again from the records of crafting."""
        keys = [(mode, each) for mode in self._run.modes for each in self._dataset.ids]
        if not self._crafted.keys() >= set(keys):
            self._not_checked("steps.csv", "crafted.jsonl")
            return
        table = steps_table([self._crafted[key] for key in keys], self._run.modes)
        self._compare("steps.csv", table, ("mode", "iteration"))
        means = table.groupby("mode", sort=False)["mean_cosine"].mean().to_dict()
        if self._record.complete and means != self._record.mean_cosine:
            self._wrong("run.json's mean_cosine is not that of the steps.")
        steps = len(table) // len(self._run.modes)
        method, flags = parse_method(self._record.flags.method), self._record.flags
        if steps != method.iterations(flags.num_iter):
            self._wrong(f"The images were made in {steps} step(s), not in {flags.num_iter}.")

    def recorded_predictions(self) -> pd.DataFrame:
        """Returns the predictions of the run's journal, or of per_image.csv where it is gone."""
        found = {
            (each.victim, each.mode, each.image_id): each
            for each in self._run.folder.judged
            if each.victim in self._record.victims
            and each.weights == self._record.victims[each.victim].weights
        }
        victims_judged = {each.victim for each in self._run.folder.judged}
        for name in sorted(victims_judged - self._record.victims.keys()):
            self._wrong(f"{name} has judged these images, and run.json doesn't name it.")
        keys = self._keys()
        if any(key not in found for key in keys):
            self._not_checked(
                "per_image.csv against the recorded predictions",
                "judged.jsonl",
                ", so the labels and confidences in it are taken as they are",
            )
            found = self._predictions_of_csv() | found
        else:
            self.findings.checked.append("per_image.csv against the recorded predictions")
            for victim, mode, image_id in keys:
                judged = found[victim, mode, image_id].png_sha256
                # One that was changed after the run is told of as such, and judging won't cure it.
                if self._png_sha256.get((mode, image_id)) not in (None, "", judged):
                    self._wrong(
                        f"{victim} judged other bytes than those of {mode}/{image_id}.png: "
                        f"`python scripts/judge.py {self._run.folder.path}` judges anew."
                    )
        return predictions_table(found[key] for key in keys if key in found)

    def _predictions_of_csv(self) -> dict[Key, Prediction]:
        """Returns what per_image.csv says, as predictions that give its own columns."""
        found: dict[Key, Prediction] = {}
        table = self._table_on_disk("per_image.csv")
        rows = [] if table is None else table.to_dict("records")
        for number, row in enumerate(rows, 1):
            for kind in (CLEAN, "adversarial"):
                try:
                    key = row["victim"], CLEAN if kind == CLEAN else row["mode"], row["image_id"]
                    labels = [int(row[f"{kind}_label"])]
                    if row[f"{kind}_top5"] != "0":
                        labels.append(int(row["true_label"]) if row[f"{kind}_top5"] else UNTOLD)
                    said = row[f"{kind}_confidence"]
                    confidence = float(said) if said else None
                except (KeyError, ValueError):
                    self._wrong(f"per_image.csv, row {number} holds no {kind} prediction.")
                    continue
                named = dict(zip(_KEY, key, strict=True))
                made = Prediction(
                    **named, weights="", png_sha256="", labels=labels, confidence=confidence
                )
                found.setdefault(key, made)
        return found

    def told_predictions(self) -> pd.DataFrame:
        """Returns the predictions of victims that are files of answers, from the files."""
        pngs = {(CLEAN, image_id): self._originals[image_id] for image_id in self._sound}
        pngs |= {key: found for key, found in self._png_sha256.items() if key[1] in self._sound}
        found: list[Prediction] = []
        for name in answering_victims(self._run):
            network = self._record.victims[name]
            if not pngs or not self._is_loadable(name, network):
                continue
            try:
                told = told_answers(self._run, name, pngs)
            except BenchError as error:
                self._wrong(str(error))
                continue
            found += as_predictions(self._run, name, told, pngs).values()
            file = Path(network.checkpoint).name
            self.findings.checked.append(f"the predictions of {name}, read again from {file}")
            if not told.tied:
                self.findings.unchecked.append(
                    f"whether {name} answered to these PNGs: {file} has no column png_sha256"
                )
        return predictions_table(found)

    def fresh_predictions(self) -> pd.DataFrame:
        """Has every victim whose checkpoint is the run's classify the sound images again."""
        dataset = self._dataset.subset(self._sound)
        told = answering_victims(self._run)
        victims = {
            name: network
            for name, network in self._record.victims.items()
            if name not in told and self._is_loadable(name, network)
        }
        record = self._record.model_copy(update={"victims": victims})
        sound = replace(self._run, record=record, dataset=dataset)
        predictions = judge(sound, (), lambda made: None) if len(dataset) else predictions_table([])
        self.findings.checked += [
            f"the predictions of {name}, made again from the PNGs" for name in victims
        ]
        return predictions

    def _is_loadable(self, name: str, network: RecordedNetwork) -> bool:
        prefix = Path(network.checkpoint)
        if not is_trusted(self._run, name):
            self._not_made_again(
                f"the predictions of {name}: it may be a program (give --victims if you trust it)"
            )
            return False
        what, cure = "checkpoint", " (give --checkpoint_path)"
        if network.stands_for_answers(name):
            what, cure = "file of answers", " (give --victims NAME=predictions:PATH.csv)"
        elif looked_in := self._run.looked_in:
            # What was just done is no advice.
            cure = f", nor in --checkpoint_path {looked_in}"
        try:
            changed = has_changed(network, prefix)
        except (OSError, DataError):
            self._not_made_again(f"the predictions of {name}: its {what} is not at {prefix}{cure}")
            return False
        if changed:
            self._wrong(
                f"{prefix} is another {what} of {name} than the run's (its SHA-256 differs)."
            )
        return not changed

    def tables(self, predictions: pd.DataFrame, fresh: bool) -> None:
        """Computes per_image.csv and transfer.csv again, of the images that have everything."""
        keys = self._keys()
        counts = predictions.groupby("image_id").size()
        complete = self._sound & set(counts[counts == len(keys) / len(self._dataset)].index)
        if not complete:
            self._wrong("per_image.csv and transfer.csv can't be computed from what is there.")
            return
        predictions = predictions[predictions["image_id"].isin(complete)]
        place = {key: index for index, key in enumerate(keys)}
        order = [place[key] for key in predictions[_KEY].itertuples(index=False, name=None)]
        per_image = per_image_table(self._run, predictions.iloc[np.argsort(order)], self._costs)
        tolerance = dict.fromkeys(
            ("clean_confidence", "adversarial_confidence"), _CONFIDENCE_TOLERANCE if fresh else 0.0
        )
        unsound = set(self._dataset.ids) - complete
        self._compare(
            "per_image.csv", per_image, ("image_id", "mode", "victim"), tolerance, unsound
        )
        if unsound:
            self.findings.unchecked.append(
                "transfer.csv: it needs all images, and some are not sound"
            )
            return
        transfer = transfer_table(self._run, per_image, self._costs)
        self._compare("transfer.csv", transfer, ("mode", "victim"))

    def digest(self) -> None:
        """Computes the digest over all results again; it matters where nothing else is wrong."""
        record = self._record
        if not record.results_sha256 and record.images_sha256 and record.complete:
            self._wrong("run.json holds no digest of all results, which a run that ended has.")
        elif not record.results_sha256:
            self.findings.unchecked.append("the digest of all results: run.json holds none")
        elif not self.findings.wrong:
            originals = images_digest(self._originals[each] for each in self._dataset.ids)
            if originals != record.images_sha256 or results_digest(self._png_sha256, self._run) != (
                record.results_sha256
            ):
                self._wrong("The digest of all results is another than run.json's results_sha256.")
            self.findings.checked.append(f"the digest of all results, {record.results_sha256}")

    def _keys(self) -> list[Key]:
        """Returns what a run judges, in its order."""
        return [
            (victim, mode, image_id)
            for victim in self._record.victims
            for mode in (CLEAN, *self._run.modes)
            for image_id in self._dataset.ids
        ]

    def _compare(
        self,
        name: str,
        table: pd.DataFrame,
        key: tuple[str, ...],
        tolerance: dict[str, float] | None = None,
        unsound: Collection[str] = (),
    ) -> None:
        """Compares a table on the disk with what it should be, but for unsound images."""
        expected = read_table(to_csv(table), name)
        actual = self._table_on_disk(name)
        if actual is None:
            return
        expected, actual = self._with_the_same_names(expected, actual)
        if not set(SEEN_BY_THE_EYE) & set(actual):
            expected = self._from_before(name, expected)
        if unsound and "image_id" in actual:
            actual = actual[~actual["image_id"].isin(unsound)]
        for difference in differences(expected, actual, key, tolerance or {}):
            self._wrong(f"{name}: {difference}")
        self.findings.checked.append(f"{name}, {len(expected)} rows, computed again")

    def _with_the_same_names(
        self, expected: pd.DataFrame, actual: pd.DataFrame
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Leaves class names out where one of two tables has none: it may be older, or moved."""
        names = list(NAMES.values())
        if set(names) & set(actual) and not set(names) & set(expected):
            self.findings.unchecked.append(
                f"the class names in per_image.csv: there is no {FILE} beside the CSV"
            )
            return expected, actual.drop(columns=names, errors="ignore")
        if not set(names) & set(actual):
            return expected.drop(columns=names, errors="ignore"), actual
        return expected, actual

    def _from_before(self, name: str, expected: pd.DataFrame) -> pd.DataFrame:
        """Leaves out what an older table hasn't."""
        lacks = [each for each in SEEN_BY_THE_EYE if each in expected]
        if lacks:
            self.findings.unchecked.append(
                f"{' and '.join(lacks)}: {name} is from before they were measured (`python "
                f"scripts/judge.py {self._run.folder.path}` adds them)"
            )
        return expected.drop(columns=lacks)

    def _table_on_disk(self, name: str) -> pd.DataFrame | None:
        path = self._run.folder.path / name
        try:
            with open_regular(path) as file:
                return read_table(file.read(), name)
        except (OSError, DataError) as error:
            reason = str(getattr(error, "strerror", None) or error).removesuffix(".")
            begin = f"{path} can't be read: "
            # A file that can't be opened says so by itself.
            sentence = f"{begin}{reason.removeprefix(begin)}."
            if sentence not in self.findings.wrong:
                self._wrong(sentence)
            return None

    def _wrong(self, sentence: str) -> None:
        self.findings.wrong.append(sentence)

    def _not_made_again(self, sentence: str) -> None:
        self.findings.unchecked.append(sentence)
        self.findings.incomplete |= self._predict

    def _not_checked(self, what: str, journal: str, consequence: str = "") -> None:
        self.findings.unchecked.append(
            f"{what}: .progress/{journal} is gone or incomplete{consequence}"
        )
