"""Two runs of one command, on other machines or with other versions: what is the same in both."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from utils.analysis.runs import FinishedRun, load_runs
from utils.errors import ResultsError
from utils.statistics import difference_interval
from utils.success import REFERENCE

MEAN = "black-box mean"
COLUMNS = (
    *("run", "method", "mode", "victim", "images", "differing_pixels", "cosine"),
    *("mean_l2", "other_l2", "success_rate", "other_rate"),
    *("difference", "difference_low", "difference_high", "differing"),
    *("gain_over_sign", "other_gain"),
)


def paired_runs(first: Path, second: Path) -> list[tuple[str, FinishedRun, FinishedRun]]:
    """Returns the place and both runs of every place that holds a finished run in both folders.

    Raises:
      ResultsError: there is no such place, or two runs there are of other images.
      DataError: a run.json is broken.
    """
    found = [
        {
            run.path.resolve().relative_to(root.resolve()).as_posix(): run
            for run in load_runs([root])
        }
        for root in (first, second)
    ]
    places = [place for place in found[0] if place in found[1]]
    if not places:
        raise ResultsError(
            f"No run is at the same place below {first} and {second}: give two --output_dir of the "
            "same command, or two folders of single runs."
        )
    for place in places:
        ours, theirs = (set(each[place].per_image["image_id"]) for each in found)
        if ours != theirs:
            raise ResultsError(
                f"{found[0][place].path} and {found[1][place].path} are of other images: run one "
                "of them with the other's CSV and --limit."
            )
    return [(place, found[0][place], found[1][place]) for place in places]


def compare(place: str, run: FinishedRun, other: FinishedRun) -> pd.DataFrame:
    """Returns one row a mode x victim that both have, and one a mode for the black-box mean.

    `differing_pixels` is in % of all sub-pixels, `cosine` the mean over images of that between both
    perturbations; rates are in % of all images, `difference` is the other's minus the first's, in
    points, with its paired 95 % interval, `differing` the % of images and victims on which the two
    verdicts are not the same.

    Args:
      place: where the runs are below their folders.
      run: the first.
      other: of the same images.

    Raises:
      ResultsError: a PNG is missing or no image of the run.
    """
    rows = []
    verdicts = [_verdicts(each) for each in (run, other)]
    modes = [mode for mode in run.record.modes if mode in other.record.modes]
    for mode in modes:
        pixels = _pixels(run, other, mode)
        for name, victims in _groups(run, other):
            ours, theirs = (each[mode][victims] for each in verdicts)
            change = (theirs - ours).mean(axis=1).to_numpy()
            low, high = difference_interval(change)
            row = {
                **{"run": place, "method": run.record.method_title, "mode": mode},
                **{"victim": name, "images": len(ours)},
                **pixels,
                **{"success_rate": _percent(ours), "other_rate": _percent(theirs)},
                **{"difference": 100 * change.mean()},
                **{"difference_low": low, "difference_high": high},
                "differing": _percent(ours != theirs),
            }
            if mode != REFERENCE and REFERENCE in modes:
                references = [each[REFERENCE][victims] for each in verdicts]
                row["gain_over_sign"] = _percent(ours - references[0])
                row["other_gain"] = _percent(theirs - references[1])
            rows.append(row)
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def recorded_differences(run: FinishedRun, other: FinishedRun) -> list[str]:
    """Returns what run.json has differently, one sentence each: the recipe and the environment."""
    facts = [
        {
            **{f"--{name}": value for name, value in each.record.identity.flags.items()},
            **{f"content of {name}": value for name, value in each.record.identity.content.items()},
            **each.record.versions,
            "threads": each.record.threads,
            "hardware": ", ".join(each.record.hardware or each.record.device),
            "commit": each.record.git_commit,
        }
        for each in (run, other)
    ]
    names = {**facts[0], **facts[1]}
    told = [
        (
            name,
            *(
                each.get(name, "its default" if name.startswith("--") else "not recorded")
                for each in facts
            ),
        )
        for name in names
    ]
    return [f"{name}: {ours}; the other: {theirs}" for name, ours, theirs in told if ours != theirs]


def _verdicts(run: FinishedRun) -> pd.DataFrame:
    """0 or 1, an image a row, a mode and victim a column."""
    table = run.per_image.assign(success=run.per_image["success"].astype(float))
    return table.pivot(index="image_id", columns=["mode", "victim"], values="success").sort_index()


def _groups(run: FinishedRun, other: FinishedRun) -> Iterator[tuple[str, list[str]]]:
    victims = [name for name in run.record.victims if name in other.record.victims]
    yield from ((name, [name]) for name in victims)
    black_box = [name for name in victims if name not in run.record.sources]
    if black_box:
        yield MEAN, black_box


def _pixels(run: FinishedRun, other: FinishedRun, mode: str) -> dict[str, float]:
    """What both wrote, over all images: the clean ones need not be at hand."""
    lengths = [_lengths(each, mode) for each in (run, other)]
    differing, cosines = [], []
    for image, length in lengths[0].items():
        ours, theirs = (each.adversarial(mode, str(image)).astype(int) for each in (run, other))
        if ours.shape != theirs.shape:
            raise ResultsError(f"{run.path} and {other.path} hold images of other sizes.")
        differing.append(np.mean(ours != theirs))
        lengths_here = length, lengths[1][image]
        if min(lengths_here) > 0:
            apart = np.sum((ours - theirs) ** 2)
            product = lengths_here[0] * lengths_here[1]
            cosines.append((lengths_here[0] ** 2 + lengths_here[1] ** 2 - apart) / (2 * product))
    return {
        "differing_pixels": 100 * float(np.mean(differing)),
        "cosine": float(np.mean(cosines)) if cosines else np.nan,
        "mean_l2": float(lengths[0].mean()),
        "other_l2": float(lengths[1].mean()),
    }


def _lengths(run: FinishedRun, mode: str) -> pd.Series:
    """Image -> L2 of its perturbation in [0, 255] units."""
    table = run.per_image
    return table[table["mode"] == mode].groupby("image_id")["l2"].first()


def _percent(values: pd.DataFrame) -> float:
    return 100 * float(values.to_numpy().mean())
