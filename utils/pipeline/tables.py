"""transfer.csv and per_image.csv: what a run leaves for others to build on."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from methods import parse_method
from models import split_defences
from utils.answers import UNTOLD
from utils.bound import plain_number
from utils.errors import RunError
from utils.pipeline.journals import CraftedImage
from utils.pipeline.record import RunRecord
from utils.pipeline.run import CLEAN, Run
from utils.pipeline.said import LABELS
from utils.statistics import mcnemar_p, paired_gain, wilson_interval
from utils.success import REFERENCE, succeeded

# How figures are written: the same bytes from the same images, whatever computed them.
_DECIMALS = {
    "success_rate": 2,
    "success_low": 2,
    "success_high": 2,
    "flip_rate": 2,
    "flip_low": 2,
    "flip_high": 2,
    "target_rate": 2,
    "mean_abs": 4,
    "mean_l2": 3,
    "mean_rms": 4,
    "gain_over_sign": 2,
    "gain_low": 2,
    "gain_high": 2,
    "clean_confidence": 4,
    "adversarial_confidence": 4,
    "l2": 3,
    "psnr": 3,
    "ssim": 5,
    "mean_psnr": 3,
    "mean_ssim": 5,
    "mean_cosine": 6,
}

_PER_IMAGE = (
    *("image_id", "true_label", "target_class", "source", "method", "mode", "max_epsilon"),
    *("victim", "clean_label", "clean_confidence", "adversarial_label", "adversarial_confidence"),
    *("l2", "linf"),
    # Whether the true label is among the victim's five likeliest: 1 or 0, or empty where a program
    # didn't tell them. So is a confidence that it didn't tell.
    *("clean_top5", "adversarial_top5"),
    *("psnr", "ssim"),
)
# Column of a label -> column of its name, the last ones where class names are known.
NAMES = {
    "true_label": "true_name",
    "target_class": "target_name",
    "clean_label": "clean_name",
    "adversarial_label": "adversarial_name",
}
_TRANSFER = (
    *("source", "method", "mode", "max_epsilon", "num_iter", "victim", "setting", "images"),
    *("clean_errors", "misclassified", "success_rate", "success_low", "success_high"),
    *("clean_correct", "flipped", "flip_rate", "flip_low", "flip_high"),
    *("target_hits", "target_rate", "mean_abs", "mean_l2", "mean_rms", "max_linf"),
    *("gain_over_sign", "gain_low", "gain_high", "mcnemar_p"),
    *("mean_psnr", "mean_ssim"),
)
# How many rows are text at once.
_ROWS = 10_000
# What tables of folders from before it was measured lack.
SEEN_BY_THE_EYE = ("psnr", "ssim", "mean_psnr", "mean_ssim")


def per_image_table(run: Run, predictions: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Returns one row an image x mode x victim.

    Args:
      run: for its recipe, and for the true labels and target classes in the CSV's convention.
      predictions: as `judge` returns.
      costs: as `costs_table` returns.
    """
    record, dataset = run.record, run.dataset
    images = pd.DataFrame({"image_id": dataset.ids, "true_label": dataset.true_labels})
    targets = dataset.target_classes
    images["target_class"] = pd.array(
        [None] * len(dataset) if targets is None else targets, dtype="Int64"
    )
    is_clean = predictions["mode"] == CLEAN
    clean = predictions[is_clean].drop(columns="mode")
    table = (
        predictions[~is_clean]
        .merge(
            clean,
            on=["victim", "image_id"],
            how="left",
            suffixes=("_adversarial", "_clean"),
            validate="many_to_one",
        )
        .merge(images, on="image_id", how="left", validate="many_to_one")
        .merge(costs, on=["mode", "image_id"], how="left", validate="many_to_one")
        .assign(source=record.source, method=record.flags.method, max_epsilon=_epsilon(run))
    )
    for kind in ("clean", "adversarial"):
        likeliest = table[[f"{name}_{kind}" for name in LABELS]].to_numpy()
        table[f"{kind}_label"] = likeliest[:, 0]
        hit = (likeliest == table["true_label"].to_numpy()[:, None]).any(axis=1)
        untold = (likeliest == UNTOLD).any(axis=1)
        table[f"{kind}_top5"] = pd.arrays.IntegerArray(hit.astype(np.int64), untold)
        table[f"{kind}_confidence"] = table[f"confidence_{kind}"]
    table = table[list(_PER_IMAGE)]
    if not run.class_names:
        return table
    names = dict(enumerate(run.class_names))
    return table.assign(
        **{name: table[label].map(names).fillna("") for label, name in NAMES.items()}
    )


def transfer_table(run: Run, per_image: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Returns one row a mode x victim, in the order in which they stand in `per_image`.

    Args:
      run: for its recipe.
      per_image: as `per_image_table` returns.
      costs: as `costs_table` returns.
    """
    record = run.record
    recipe = {
        "source": record.source,
        "method": record.flags.method,
        "max_epsilon": _epsilon(run),
        "num_iter": _iterations(record),
    }
    rows, targeted = [], record.flags.targeted
    spent = {str(mode): _cost(of_mode, record.side) for mode, of_mode in costs.groupby("mode")}
    for (mode, victim), group in per_image.groupby(["mode", "victim"], sort=False):
        same_victim = per_image["victim"] == victim
        reference = per_image[(per_image["mode"] == record.reference) & same_victim]
        is_compared = mode != record.reference and len(reference)
        # A source behind a defence stays white-box: the attack had its weights.
        setting = "white-box" if split_defences(victim)[0] in record.sources else "black-box"
        rows.append(
            recipe
            | {"mode": mode, "victim": victim, "setting": setting}
            | _rates(group, targeted)
            | spent[mode]
            | (_gain(reference, group, targeted) if is_compared else {})
        )
    return pd.DataFrame(rows).reindex(columns=list(_TRANSFER))


def _iterations(record: RunRecord) -> int | None:
    # Nobody knows how many steps others took.
    if record.judged_images is not None:
        return None
    return parse_method(record.flags.method).iterations(record.flags.num_iter)


def _epsilon(run: Run) -> float:
    # Empty in the L2 ball, where no epsilon bounds anything; max_l2 stands in run.json.
    epsilon = run.record.bound.epsilon
    return float("nan") if epsilon is None else epsilon


def steps_table(records: Iterable[CraftedImage], modes: Sequence[str]) -> pd.DataFrame:
    """Returns the mean cosine between step and gradient, one row a mode x iteration.

    Args:
      records: as `craft` returns.
      modes: which to report, in this order.
    """
    cosines: dict[str, list[list[float]]] = {mode: [] for mode in modes}
    for record in records:
        if record.mode in cosines:
            cosines[record.mode].append(record.cosine)
    rows = [
        (mode, iteration, mean)
        for mode, of_images in cosines.items()
        for iteration, mean in enumerate(np.mean(of_images, axis=0), start=1)
    ]
    return pd.DataFrame(rows, columns=["mode", "iteration", "mean_cosine"])


def to_csv(table: pd.DataFrame) -> bytes:
    """Writes a table as CSV: fixed decimals, empty where a column doesn't apply, LF, UTF-8."""
    return b"".join(csv_pieces(table))


def csv_pieces(table: pd.DataFrame) -> Iterator[bytes]:
    """Yields what `to_csv` returns, some rows at a time: text takes many times as much memory."""
    for start in range(0, max(len(table), 1), _ROWS):
        yield _as_text(table.iloc[start : start + _ROWS], header=not start)


def _as_text(table: pd.DataFrame, header: bool) -> bytes:
    text = table.copy()
    for name in text.columns:
        if name in _DECIMALS:
            text[name] = _fixed(text[name], _DECIMALS[name])
        elif name == "mcnemar_p":
            text[name] = ["" if pd.isna(value) else f"{value:.6g}" for value in text[name]]
        elif name == "max_epsilon":
            text[name] = ["" if pd.isna(value) else plain_number(value) for value in text[name]]
        elif name == "target_hits":
            text[name] = text[name].astype("Int64")
    return text.to_csv(index=False, header=header, lineterminator="\n").encode()


def _fixed(values: pd.Series, decimals: int) -> list[str]:
    # Whether they are missing is asked once: asking for each takes longer than writing it.
    pairs = zip(values, values.isna(), strict=True)
    return ["" if missing else f"{value:.{decimals}f}" for value, missing in pairs]


def _rates(group: pd.DataFrame, targeted: bool) -> dict[str, object]:
    clean_wrong = (group["clean_label"] != group["true_label"]).to_numpy()
    wrong = _succeeded(group, targeted=False)
    images, correct = len(group), int((~clean_wrong).sum())
    flipped = int((wrong & ~clean_wrong).sum())
    low, high = wilson_interval(wrong.sum(), images)
    rates = {
        "images": images,
        "clean_errors": int(clean_wrong.sum()),
        "misclassified": int(wrong.sum()),
        "success_rate": 100 * wrong.mean(),
        "success_low": low,
        "success_high": high,
        "clean_correct": correct,
        "flipped": flipped,
    }
    if correct:
        low, high = wilson_interval(flipped, correct)
        rates |= {"flip_rate": 100 * flipped / correct, "flip_low": low, "flip_high": high}
    if targeted:
        hits = int(_succeeded(group, targeted=True).sum())
        rates |= {"target_hits": hits, "target_rate": 100 * hits / images}
    return rates


def _succeeded(group: pd.DataFrame, targeted: bool) -> np.ndarray:
    return succeeded(group, targeted).to_numpy(bool)


def _cost(costs: pd.DataFrame, side: int) -> dict[str, object]:
    return {
        "mean_abs": costs["mean_abs"].mean(),
        "mean_l2": costs["l2"].mean(),
        "mean_rms": (costs["l2"] / np.sqrt(3 * side**2)).mean(),
        "max_linf": int(costs["linf"].max()),
        # Over the images that were changed: of the others it is infinite.
        "mean_psnr": costs["psnr"].mean(),
        "mean_ssim": costs["ssim"].mean(),
    }


def gained_and_lost(of_victim: pd.DataFrame, targeted: bool) -> dict[str, tuple[int, int]]:
    """Returns how many images only a mode succeeds on, and how many only the reference does.

    Args:
      of_victim: a victim's rows of `per_image_table`, the reference's among them.
      targeted: what success is.

    Returns:
      mode -> (gained, lost), for each mode but the reference.
    """
    rows = of_victim.set_index("image_id")
    found = dict(list(succeeded(rows, targeted).groupby(rows["mode"], sort=False)))
    of_reference = found.pop(REFERENCE)
    counts = {}
    for mode, of_mode in found.items():
        same = of_reference.reindex(of_mode.index)
        counts[str(mode)] = int((of_mode & ~same).sum()), int((~of_mode & same).sum())
    return counts


def _gain(reference: pd.DataFrame, group: pd.DataFrame, targeted: bool) -> dict[str, object]:
    """Compares a mode's rows with the reference's, on the same images and victim."""
    if list(reference["image_id"]) != list(group["image_id"]):
        raise RunError("Two modes of a run were judged on different images: judge it anew.")
    first, second = _succeeded(reference, targeted), _succeeded(group, targeted)
    gain, low, high = paired_gain(first, second)
    return {
        "gain_over_sign": gain,
        "gain_low": low,
        "gain_high": high,
        "mcnemar_p": mcnemar_p(first, second),
    }
