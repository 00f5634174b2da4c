"""Runs that may stand in one table: they differ in method, size of the bound and seed alone."""

import hashlib
import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from utils.analysis.amounts import AMOUNTS, L2, Amount
from utils.analysis.faces import in_order
from utils.analysis.rates import RATES, values_per_image
from utils.analysis.runs import FinishedRun, load_runs
from utils.bound import Bound
from utils.errors import ResultsError
from utils.statistics import FEWEST_IMAGES
from utils.success import REFERENCE
from utils.text import one_line

# Of a run's `class_zoo`.
_ZOOS = {
    "imagenet": "ImageNet",
    "demo": "DEMO zoo ({images}not ImageNet)",
    "": "networks of one's own",
}
_VARIES = {"method", "max_epsilon", "max_l2", "seed"}
# What runs of one course may differ in: where they end, and a step size that may be the same.
_COURSE_VARIES = {"num_iter", "step_size"}
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

    A victim's name stands for the same weights in all of them; some may lack some victims.

    Attributes:
      runs: at least one.
      differs: what tells it from the other families (flags, images, weights); often empty.
      rate: a key of RATES: what success is counted in percent of.
      siblings: the families that differ from it in the iterations and step size alone.
      peers: the families that differ from it in the source alone.
    """

    runs: tuple[FinishedRun, ...]
    differs: str = ""
    rate: str = "success"
    siblings: tuple["Family", ...] = ()
    peers: tuple["Family", ...] = ()

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
        if self.rate == "flip":
            return "target hit of clean-correct" if self.targeted else "flipped"
        return "target hit" if self.targeted else "misclassified"

    @property
    def goal_of(self) -> str:
        """The same with what it is counted in, for a note."""
        return f"{self.goal.capitalize()}, in percent {RATES[self.rate]}"

    @property
    def title(self) -> str:
        """What tells it from others, for a heading."""
        return self.title_of(f"source {self.source}")

    def title_of(self, attacked: str) -> str:
        """Returns the same with something else than its source, for what holds its peers, too."""
        record = self.runs[0].record
        drawn = "drawn images, " if record.prepared is None else ""
        zoo = _ZOOS[record.class_zoo].format(images=drawn)
        kind = "targeted, " if self.targeted else ""
        more = f", {self.differs}" if self.differs else ""
        return one_line(f"{zoo}, {attacked}, {kind}{len(self.image_ids)} images{more}")

    @cached_property
    def method_titles(self) -> dict[str, str]:
        """Method -> its usual name; simple methods first."""
        titles = {run.method: one_line(run.record.method_title) for run in self.runs}
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
    def axis(self) -> str:
        """The same with its unit, for an axis."""
        return self.runs[0].bound.axis

    @property
    def sizes(self) -> list[float]:
        """The sizes of its bounds, rising."""
        return sorted({run.size for run in self.runs})

    def sizes_of(self, epsilon: float | None) -> list[float]:
        """Returns the sizes that --max_epsilon selects: all without it, and with it no ball's."""
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
        """The victims that were not attacked themselves and that every run was judged on.

        Means are over these: with others in some of the runs, they would not be comparable.
        """
        return [name for name in self._shared_victims if self.victims[name] == "black-box"]

    @property
    def _shared_victims(self) -> list[str]:
        return [name for name in self.victims if all(name in r.record.victims for r in self.runs)]

    def notes(self) -> list[str]:
        """What a reader of its tables must know of what is missing."""
        notes = []
        if len(self.image_ids) < FEWEST_IMAGES:
            notes.append(f"Below {FEWEST_IMAGES} images no gain is called different from 0.")
        black_box = [name for name, setting in self.victims.items() if setting == "black-box"]
        if self.black_box != black_box:
            over = f"is over {', '.join(self.black_box)}" if self.black_box else "is left out"
            notes.append(
                "Not every run was judged on every victim: the black-box mean "
                f"{over}, the black-box victims that all of them share."
            )
        seeds = {frozenset(found) for found in self._seeds.values()}
        if len(seeds) > 1:
            notes.append(
                "Not all was run with the same seeds: where a mode and sign weren't, no gain is "
                "given."
            )
        return notes

    @cached_property
    def _seeds(self) -> dict[tuple[Attack, str], set[int]]:
        """The seeds that an attack was run with and judged on a victim."""
        seeds: dict[tuple[Attack, str], set[int]] = {}
        for run in self.runs:
            for mode in run.record.modes:
                for victim in run.record.victims:
                    key = (Attack(run.method, run.size, mode), victim)
                    seeds.setdefault(key, set()).add(run.seed)
        return seeds

    def seeds(self, attack: Attack, victims: Iterable[str]) -> set[int]:
        """Returns the seeds of an attack that all of the victims judged; none where one differs."""
        found = [self._seeds.get((attack, victim), set()) for victim in victims]
        return found[0] if found and all(seeds == found[0] for seeds in found) else set()

    def pairs(self, attack: Attack, other: Attack, victims: list[str]) -> bool:
        """Whether two attacks were run with the same seeds, and judged on all of the victims."""
        seeds = self.seeds(attack, victims)
        return bool(seeds) and seeds == self.seeds(other, victims)

    def mean_success(self, attack: Attack, victims: list[str]) -> np.ndarray:
        """Returns a value an image that counts; their mean is the mean rate: float64 [M].

        The array is shared by all who ask and can't be written to.
        """
        key = attack, tuple(victims)
        if key not in self._means:
            # Sign's are asked for with every other mode, size and table.
            success = self.success[attack][victims].to_numpy()
            values = values_per_image(success, self.counted(victims))
            values.flags.writeable = False
            self._means[key] = values
        return self._means[key]

    @cached_property
    def _means(self) -> dict[tuple[Attack, tuple[str, ...]], np.ndarray]:
        return {}

    def has_rate(self, attack: Attack, victims: Iterable[str]) -> bool:
        """Whether each of the victims judged an attack, and counts an image."""
        names = list(victims)
        judged = all((*attack, victim) in self.success for victim in names)
        return judged and bool(self.counted(names).any(axis=0).all())

    def counted(self, victims: list[str]) -> np.ndarray:
        """Returns which images count for which of the victims: bool [images, victims]."""
        if self.rate != "flip":
            return np.ones((len(self.image_ids), len(victims)), bool)
        return self.clean_right[victims].to_numpy()

    def changes(self, attack: Attack, victims: list[str]) -> np.ndarray:
        """Returns how many more victims and seeds an attack reaches than sign: int64 [images]."""
        difference = (self.success[attack][victims] - self.success[attack.reference][victims]) * (
            self.counted(victims)
        )
        whole = difference.sum(axis=1) * len(self.seeds(attack, victims))
        return np.rint(whole.to_numpy()).astype(np.int64)

    def spent(self, attack: Attack, victims: list[str], amount: Amount = L2) -> np.ndarray:
        """Returns an amount of the images in `mean_success`: float64 [M]."""
        return self._amounts[amount][attack].to_numpy()[self.counted(victims).any(axis=1)]

    @cached_property
    def success(self) -> pd.DataFrame:
        """Success per image, averaged over seeds: a float [images] table.

        Its columns are (method, size, mode, victim), its index is image_ids. The mean of a column
        is the success rate.
        """
        return self._averaged([*Attack._fields, "victim"], "success")

    @cached_property
    def clean_success(self) -> pd.DataFrame:
        """Whether the clean image is what the attack is after: bool, image_ids x victims."""
        return self._clean("clean_success")

    @cached_property
    def clean_right(self) -> pd.DataFrame:
        """Whether a victim gets the clean image right: bool, image_ids x victims."""
        return self._clean("clean_right")

    def _clean(self, name: str) -> pd.DataFrame:
        first = self.per_image.drop_duplicates(["image_id", "victim"])
        return first.pivot(index="image_id", columns="victim", values=name).loc[self.image_ids]

    @property
    def l2(self) -> pd.DataFrame:
        """L2 of every perturbation in [0, 255] units: columns (method, size, mode)."""
        return self._amounts[L2]

    @cached_property
    def _amounts(self) -> dict[Amount, pd.DataFrame]:
        return {each: self._averaged([*Attack._fields], each.column) for each in AMOUNTS}

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
            **{each.mean: float(of[attack].mean()) for each, of in self._amounts.items()},
        }

    def _averaged(self, keys: list[str], value: str) -> pd.DataFrame:
        means = self.per_image.groupby([*keys, "image_id"])[value].mean()
        return means.unstack(keys).reindex(self.image_ids).astype(float).sort_index(axis=1)


@dataclass
class _Group:
    """A family in the making."""

    key: str
    runs: list[FinishedRun] = field(default_factory=list)
    weights: dict[str, str] = field(default_factory=dict)

    def takes(self, run: FinishedRun) -> bool:
        """Whether a run's victims have the weights that they have here."""
        return self._agrees(_weights(run))

    def is_sibling(self, other: "_Group") -> bool:
        """Whether another differs in what a course varies, and in nothing else."""
        return self._differs_from(other, _COURSE_VARIES)

    def is_peer(self, other: "_Group") -> bool:
        """Whether another differs in the source, and in nothing else."""
        # The source's checkpoint, which content holds, may differ; what both hold may not.
        files = (json.loads(group.key)["content"] for group in (self, other))
        return self._differs_from(other, {"source", "content"}) and _agree(*files)

    def _agrees(self, weights: dict[str, str]) -> bool:
        return _agree(self.weights, weights)

    def _differs_from(self, other: "_Group", names: Container[str]) -> bool:
        """Whether another is of other values of these, and of the same in all else."""
        same = self._common(names) == other._common(names)
        return other is not self and same and self._agrees(other.weights)

    def _common(self, without: Container[str]) -> dict:
        common = {n: v for n, v in json.loads(self.key).items() if n not in without}
        flags = {n: v for n, v in common["flags"].items() if n not in without}
        return common | {"flags": flags}

    def add(self, run: FinishedRun) -> None:
        """Adds a run that it takes.

        Raises:
          ResultsError: it has one of the same method, bound and seed.
        """
        for other in self.runs:
            if (other.method, other.size, other.seed) == (run.method, run.size, run.seed):
                raise ResultsError(
                    f"{other.path} and {run.path} are the same run twice: give one of them only."
                )
        self.runs.append(run)
        self.weights |= _weights(run)

    def traits(self) -> dict[str, str | None]:
        """What may tell it from other families: name -> value."""
        common = json.loads(self.key)
        flags = {n: v for n, v in common["flags"].items() if n not in _TOLD_ANYWAY}
        images = self.runs[0].record.images_sha256
        return {
            **{name: str(value) for name, value in sorted(flags.items())},
            **{f"content of {name}": _digest(value) for name, value in common["content"].items()},
            "ImageIds": _digest(common["images"]),
            "images": _digest(images) if images else "of unrecorded content",
            **{f"weights of {name}": _digest(value) for name, value in self.weights.items()},
        }


def load_families(paths: Iterable[Path], rate: str = "success") -> list[Family]:
    """Finds the finished runs at or below the paths and sorts them into families.

    Args:
      paths: folders.
      rate: a key of RATES.

    Raises:
      ResultsError: there is none, or two are of the same method, bound and seed.
      DataError: a run.json is broken.
    """
    groups: list[_Group] = []
    for run in load_runs(paths):
        key = json.dumps(_common(run), sort_keys=True)
        group = next((g for g in groups if g.key == key and g.takes(run)), None)
        if group is None:
            group = _Group(key)
            groups.append(group)
        group.add(run)
    traits = [group.traits() for group in groups]
    differing = [
        name
        for name in dict.fromkeys(name for found in traits for name in found)
        # Weights of a victim that a family hasn't are no difference.
        if len({found.get(name) for found in traits if name in found or " of " not in name}) > 1
    ]
    texts = [", ".join(f"{n} {found.get(n)}" for n in differing if n in found) for found in traits]
    families = [
        Family(tuple(group.runs), text, rate) for group, text in zip(groups, texts, strict=True)
    ]
    pairs = list(zip(groups, families, strict=True))
    return [
        replace(
            family,
            siblings=tuple(other for each, other in pairs if group.is_sibling(each)),
            peers=tuple(other for each, other in pairs if group.is_peer(each)),
        )
        for group, family in pairs
    ]


def _agree(some: Mapping[str, object], others: Mapping[str, object]) -> bool:
    """Whether what both hold is the same."""
    return all(some.get(name, value) == value for name, value in others.items())


def _weights(run: FinishedRun) -> dict[str, str]:
    """Returns what tells networks of one name apart, by name."""
    return {
        name: _clean_labels(run, name) if network.stands_for_answers(name) else network.weights
        for name, network in run.record.victims.items()
    }


def _clean_labels(run: FinishedRun, victim: str) -> str:
    # Each run has a file of its own; what is said of the clean images stands for the program.
    rows = run.per_image[run.per_image["victim"] == victim].drop_duplicates("image_id")
    return json.dumps(rows["clean_label"].tolist())


def _digest(value: object) -> str:
    """Returns a digest's first digits, or those of what is none."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    if not re.fullmatch("[0-9a-f]{64}", text):
        text = hashlib.sha256(text.encode()).hexdigest()
    return text[:12]


def _common(run: FinishedRun) -> dict:
    identity = run.record.identity
    return {
        "flags": {name: value for name, value in identity.flags.items() if name not in _VARIES},
        "zoo": run.record.zoo,
        "source": run.record.source,
        "norm": run.bound.norm,
        "content": identity.content,
        "images": list(dict.fromkeys(run.per_image["image_id"])),
        "images_sha256": run.record.images_sha256,
    }
