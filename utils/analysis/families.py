"""Runs that may stand in one table: they differ in method, epsilon and seed alone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from utils.analysis.runs import Run
from utils.errors import ResultsError

_VARIES = {"method", "max_epsilon", "seed"}


@dataclass(frozen=True)
class Family:
    """Runs on the same images with the same flags but for method, epsilon and seed.

    Attributes:
      runs: at least one.
      differs: the flags that tell it from the other families, as text; often empty.
    """

    runs: tuple[Run, ...]
    differs: str = ""

    @property
    def zoo(self) -> str:
        """Its zoo: imagenet or demo."""
        return self.runs[0].record["zoo"]

    @property
    def source(self) -> str:
        """The network attacked."""
        return self.runs[0].source

    @property
    def targeted(self) -> bool:
        """Whether success means hitting the target class."""
        return bool(self.runs[0].flags["targeted"])

    @property
    def goal(self) -> str:
        """What success is called."""
        return "target hit" if self.targeted else "misclassified"

    @property
    def title(self) -> str:
        """What tells it from others, for a heading."""
        zoo = "DEMO zoo (drawn images, not ImageNet)" if self.zoo == "demo" else "ImageNet"
        kind = "targeted, " if self.targeted else ""
        more = f", {self.differs}" if self.differs else ""
        return f"{zoo}, source {self.source}, {kind}{len(self.image_ids)} images{more}"

    def bound(self, epsilon: float) -> str:
        """What perturbations were held to, for a heading."""
        flags = self.runs[0].flags
        return f"L2 {flags['max_l2']:g}" if flags.get("norm") == "l2" else f"epsilon {epsilon:g}"

    @cached_property
    def image_ids(self) -> list[str]:
        """The images, in the CSV's order."""
        return list(dict.fromkeys(self.runs[0].per_image["image_id"]))

    @property
    def methods(self) -> list[str]:
        """Simple methods first."""
        names = {run.method for run in self.runs}
        return sorted(names, key=lambda name: (name != "fgsm", name != "if", len(name), name))

    @property
    def epsilons(self) -> list[float]:
        """In rising order."""
        return sorted({run.epsilon for run in self.runs})

    @cached_property
    def modes(self) -> list[str]:
        """All modes, sign first, the others in the order of the runs."""
        names = list(dict.fromkeys(mode for run in self.runs for mode in run.record["modes"]))
        known = ("sign", "affine", "test")
        return sorted(names, key=lambda m: known.index(m) if m in known else len(known))

    @cached_property
    def transfer(self) -> pd.DataFrame:
        """The rows of all transfer.csv, with the column seed."""
        return pd.concat([run.transfer.assign(seed=run.seed) for run in self.runs])

    @cached_property
    def per_image(self) -> pd.DataFrame:
        """The rows of all per_image.csv, with the columns seed and success."""
        return pd.concat([run.per_image.assign(seed=run.seed) for run in self.runs])

    @cached_property
    def victims(self) -> dict[str, str]:
        """Victim -> "white-box" or "black-box", white-box first."""
        settings = dict(zip(self.transfer["victim"], self.transfer["setting"], strict=True))
        return dict(sorted(settings.items(), key=lambda item: item[1] != "white-box"))

    @property
    def black_box(self) -> list[str]:
        """The victims that were not attacked themselves."""
        return [name for name, setting in self.victims.items() if setting == "black-box"]

    @cached_property
    def success(self) -> pd.DataFrame:
        """Success per image, averaged over seeds: a float [images] table.

        Its columns are (method, epsilon, mode, victim), its index is image_ids. Its mean over a
        column is the success rate.
        """
        return self._averaged(["method", "max_epsilon", "mode", "victim"], "success")

    @cached_property
    def l2(self) -> pd.DataFrame:
        """L2 of every perturbation in [0, 255] units: columns (method, epsilon, mode)."""
        return self._averaged(["method", "max_epsilon", "mode"], "l2")

    def cells(self, method: str) -> list[tuple[float, str]]:
        """Returns the (epsilon, mode) that were run with a method, in rising epsilon."""
        of_method = self.l2[method].columns
        return sorted(of_method, key=lambda cell: (cell[0], self.modes.index(cell[1])))

    def _averaged(self, keys: list[str], value: str) -> pd.DataFrame:
        table = self.per_image.assign(max_epsilon=self.per_image["max_epsilon"].astype(float))
        means = table.groupby([*keys, "image_id"])[value].mean()
        return means.unstack(keys).reindex(self.image_ids).astype(float).sort_index(axis=1)


def families(runs: Sequence[Run]) -> list[Family]:
    """Sorts runs into families.

    Raises:
      ResultsError: two runs are of the same method, epsilon and seed.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(json.dumps(_common(run), sort_keys=True), []).append(run)
    recipes = [json.loads(key)["flags"] for key in groups]
    names = sorted({name for recipe in recipes for name in recipe})
    differing = [n for n in names if len({json.dumps(recipe.get(n)) for recipe in recipes}) > 1]
    found = []
    for recipe, members in zip(recipes, groups.values(), strict=True):
        _refuse_doubles(members)
        told = [n for n in differing if n not in ("source", "targeted", "limit", "zoo")]
        text = ", ".join(f"{name} {recipe.get(name)}" for name in told)
        found.append(Family(tuple(members), text))
    return found


def _common(run: Run) -> dict:
    identity = run.record.get("identity", {})
    flags = identity.get("flags", run.flags)
    images = list(dict.fromkeys(run.per_image["image_id"]))
    return {
        "flags": {name: value for name, value in flags.items() if name not in _VARIES},
        "zoo": run.record["zoo"],
        "content": identity.get("content", {}),
        "images": images,
    }


def _refuse_doubles(runs: Sequence[Run]) -> None:
    seen: dict[tuple, Run] = {}
    for run in runs:
        key = (run.method, run.epsilon, run.seed)
        if key in seen:
            raise ResultsError(
                f"{seen[key].path} and {run.path} are the same run twice: give one of them only."
            )
        seen[key] = run
