"""Draws the demo zoo's images: one of ten shapes, low in contrast, on a cluttered background.

Run as `python scripts/make_demo_images.py`. Every image depends on (seed, index) alone, so any one
of them can be drawn again, and the sets that the networks are trained, chosen and reported on
differ in nothing but the seed and what `ImageSet` says.
"""

import csv
import io
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.arguments import Parser
from utils.commands import command, positive

SIDE = 64
SUPERSAMPLING = 3
CLASSES = (
    "disc", "ring", "square", "triangle", "star", "cross", "hexagon", "heart", "crescent", "arrow",
)  # fmt: skip
CSV_COLUMNS = (
    "ImageId", "URL", "x1", "y1", "x2", "y2", "TrueLabel", "TargetClass", "OriginalLandingURL",
    "License", "Author", "AuthorProfileURL",
)  # fmt: skip


@dataclass(frozen=True)
class ImageSet:
    """What one set of images is drawn from: a seed and two ranges.

    Attributes:
      seed: no two sets share it.
      contrast: range of the shape's rms difference from its background, in [0, 1] units.
      noise: range of the added Gaussian noise's standard deviation, in [0, 1] units.
    """

    seed: int
    contrast: tuple[float, float]
    noise: tuple[float, float]


# Training covers more contrast and more noise than reporting: noise seen in training is what
# makes perturbations carry over from one network to the next.
TRAINING = ImageSet(seed=11, contrast=(0.08, 0.3), noise=(0.0, 0.05))
VALIDATION = ImageSet(seed=22, contrast=(0.08, 0.15), noise=(0.0, 0.02))
REPORTING = ImageSet(seed=33, contrast=(0.08, 0.15), noise=(0.0, 0.02))


def _circle(radius: float, start: float = 0.0, stop: float = 2 * math.pi) -> np.ndarray:
    angles = np.linspace(start, stop, 48)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _radial(radii: np.ndarray) -> np.ndarray:
    """Corners at equal angles and the given distances, float [len(radii), 2]."""
    angles = np.arange(len(radii)) * (2 * math.pi / len(radii))
    return radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _heart() -> np.ndarray:
    t = np.linspace(0.0, 2 * math.pi, 48)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([16 * np.sin(t) ** 3, -y - 2.5], axis=1) / 15.5


def _crescent() -> np.ndarray:
    # The inner arc is that of a smaller circle through the same two horns.
    outer = _circle(1.0, math.radians(50), math.radians(310))
    horn = outer[0]
    centre = 0.45
    reach = math.hypot(horn[0] - centre, horn[1])
    angle = math.atan2(horn[1], horn[0] - centre)
    inner = _circle(reach, 2 * math.pi - angle, angle) + [centre, 0.0]
    return np.concatenate([outer, inner])


def _cross() -> np.ndarray:
    w, r = 0.32, 1.0
    corners = [(w, w), (w, r), (-w, r), (-w, w), (-r, w), (-r, -w)]
    return np.array(corners + [(-x, -y) for x, y in corners])


def _arrow() -> np.ndarray:
    upper = [(1.0, 0.0), (0.15, 0.75), (0.15, 0.26), (-1.0, 0.26)]
    return np.array(upper + [(x, -y) for x, y in reversed(upper)])


# Each shape's outline within the unit circle, and that of the hole in it, if any.
OUTLINES: dict[str, tuple[np.ndarray, np.ndarray | None]] = {
    "disc": (_circle(0.95), None),
    "ring": (_circle(1.0), _circle(0.58)),
    "square": (_radial(np.ones(4)), None),
    "triangle": (_radial(np.full(3, 1.1)), None),
    "star": (_radial(np.tile([1.1, 0.48], 5)), None),
    "cross": (_cross(), None),
    # A regular one is a disc at this size and contrast: half of all errors were between the two.
    "hexagon": (_radial(np.ones(6)) * [1.0, 0.62], None),
    "heart": (_heart(), None),
    "crescent": (_crescent(), None),
    "arrow": (_arrow(), None),
}


def _interpolation(knots: int) -> np.ndarray:
    """Cosine interpolation from `knots` values to SIDE pixels, float [SIDE, knots]."""
    position = np.linspace(0, knots - 1, SIDE)
    distance = np.clip(np.abs(position[:, None] - np.arange(knots)[None]), 0, 1)
    return 0.5 + 0.5 * np.cos(math.pi * distance)


_SMOOTH, _FINE = _interpolation(4), _interpolation(17)


def _field(rng: np.random.Generator, basis: np.ndarray, channels: int) -> np.ndarray:
    """A random field with the basis's coarseness, float [SIDE, SIDE, channels], deviation ~ 1."""
    knots = rng.normal(size=(channels, basis.shape[1], basis.shape[1]))
    return np.moveaxis(basis @ knots @ basis.T, 0, -1)


def _colour(rng: np.random.Generator, rms: float) -> np.ndarray:
    """An RGB difference in a random direction, float [3], with the given rms."""
    direction = rng.normal(size=3)
    return direction * rms / math.sqrt(np.mean(direction**2))


def _cover(draw_on: Callable[[ImageDraw.ImageDraw], None]) -> np.ndarray:
    """Share of each pixel that a drawing covers, float [SIDE, SIDE, 1] in [0, 1]."""
    canvas = Image.new("L", (SIDE * SUPERSAMPLING,) * 2)
    draw_on(ImageDraw.Draw(canvas))
    return np.asarray(canvas.reduce(SUPERSAMPLING), np.float64)[:, :, None] / 255.0


def _line_cover(rng: np.random.Generator) -> np.ndarray:
    ends = [tuple(end) for end in rng.uniform(0, SIDE * SUPERSAMPLING, size=(2, 2))]
    width = int(rng.integers(3, 8))
    return _cover(lambda draw: draw.line(ends, fill=255, width=width))


def _shape_cover(rng: np.random.Generator, name: str) -> np.ndarray:
    radius = rng.uniform(0.22, 0.36)
    angle = rng.uniform(0, 2 * math.pi)
    shear = rng.uniform(-0.2, 0.2)
    room = 0.5 - radius
    centre = 0.5 + rng.uniform(-room, room, size=2)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = radius * np.array([[1.0, shear], [0.0, 1.0]]) @ turn

    def polygon(outline: np.ndarray) -> list[tuple[float, float]]:
        return [tuple(p) for p in (outline @ matrix.T + centre) * (SIDE * SUPERSAMPLING)]

    outline, hole = OUTLINES[name]

    def draw_on(draw: ImageDraw.ImageDraw) -> None:
        draw.polygon(polygon(outline), fill=255)
        if hole is not None:
            draw.polygon(polygon(hole), fill=0)

    return _cover(draw_on)


def _blur(image: np.ndarray, weight: float) -> np.ndarray:
    """Three-tap blur along both sides, `weight` being that of each neighbour."""
    for axis in (0, 1):
        pads = [(1, 1) if a == axis else (0, 0) for a in range(3)]
        padded = np.pad(image, pads, mode="edge")
        before = np.take(padded, range(SIDE), axis)
        after = np.take(padded, range(2, SIDE + 2), axis)
        image = (1 - 2 * weight) * image + weight * (before + after)
    return image


def label_of(index: int) -> int:
    """The TrueLabel of a set's image; the classes take turns, so any ten in a row are balanced."""
    return 1 + index % len(CLASSES)


def draw_image(image_set: ImageSet, index: int) -> np.ndarray:
    """Draws one image of a set.

    Returns:
      uint8 [64, 64, 3], of class `label_of(index)`.
    """
    rng = np.random.default_rng([image_set.seed, index])
    image = rng.uniform(0.3, 0.7, size=3) + rng.uniform(0.02, 0.05) * _field(rng, _SMOOTH, 3)
    image += _field(rng, _FINE, 1) * _colour(rng, rng.uniform(0.005, 0.025))
    for _ in range(rng.integers(1, 4)):
        image += _line_cover(rng) * _colour(rng, rng.uniform(0.02, 0.06))
    contrast = rng.uniform(*image_set.contrast)
    image += _shape_cover(rng, CLASSES[label_of(index) - 1]) * _colour(rng, contrast)
    image = _blur(image, rng.uniform(0.0, 0.2))
    image += rng.uniform(*image_set.noise) * rng.normal(size=image.shape)
    return np.rint(255.0 * np.clip(image, 0.0, 1.0)).astype(np.uint8)


def make_set(image_set: ImageSet, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws the first `count` images of a set.

    Returns:
      Images uint8 [count, 64, 64, 3] and their TrueLabels int32 [count], 1 to 10.
    """
    images = np.stack([draw_image(image_set, index) for index in range(count)])
    return images, np.array([label_of(index) for index in range(count)], np.int32)


def image_id(index: int) -> str:
    """The ImageId of a reporting image."""
    return f"demo{index:04d}"


def target_of(image_set: ImageSet, index: int) -> int:
    """A class other than the true one, drawn at random: the target of targeted attacks."""
    step = np.random.default_rng([image_set.seed, index, 1]).integers(1, len(CLASSES))
    return 1 + (label_of(index) - 1 + int(step)) % len(CLASSES)


def csv_text(image_set: ImageSet, count: int) -> str:
    """The set's dev_dataset.csv, with the columns of ImageNet's."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for index in range(count):
        row = {"ImageId": image_id(index), "x1": 0, "y1": 0, "x2": 1, "y2": 1}
        row |= {"TrueLabel": label_of(index), "TargetClass": target_of(image_set, index)}
        writer.writerow(row | {"Author": "scripts/make_demo_images.py"})
    return text.getvalue()


def write_reporting_set(folder: Path, count: int) -> None:
    """Writes images/ID.png, dev_dataset.csv and class_names.txt into a folder."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for index in range(count):
        path = folder / "images" / f"{image_id(index)}.png"
        Image.fromarray(draw_image(REPORTING, index)).save(path, optimize=True)
    (folder / "dev_dataset.csv").write_text(csv_text(REPORTING, count))
    (folder / "class_names.txt").write_text("\n".join(("background", *CLASSES)) + "\n")


@command("make_demo_images.py")
def main(arguments: list[str]) -> int:
    """Writes the reporting set where the flags say; returns the exit code."""
    parser = Parser(description=__doc__)
    parser.add_argument(
        "--output_dir", type=Path, default=Path("data/demo"), help="folder to write into"
    )
    parser.add_argument("--count", type=positive, default=300, help="number of images")
    options = parser.parse_args(arguments)
    write_reporting_set(options.output_dir, options.count)
    print(f"{options.count} images written to {options.output_dir}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
