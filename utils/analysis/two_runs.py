"""Two runs of one command, on other machines or with other versions: what is the same in both."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from utils.analysis.runs import FinishedRun, load_runs
from utils.analysis.summary_rows import MEAN
from utils.errors import ResultsError
from utils.statistics import difference_interval

COLUMNS = (
    *("run", "method", "mode", "victim", "images", "differing_pixels", "cosine"),
    *("mean_l2", "other_l2", "success_rate", "other_rate"),
    *("difference", "difference_low", "difference_high", "differing"),
    *("gain_over_sign", "other_gain"),
)


def paired_runs(first: Path, second: Path) -> list[tuple[str, FinishedRun, FinishedRun]]:
    """Returns the place and both runs of every place that holds a finished run in both folders.

    Raises:
      ResultsError: there is no such place, or two runs there are of other images, or have no mode
        or no victim in common.
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
    pairs = [(place, found[0][place], found[1][place]) for place in places]
    for _, run, other in pairs:
        if set(run.per_image["image_id"]) != set(other.per_image["image_id"]):
            raise ResultsError(
                f"{run.path} and {other.path} are of other images: run one of them with the "
                "other's CSV and --limit."
            )
        for what, shared in (("mode", _modes(run, other)), ("victim", _victims(run, other))):
            if not shared:
                raise ResultsError(
                    f"{run.path} and {other.path} have no {what} in common: give one run the "
                    f"other's --{what}{'s' if what == 'victim' else ''}."
                )
    return pairs


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
    modes, reference = _modes(run, other), run.record.reference
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
            if mode != reference and reference in modes:
                references = [each[reference][victims] for each in verdicts]
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
    told = []
    for name in {**facts[0], **facts[1]}:
        missing = "its default" if name.startswith("--") else "not recorded"
        ours, theirs = (each.get(name, missing) for each in facts)
        if ours != theirs:
            told.append(f"{name}: {ours}; the other: {theirs}")
    return told


def _modes(run: FinishedRun, other: FinishedRun) -> list[str]:
    return [mode for mode in run.record.modes if mode in other.record.modes]


def _victims(run: FinishedRun, other: FinishedRun) -> list[str]:
    return [name for name in run.record.victims if name in other.record.victims]


def _verdicts(run: FinishedRun) -> pd.DataFrame:
    """0 or 1, an image a row, a mode and victim a column."""
    table = run.per_image.assign(success=run.per_image["success"].astype(float))
    return table.pivot(index="image_id", columns=["mode", "victim"], values="success").sort_index()


def _groups(run: FinishedRun, other: FinishedRun) -> Iterator[tuple[str, list[str]]]:
    settings = run.transfer.groupby("victim")["setting"].first()
    victims = _victims(run, other)
    yield from ((name, [name]) for name in victims)
    black_box = [name for name in victims if settings[name] == "black-box"]
    if black_box:
        yield MEAN, black_box


def _pixels(run: FinishedRun, other: FinishedRun, mode: str) -> dict[str, float]:
    """What both wrote, over all images: the clean ones need not be at hand."""
    ours, theirs = (_lengths(each, mode) for each in (run, other))
    differing, apart = pd.Series(0.0, ours.index), pd.Series(0.0, ours.index)
    for image in ours.index:
        made = [each.adversarial(mode, str(image)).astype(int) for each in (run, other)]
        if made[0].shape != made[1].shape:
            raise ResultsError(f"{run.path} and {other.path} hold images of other sizes.")
        differing[image] = np.mean(made[0] != made[1])
        apart[image] = np.sum((made[0] - made[1]) ** 2)
    # The cosine theorem; an image that wasn't changed has no direction.
    cosines = (ours**2 + theirs**2 - apart) / (2 * ours * theirs).replace(0, np.nan)
    return {
        "differing_pixels": 100 * float(differing.mean()),
        "cosine": float(cosines.mean()),
        "mean_l2": float(ours.mean()),
        "other_l2": float(theirs.mean()),
    }


def _lengths(run: FinishedRun, mode: str) -> pd.Series:
    """Image -> L2 of its perturbation in [0, 255] units."""
    table = run.per_image
    return table[table["mode"] == mode].groupby("image_id")["l2"].first()


def _percent(values: pd.DataFrame) -> float:
    return 100 * float(values.to_numpy().mean())
