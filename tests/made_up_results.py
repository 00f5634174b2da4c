"""Run folders in attack.py's format with made-up outcomes, written by attack.py's own writers."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from PIL import Image

from utils.pipeline.config import RunConfig
from utils.pipeline.tables import per_image_table, steps_table, to_csv, transfer_table

VICTIMS = ("net_a", "net_b", "net_c")
SOURCE = "net_a"
SIDE = 16
# Mean L2 at epsilon 1 and how much better than sign a mode is at the same length.
MODES = {"sign": (20.0, 0.0), "affine": (12.0, 0.15), "test": (14.0, 0.1)}


def write_run(
    output_dir,
    method="if",
    epsilon=16.0,
    modes=("sign", "affine"),
    images=40,
    seed=0,
    targeted=False,
    pngs=False,
    status="complete",
    zoo="imagenet",
    source=SOURCE,
    victims=VICTIMS,
    **flags,
):
    """Writes one run and returns its folder. More L2 makes more success, most for the source."""
    folder = Path(output_dir) / zoo / source / method
    folder /= f"eps{epsilon:g}" + ("_targeted" if targeted else "")
    folder.mkdir(parents=True)
    ids = tuple(f"{i:04d}" for i in range(images))
    true = np.arange(images) % 10 + 1
    dataset = _Dataset(ids, true, true % 10 + 1 if targeted else None)
    costs, predictions = _outcomes(dataset, method, epsilon, modes, seed, source, victims)
    about = {
        "source": source,
        "method": method,
        "max_epsilon": epsilon,
        "num_iter": 1 if method == "fgsm" else 10,
        "targeted": targeted,
    }
    per_image = per_image_table(about, dataset, predictions, costs)
    transfer = transfer_table(about, per_image, costs, (source,), SIDE)
    cosines = [
        {"mode": mode, "cosine": [0.5 + 0.04 * t for t in range(about["num_iter"])]}
        for mode in modes
    ]
    tables = {
        "per_image.csv": per_image,
        "transfer.csv": transfer,
        "steps.csv": steps_table(cosines, modes),
    }
    for name, table in tables.items():
        (folder / name).write_bytes(to_csv(table))
    (folder / "run.json").write_text(
        json.dumps(_record(folder, about, modes, images, seed, status, zoo, victims, flags))
    )
    if pngs:
        _write_pngs(folder, Path(output_dir) / "clean", ids, modes, epsilon)
    return folder


def write_sweep(output_dir, methods=("if", "m"), epsilons=(2, 4, 8, 16), **options):
    """Writes one run a method x epsilon."""
    for method in methods:
        for epsilon in epsilons:
            write_run(output_dir, method, float(epsilon), **options)
    return Path(output_dir)


class _Dataset(SimpleNamespace):
    def __init__(self, ids, true_labels, target_classes):
        super().__init__(ids=ids, true_labels=true_labels, target_classes=target_classes)

    def __len__(self):
        return len(self.ids)


def _outcomes(dataset, method, epsilon, modes, seed, source, victims):
    rng = np.random.default_rng([seed, len(method)])
    hardness = rng.uniform(size=len(dataset))
    spread = rng.uniform(0.8, 1.2, len(dataset))
    costs, predictions = [], []
    for victim in victims:
        for image_id, label in zip(dataset.ids, dataset.true_labels, strict=True):
            predictions.append((victim, "clean", image_id, _labels(label), 0.93))
    for mode in modes:
        scale, bonus = MODES.get(mode, (20.0, -0.1))
        l2 = scale * epsilon * spread
        for i, image_id in enumerate(dataset.ids):
            costs.append((mode, image_id, l2[i] / 30, l2[i], int(np.ceil(epsilon))))
        for number, victim in enumerate(victims):
            strength = l2 / 400 * (3 if victim == source else 1) + bonus - 0.03 * number
            for i, image_id in enumerate(dataset.ids):
                right = int(dataset.true_labels[i])
                fooled = strength[i] > hardness[i]
                predictions.append((victim, mode, image_id, _labels(right + fooled), 0.5))
    return (
        pd.DataFrame(costs, columns=["mode", "image_id", "mean_abs", "l2", "linf"]),
        pd.DataFrame(predictions, columns=["victim", "mode", "image_id", "labels", "confidence"]),
    )


def _labels(first):
    first = (int(first) - 1) % 10 + 1
    return [first, *(label for label in (1, 2, 3, 4, 5) if label != first)][:5]


def _record(folder, about, modes, images, seed, status, zoo, victims, flags):
    changed = {name: about[name] for name in ("method", "max_epsilon", "targeted")}
    config = RunConfig.of_flags(changed | {"seed": seed} | flags)
    flags = config.all_flags() | {"source": [about["source"]], "zoo": zoo}
    flags["input_dir"] = str(folder.parents[3] / "clean")
    return {
        "status": status,
        "zoo": zoo,
        "identity": {
            "flags": config.recipe() | {"source": [about["source"]], "zoo": zoo},
            "content": {"--input_csv": "0" * 64},
        },
        "flags": flags,
        "modes": list(modes),
        "sources": {about["source"]: {"checkpoint": "x", "sha256": {}}},
        "victims": {name: {"checkpoint": "x", "sha256": {}} for name in victims},
        "images": images,
        "side": SIDE,
        "commands": [f"attack.py --method={about['method']}"],
        "started": "2026-01-01T00:00:00+00:00",
        "versions": {"tensorflow": "2.21.0"},
        "device": ["/device:CPU:0"],
        "seconds": {"craft": images * len(modes) * about["num_iter"] * 0.02, "judge": 3.0},
        "mean_cosine": dict.fromkeys(modes, 0.5),
    }


def _write_pngs(folder, clean_folder, ids, modes, epsilon):
    clean_folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    for image_id in ids:
        clean = rng.integers(40, 210, (SIDE, SIDE, 3))
        Image.fromarray(clean.astype(np.uint8)).save(clean_folder / f"{image_id}.png")
        for mode in modes:
            (folder / mode).mkdir(exist_ok=True)
            noise = rng.choice([-1, 1], clean.shape) * min(int(epsilon), 40)
            Image.fromarray((clean + noise).astype(np.uint8)).save(
                folder / mode / f"{image_id}.png"
            )
