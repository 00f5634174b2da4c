"""What a figure owes to the writer of the images: rounding within the bound against truncation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

import models
from data import Batch, Dataset, batches, from_uint8, to_uint8
from methods import Attack, image_key, parse_method
from models import Classifier, Ensemble
from utils.bound import Bound
from utils.errors import RunError, UsageError
from utils.pipeline.config import RunConfig
from utils.pipeline.inputs import load_dataset, load_source
from utils.pipeline.participants import Networks, choose_networks
from utils.pipeline.predictions import Judge
from utils.quiet import tf
from utils.statistics import difference_interval, mean_interval
from utils.success import REFERENCE

# float32 [N, S, S, 3] in [-1, 1], the originals uint8 [N, S, S, 3], the bound -> uint8.
Writer = Callable[[np.ndarray, np.ndarray, Bound], np.ndarray]
# Whose figures the other writers' are compared with.
ROUNDED = "rounded"
MEAN = "black-box mean"
COLUMNS = (
    *("method", "mode", "max_epsilon", "writer", "victim", "setting", "images"),
    *("beyond_bound", "shift", "mean_l2"),
    *("success_rate", "success_low", "success_high"),
    *("difference", "difference_low", "difference_high", "differing"),
    *("gain_over_sign", "gain_low", "gain_high"),
)
# An entry this close to the bound, as a share of it, lies on it: float32 holds no more.
_ON_THE_BOUND = 1e-5


def _truncated(images: np.ndarray, originals: np.ndarray, bound: Bound) -> np.ndarray:
    """From [-1, 1] to [0, 1], in float32, and what is behind the point cut off."""
    return ((images + np.float32(1)) / np.float32(2) * np.float32(255)).astype(np.uint8)


def _truncated_0_1(images: np.ndarray, originals: np.ndarray, bound: Bound) -> np.ndarray:
    """The same where the attack ran on [0, 1], as those of torchattacks do."""
    perturbation = (images - from_uint8(originals)) / np.float32(2)
    size = np.float32(bound.size / 255)
    # Such an attack clips to the bound as [0, 1] holds it.
    on_it = np.abs(perturbation) >= size * np.float32(1 - _ON_THE_BOUND)
    perturbation = np.where(on_it, np.copysign(size, perturbation), perturbation)
    unit = np.clip(originals.astype(np.float32) / np.float32(255) + perturbation, 0, 1)
    return (unit * np.float32(255)).astype(np.uint8)


WRITERS: dict[str, Writer] = {
    ROUNDED: to_uint8,
    "truncated": _truncated,
    "truncated_0_1": _truncated_0_1,
}


@dataclass(frozen=True)
class Written:
    """What one writer made of one attack's images.

    Attributes:
      beyond: float64 [N], share of an image's sub-pixels that are further from the original than
        the bound.
      shift: float64 [N], mean of what was written minus what the attack made, in levels.
      l2: float64 [N], of the perturbation as written, in [0, 255] units.
      wrong: victim -> bool [N], whether it misclassifies the image.
    """

    beyond: np.ndarray
    shift: np.ndarray
    l2: np.ndarray
    wrong: Mapping[str, np.ndarray]


# (method, mode, writer) -> what came of it.
Outcome = Mapping[tuple[str, str, str], Written]


def compare_writers(config: RunConfig, methods: Sequence[str]) -> pd.DataFrame:
    """Crafts once, writes with every writer, and has every victim judge what each wrote.

    PNGs hold their pixels exactly, so that judging the bytes needs no files.

    Args:
      config: its networks, images, modes and bound; its method is not looked at.
      methods: as of --method.

    Returns:
      The rows of `rounding_rows`.

    Raises:
      UsageError: the bound is no box, or the attack is targeted.
      BenchError: what else keeps a run from beginning or going on.
    """
    if config.attack.bound.norm != "linf" or config.attack.targeted:
        raise UsageError("Writers are compared in untargeted attacks within an epsilon.")
    attacks = {parse_method(name).name: parse_method(name) for name in methods}
    networks = choose_networks(config)
    dataset = load_dataset(config, networks)
    source = load_source(config, networks.sources)
    judges = [
        Judge.of(models.load_classifier(name, path, preprocessing=config.victim_preprocessing))
        for name, path in networks.victims.items()
    ]
    collected: dict[tuple[str, str, str], list[Written]] = {}
    with tqdm(total=len(attacks) * len(dataset), desc="Comparing", unit="image") as bar:
        for name, method in attacks.items():
            attack = Attack(method, config.attack, source.logits_and_aux, config.jit_compile)
            for batch in batches(dataset.paths, config.batch_size):
                crafted = _craft(attack, source, config, dataset, batch)
                for mode, images in crafted.items():
                    for writer, write in WRITERS.items():
                        pixels = write(images, batch.pixels, config.attack.bound)
                        written = _judged(pixels, images, config, dataset, batch, judges)
                        collected.setdefault((name, mode, writer), []).append(written)
                bar.update(batch.count)
    outcome = {key: _joined(parts) for key, parts in collected.items()}
    return rounding_rows(outcome, _settings(networks), config.attack.max_epsilon)


def rounding_rows(outcome: Outcome, settings: Mapping[str, str], epsilon: float) -> pd.DataFrame:
    """Returns one row a method x mode x writer x victim, and one for the black-box mean.

    `beyond_bound` is in % of all sub-pixels, `shift` in levels; rates are in % of all images;
    `difference` is the rate minus that of the rounded images, in points, `differing` the % of
    images on which the two are not the same; intervals are 95 %.

    Args:
      outcome: with the rounded images of every method and mode.
      settings: victim -> "white-box" or "black-box".
      epsilon: in [0, 255] units.
    """
    black_box = [victim for victim, setting in settings.items() if setting == "black-box"]
    groups = {victim: [victim] for victim in settings} | ({MEAN: black_box} if black_box else {})
    rows = []
    for (method, mode, writer), written in outcome.items():
        for name, victims in groups.items():
            values = _rates(written, victims)
            rounded = _rates(outcome[method, mode, ROUNDED], victims)
            low, high = mean_interval(values)
            row: dict[str, object] = {
                **{"method": method, "mode": mode, "max_epsilon": epsilon, "writer": writer},
                **{"victim": name, "setting": settings.get(name, "black-box")},
                **{"images": len(values), "beyond_bound": 100 * written.beyond.mean()},
                **{"shift": written.shift.mean(), "mean_l2": written.l2.mean()},
                **{"success_rate": 100 * values.mean(), "success_low": low, "success_high": high},
                "differing": 100 * np.mean(values != rounded),
            }
            if writer != ROUNDED:
                row |= _compared("difference", values - rounded)
            if mode != REFERENCE and (method, REFERENCE, writer) in outcome:
                reference = _rates(outcome[method, REFERENCE, writer], victims)
                row |= _compared("gain", values - reference)
            rows.append(row)
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def _craft(
    attack: Attack,
    source: Classifier | Ensemble,
    config: RunConfig,
    dataset: Dataset,
    batch: Batch,
) -> dict[str, np.ndarray]:
    """Mode -> float32 [batch_size, S, S, 3] in [-1, 1], the padding included."""
    places = batch.start + np.minimum(np.arange(len(batch.pixels)), batch.count - 1)
    labels = (dataset.true_labels[places] - source.label_offset).astype(np.int32)
    keys = np.stack([image_key(config.seed, dataset.ids[place]) for place in places])
    crafted = attack(from_uint8(batch.pixels), labels, keys, config.modes)
    for mode, result in crafted.items():
        sound = np.asarray(result.finite) & ~np.asarray(result.overflowed)
        if not sound.all():
            image = dataset.ids[places[int(np.argmin(sound))]]
            raise RunError(
                f"The gradient of image {image} (mode {mode}) is not finite: check the source's "
                "checkpoint, or take the image out of the CSV."
            )
    return {mode: np.asarray(result.images) for mode, result in crafted.items()}


def _judged(
    pixels: np.ndarray,
    images: np.ndarray,
    config: RunConfig,
    dataset: Dataset,
    batch: Batch,
    judges: Sequence[Judge],
) -> Written:
    """Measures what was written of a batch, and has it judged; the padding is left out."""
    real = slice(batch.start, batch.start + batch.count)
    made = pixels[: batch.count].astype(np.float64)
    exact = (images[: batch.count].astype(np.float64) + 1) * 127.5
    perturbation = made - batch.pixels[: batch.count]
    of_image = (1, 2, 3)
    shown, paths = tf.constant(from_uint8(pixels)), dataset.paths[real]
    labels = {
        judge.name: [each.labels[0] for each in judge.answers(shown, batch.sha256, paths)]
        for judge in judges
    }
    return Written(
        beyond=(np.abs(perturbation) > config.attack.max_epsilon).mean(axis=of_image),
        shift=(made - exact).mean(axis=of_image),
        l2=np.sqrt((perturbation**2).sum(axis=of_image)),
        wrong={name: np.array(said) != dataset.true_labels[real] for name, said in labels.items()},
    )


def _joined(parts: Sequence[Written]) -> Written:
    def of(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    wrong = {name: np.concatenate([part.wrong[name] for part in parts]) for name in parts[0].wrong}
    return Written(of("beyond"), of("shift"), of("l2"), wrong)


def _settings(networks: Networks) -> dict[str, str]:
    return {
        victim: "white-box" if victim in networks.sources else "black-box"
        for victim in networks.victims
    }


def _rates(written: Written, victims: Sequence[str]) -> np.ndarray:
    """Returns each image's share of the victims that misclassify it."""
    return np.mean([written.wrong[victim] for victim in victims], axis=0)


def _compared(name: str, differences: np.ndarray) -> dict[str, float]:
    low, high = difference_interval(differences)
    value = "gain_over_sign" if name == "gain" else name
    return {value: 100 * float(differences.mean()), f"{name}_low": low, f"{name}_high": high}
