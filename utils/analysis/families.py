"""Runs that may stand in one table: they differ in method, size of the bound and seed alone."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from utils.analysis.faces import in_order
from utils.analysis.runs import FinishedRun, load_runs
from utils.bound import Bound
from utils.errors import ResultsError
from utils.success import REFERENCE

_VARIES = {"method", "max_epsilon", "max_l2", "seed"}
_TOLD_ANYWAY = {"source", "targeted", "limit", "zoo"}


class Attack(NamedTuple):
    """What a family's results are found by, whatever the seed; size is the bound's."""

    method: str
    size: float
    mode: str

    @property
    def reference(self) -> "Attack":
        """The attack that it is compared with."""
        return self._replace(mode=REFERENCE)


@dataclass(frozen=True)
class Family:
    """Runs on the same images with the same flags but for method, size of the bound and seed.

    Attributes:
      runs: at least one.
      differs: the flags that tell it from the other families, as text; often empty.
    """

    runs: tuple[FinishedRun, ...]
    differs: str = ""

    @property
    def zoo(self) -> str:
        """The zoo of the networks: imagenet or demo."""
        return self.runs[0].record.zoo

    @property
    def source(self) -> str:
        """The network attacked; "a+b" for an ensemble."""
        return self.runs[0].record.source

    @property
    def targeted(self) -> bool:
        """Whether success means hitting the target class."""
        return self.runs[0].record.flags.targeted

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

    @cached_property
    def method_titles(self) -> dict[str, str]:
        """Method -> its usual name; simple methods first."""
        titles = {run.method: run.record.method_title for run in self.runs}
        simple = sorted(titles, key=lambda name: (name != "fgsm", name != "if", len(name), name))
        return {name: titles[name] for name in simple}

    def bound(self, size: float) -> Bound:
        """Returns the bound of a size, in [0, 255] units."""
        return Bound(self.runs[0].bound.norm, size)

    @property
    def quantity(self) -> str:
        """What the size of its bounds is called: "epsilon" or "L2 bound"."""
        return self.runs[0].bound.quantity

    @property
    def sizes(self) -> list[float]:
        """The sizes of its bounds, rising."""
        return sorted({run.size for run in self.runs})

    def sizes_of(self, epsilon: float | None) -> list[float]:
        """Returns the sizes that --epsilon selects: all without it, and with it none of a ball."""
        return [s for s in self.sizes if epsilon is None or self.bound(s).epsilon == epsilon]

    @cached_property
    def image_ids(self) -> list[str]:
        """The images, in the CSV's order."""
        return list(dict.fromkeys(self.runs[0].per_image["image_id"]))

    @cached_property
    def modes(self) -> list[str]:
        """All modes, in the tables' order."""
        return in_order(mode for run in self.runs for mode in run.record.modes)

    @cached_property
    def transfer(self) -> pd.DataFrame:
        """The rows of all transfer.csv."""
        return pd.concat([run.transfer for run in self.runs])

    @cached_property
    def per_image(self) -> pd.DataFrame:
        """The rows of all per_image.csv."""
        return pd.concat([run.per_image for run in self.runs])

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

        Its columns are (method, size, mode, victim), its index is image_ids. The mean of a column
        is the success rate.
        """
        return self._averaged([*Attack._fields, "victim"], "success")

    @cached_property
    def l2(self) -> pd.DataFrame:
        """L2 of every perturbation in [0, 255] units: columns (method, size, mode)."""
        return self._averaged([*Attack._fields], "l2")

    def attacks(self, method: str) -> list[Attack]:
        """Returns what was run with a method, by rising size, in the modes' order."""
        found = [Attack(method, size, mode) for size, mode in self.l2[method].columns]
        return sorted(found, key=lambda attack: (attack.size, self.modes.index(attack.mode)))

    def runs_of(self, attack: Attack) -> list[FinishedRun]:
        """Returns the runs of an attack, one a seed."""
        return [
            run
            for run in self.runs
            if (run.method, run.size) == attack[:2] and attack.mode in run.record.modes
        ]

    def transfer_of(self, attack: Attack) -> pd.DataFrame:
        """Returns an attack's rows of transfer.csv, of all seeds."""
        table = self.transfer
        return table[(table[[*Attack._fields]] == attack).all(axis=1)]

    def describe(self, attack: Attack) -> dict[str, object]:
        """Returns what the rows of a table say of an attack, the bound under its flag's name."""
        return {
            "zoo": self.zoo,
            "source": self.source,
            "targeted": int(self.targeted),
            **attack._asdict(),
            self.bound(attack.size).flag: attack.size,
            "images": len(self.image_ids),
            "mean_l2": float(self.l2[attack].mean()),
        }

    def _averaged(self, keys: list[str], value: str) -> pd.DataFrame:
        means = self.per_image.groupby([*keys, "image_id"])[value].mean()
        return means.unstack(keys).reindex(self.image_ids).astype(float).sort_index(axis=1)


def load_families(paths: Iterable[Path]) -> list[Family]:
    """Finds the finished runs at or below the paths and sorts them into families.

    Raises:
      ResultsError: there is none, or two are of the same method, bound and seed.
      DataError: a run.json is broken.
    """
    groups: dict[str, list[FinishedRun]] = {}
    for run in load_runs(paths):
        group = groups.setdefault(json.dumps(_common(run), sort_keys=True), [])
        for other in group:
            if (other.method, other.size, other.seed) == (run.method, run.size, run.seed):
                raise ResultsError(
                    f"{other.path} and {run.path} are the same run twice: give one of them only."
                )
        group.append(run)
    recipes = [json.loads(key)["flags"] for key in groups]
    names = sorted({name for recipe in recipes for name in recipe} - _TOLD_ANYWAY)
    differing = [n for n in names if len({json.dumps(recipe.get(n)) for recipe in recipes}) > 1]
    texts = [", ".join(f"{n} {recipe.get(n)}" for n in differing) for recipe in recipes]
    return [Family(tuple(group), text) for group, text in zip(groups.values(), texts, strict=True)]


def _common(run: FinishedRun) -> dict:
    identity = run.record.identity
    return {
        "flags": {name: value for name, value in identity.flags.items() if name not in _VARIES},
        "zoo": run.record.zoo,
        "norm": run.bound.norm,
        "content": identity.content,
        "images": list(dict.fromkeys(run.per_image["image_id"])),
    }
