"""Whether a run's record and tables say the same: what doesn't is never shown."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from utils.errors import ResultsError
from utils.pipeline.record import RunRecord
from utils.success import succeeded

# What several rows must agree in: (file's columns that name it, columns).
_CONSTANT = (
    (["image_id"], ["true_label", "target_class"]),
    (["image_id", "victim"], ["clean_label", "clean_confidence", "clean_top5"]),
    (["image_id", "mode"], ["l2", "ssim"]),
)


def check_record(path: Path, record: RunRecord) -> None:
    """Makes sure that a finished run's record can be worked with.

    Raises:
      ResultsError: it contradicts itself or holds what no run has.
    """
    _refuse(path / "run.json", _of_record(record))


def check_transfer(path: Path, record: RunRecord, transfer: pd.DataFrame) -> None:
    """Makes sure that transfer.csv has a row a mode and victim of the record's.

    Raises:
      ResultsError: it hasn't, or says something else than the record.
    """
    _refuse(path / "transfer.csv", _of_transfer(record, transfer))


def check_per_image(
    path: Path, record: RunRecord, per_image: pd.DataFrame, transfer: pd.DataFrame
) -> None:
    """Makes sure that per_image.csv has a row an image, mode and victim, as transfer.csv counts.

    Raises:
      ResultsError: it hasn't, or says something else than the record or transfer.csv.
    """
    _refuse(path / "per_image.csv", _of_per_image(path, record, per_image, transfer))


def check_steps(path: Path, record: RunRecord, steps: pd.DataFrame) -> None:
    """Makes sure that steps.csv has a row a mode and iteration.

    Raises:
      ResultsError: it hasn't.
    """
    iterations = range(1, int(steps["iteration"].max()) + 1)
    wrong = len(iterations) > len(steps) or _keys(steps, "mode", "iteration") != _product(
        record.modes, iterations
    )
    _refuse(path / "steps.csv", ["its rows aren't one a mode and iteration"] if wrong else [])


def _refuse(path: Path, problems: Iterable[str]) -> None:
    for problem in problems:
        raise ResultsError(
            f"{path} can't be used: {problem}. See what `python scripts/verify.py {path.parent}` "
            "says."
        )


# One problem after the other: what comes later may rely on what came before.


def _of_record(record: RunRecord) -> Iterator[str]:
    flags, identity = record.flags.model_dump(), record.identity.flags
    chosen = {"source": list(record.sources), "zoo": record.zoo}
    if any(_text(flags[name]) != _text(identity[name]) for name in flags.keys() & identity.keys()):
        yield "its flags differ from its identity"
    if any(_text(identity.get(name, value)) != _text(value) for name, value in chosen.items()):
        yield "its source or zoo differs from its identity"
    if not record.modes or len(set(record.modes)) != len(record.modes):
        yield "it has no modes, or one twice"
    if not record.victims:
        yield "it was judged on no victim"
    if record.images < 1 or record.side < 1:
        yield "it has no images"
    if not _has_bound(record):
        yield "it has no bound"
    if not _is_unicode(record):
        yield "a text in it is no Unicode"


def _of_transfer(record: RunRecord, transfer: pd.DataFrame) -> Iterator[str]:
    yield from _of_recipe(record, transfer)
    if _keys(transfer, "mode", "victim") != _product(record.modes, record.victims):
        yield "its rows aren't one a mode and victim of run.json"
    settings = [_setting(record, victim) for victim in transfer["victim"]]
    if list(transfer["setting"]) != settings:
        yield "a setting is wrong"
    if (transfer["images"] != record.images).any():
        yield "it counts other images than run.json"


def _setting(record: RunRecord, victim: str) -> str:
    # A source behind a defence (NAME+jpeg75) stays white-box.
    attacked = any(victim == each or victim.startswith(f"{each}+") for each in record.sources)
    return "white-box" if attacked else "black-box"


def _of_per_image(
    path: Path, record: RunRecord, per_image: pd.DataFrame, transfer: pd.DataFrame
) -> Iterator[str]:
    yield from _of_recipe(record, per_image)
    images = list(dict.fromkeys(per_image["image_id"]))
    if len(images) != record.images:
        yield "it holds other images than run.json"
    keys = _product(images, record.modes, record.victims)
    if _keys(per_image, "image_id", "mode", "victim") != keys:
        yield "its rows aren't one an image, mode and victim of run.json"
    for names, columns in _CONSTANT:
        if (per_image.groupby(names)[columns].nunique(dropna=False) > 1).any(axis=None):
            yield "rows of one image contradict each other"
    if record.flags.targeted and per_image["target_class"].isna().any():
        yield "a target class is missing"
    if not _counts_agree(record, per_image, transfer):
        yield f"{path / 'transfer.csv'} counts otherwise"


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _has_bound(record: RunRecord) -> bool:
    try:
        return bool(np.isfinite(record.bound.size) and record.bound.size > 0)
    except TypeError:
        return False


def _is_unicode(record: RunRecord) -> bool:
    try:
        json.dumps(record.model_dump(), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _of_recipe(record: RunRecord, table: pd.DataFrame) -> Iterator[str]:
    if (table["source"] != record.source).any() or (table["method"] != record.flags.method).any():
        yield "it is of another source or method than run.json"
    epsilon, bounds = record.bound.epsilon, table["max_epsilon"]
    if not (bounds.isna() if epsilon is None else bounds == epsilon).all():
        yield "it is of another bound than run.json"


def _keys(table: pd.DataFrame, *columns: str) -> list[tuple]:
    return sorted(zip(*(table[name].tolist() for name in columns), strict=True))


def _product(*names: Iterable) -> list[tuple]:
    return sorted(pd.MultiIndex.from_product([list(n) for n in names]).tolist())


def _counts_agree(record: RunRecord, per_image: pd.DataFrame, transfer: pd.DataFrame) -> bool:
    keys, counts = ["mode", "victim"], ["misclassified", "clean_errors", "target_hits"]
    told = per_image.assign(
        misclassified=succeeded(per_image, targeted=False),
        clean_errors=per_image["clean_label"] != per_image["true_label"],
        target_hits=succeeded(per_image, targeted=True),
    )
    if not record.flags.targeted:
        counts.remove("target_hits")
    counted = told.groupby(keys).agg(dict.fromkeys(counts, "sum") | {"l2": "mean", "ssim": "mean"})
    written = transfer.set_index(keys).loc[counted.index]
    rates = 100 * written["misclassified"] / written["images"]
    return bool(
        (counted[counts] == written[counts]).all(axis=None)
        # Both files round.
        and ((written["success_rate"] - rates).abs() <= 0.00501).all()
        and np.allclose(counted["l2"], written["mean_l2"], rtol=1e-6, atol=0.0011)
        and np.allclose(counted["ssim"], written["mean_ssim"], rtol=0, atol=1.1e-5, equal_nan=True)
    )
