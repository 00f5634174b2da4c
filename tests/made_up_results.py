"""Run folders in attack.py's format with made-up outcomes, written by attack.py's own writers."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from PIL import Image
from records import record_of

from methods import parse_method
from utils.bound import Bound
from utils.pipeline.config import RunConfig
from utils.pipeline.folder import RunFolder
from utils.pipeline.journals import CraftedImage
from utils.pipeline.record import Identity, RecordedFlags, RecordedNetwork
from utils.pipeline.run import Run
from utils.pipeline.said import table_of_rows
from utils.pipeline.tables import (
    SEEN_BY_THE_EYE,
    per_image_table,
    steps_table,
    to_csv,
    transfer_table,
)

VICTIMS = ("net_a", "net_b", "net_c")
SOURCE = "net_a"
SIDE = 16
# Mean L2 at epsilon 1 and how much better than sign a mode is at the same length.
MODES = {"sign": (20.0, 0.0), "affine": (12.0, 0.15), "test": (14.0, 0.1)}
# What one of L2 takes from an SSIM of 1, where it isn't 1e-3.
VISIBLE = {"affine": 1.5e-3}


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
    accuracy=None,
    ids=None,
    weights=None,
    images_sha256="",
    clean_errors=0,
    **flags,
):
    """Writes one run and returns its folder. More L2 makes more success, most for the source.

    Args: attack.py's flags (norm="l2" with max_l2 among them), the accuracy published of every
    network, the images' ids, victim -> SHA-256 where it isn't zeros, the originals' digest, and how
    many of the first images every victim takes for the next class without any attack.
    """
    bound = Bound.of_flags({"max_epsilon": epsilon} | flags)
    folder = Path(output_dir) / zoo / source / method
    folder /= bound.folder_name + ("_targeted" if targeted else "")
    folder.mkdir(parents=True)
    ids = tuple(ids or (f"{i:04d}" for i in range(images)))
    images = len(ids)
    true = np.arange(images) % 10 + 1
    dataset = _Dataset(ids, true, true % 10 + 1 if targeted else None)
    # An L2 bound is spent whole where the box of an epsilon lets sign spend 20 times it.
    reach = bound.size if bound.norm == "linf" else bound.size / 20
    costs, predictions = _outcomes(
        dataset, method, reach, modes, seed, source, victims, clean_errors
    )
    asked = {"method": method, "max_epsilon": epsilon, "targeted": targeted, "seed": seed}
    config = RunConfig.of_flags(asked | flags)
    chosen = {"source": [source], "zoo": zoo}
    inputs = {"input_csv": "made_up.csv", "input_dir": str(Path(output_dir) / "clean")}
    network = RecordedNetwork(checkpoint="x", sha256={"x": "0" * 64}, published_accuracy=accuracy)
    num_iter = parse_method(method).iterations(config.attack.num_iter)
    record = record_of(
        config,
        status=status,
        zoo=zoo,
        identity=Identity(flags=config.recipe() | chosen, content={"--input_csv": "0" * 64}),
        flags=RecordedFlags(**config.all_flags() | chosen | inputs),
        modes=list(modes),
        sources={source: network},
        victims={
            name: network.model_copy(update={"sha256": {"x": (weights or {}).get(name, "0" * 64)}})
            for name in victims
        },
        images=images,
        **({"images_sha256": images_sha256} if images_sha256 else {}),
        side=SIDE,
        method_title=parse_method(method).title(),
        commands=[f"attack.py --method={method}"],
        versions={"tensorflow": "2.21.0"},
        device=["/device:CPU:0"],
        seconds={"craft": images * len(modes) * num_iter * 0.02, "judge": 3.0},
        mean_cosine=dict.fromkeys(modes, 0.5),
    )
    record.write(folder)
    run = Run(record, dataset, RunFolder(folder))
    per_image = per_image_table(run, predictions, costs)
    cosines = [0.5 + 0.04 * t for t in range(num_iter)]
    steps = [CraftedImage.model_construct(mode=mode, cosine=cosines) for mode in modes]
    tables = {
        "per_image.csv": per_image,
        "transfer.csv": transfer_table(run, per_image, costs),
        "steps.csv": steps_table(steps, modes),
    }
    for name, table in tables.items():
        (folder / name).write_bytes(to_csv(table))
    if pngs:
        _write_pngs(folder, Path(output_dir) / "clean", ids, modes, reach)
    return folder


def write_sweep(output_dir, methods=("if", "m"), epsilons=(2, 4, 8, 16), **options):
    """Writes one run a method x epsilon."""
    for method in methods:
        for epsilon in epsilons:
            write_run(output_dir, method, float(epsilon), **options)
    return Path(output_dir)


def before_ssim(folder, *columns):
    """Takes columns from all tables below a folder: those that came with SSIM, or some of them."""
    for path in Path(folder).rglob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        table = table.drop(columns=list(columns or SEEN_BY_THE_EYE), errors="ignore")
        table.to_csv(path, index=False, lineterminator="\n")


class _Dataset(SimpleNamespace):
    def __init__(self, ids, true_labels, target_classes):
        super().__init__(ids=ids, true_labels=true_labels, target_classes=target_classes)

    def __len__(self):
        return len(self.ids)


def _outcomes(dataset, method, reach, modes, seed, source, victims, clean_errors):
    rng = np.random.default_rng([seed, len(method)])
    hardness = rng.uniform(size=len(dataset))
    spread = rng.uniform(0.8, 1.2, len(dataset))
    costs, predictions = [], []
    for victim in victims:
        for i, (image_id, label) in enumerate(zip(dataset.ids, dataset.true_labels, strict=True)):
            said = _labels(label + (i < clean_errors))
            predictions.append((victim, "clean", image_id, said, 0.93))
    for mode in modes:
        scale, bonus = MODES.get(mode, (20.0, -0.1))
        l2 = scale * reach * spread
        for i, image_id in enumerate(dataset.ids):
            psnr = 20 * np.log10(255 * np.sqrt(3) * SIDE / l2[i])
            ssim = 1 - VISIBLE.get(mode, 1e-3) * l2[i]
            costs.append((mode, image_id, l2[i] / 30, l2[i], int(np.ceil(reach)), psnr, ssim))
        for number, victim in enumerate(victims):
            strength = l2 / 400 * (3 if victim == source else 1) + bonus - 0.03 * number
            for i, image_id in enumerate(dataset.ids):
                right = int(dataset.true_labels[i])
                fooled = strength[i] > hardness[i] or i < clean_errors
                predictions.append((victim, mode, image_id, _labels(right + fooled), 0.5))
    return (
        pd.DataFrame(costs, columns=["mode", "image_id", "mean_abs", "l2", "linf", "psnr", "ssim"]),
        table_of_rows(predictions),
    )


def _labels(first):
    first = (int(first) - 1) % 10 + 1
    return [first, *(label for label in (1, 2, 3, 4, 5) if label != first)][:5]


def _write_pngs(folder, clean_folder, ids, modes, reach):
    clean_folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    for image_id in ids:
        clean = rng.integers(40, 210, (SIDE, SIDE, 3))
        Image.fromarray(clean.astype(np.uint8)).save(clean_folder / f"{image_id}.png")
        for mode in modes:
            (folder / mode).mkdir(exist_ok=True)
            noise = rng.choice([-1, 1], clean.shape) * min(int(reach), 40)
            Image.fromarray((clean + noise).astype(np.uint8)).save(
                folder / mode / f"{image_id}.png"
            )
