"""What a victim may do to an image before its network sees it: `inception_v3+jpeg75+median3`.

A victim's name is a network's, followed by any chain of the steps below, which are applied from
left to right to the image's pixels, before the network's own preprocessing. They hide a network's
gradients rather than making it robust: figures with them say how a perturbation stands processing,
not how safe a network is.

A step is a function and a row of `DEFENCES`. It maps float32 [M, H, W, 3] in [0, 255], the copies
of one image, to the same shape (`smooth` to more copies, `randpad`, which comes last, to another
side). Random steps draw from a generator that depends on seed, image and place in the chain alone.
"""

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from utils.errors import UnknownNetwork

Step = Callable[..., np.ndarray]

DEFLECTIONS = 200
DEFLECTION_WINDOW = 10
# How much wider `randpad` makes an image.
PADDING = 32
# How sure a vote must be of its first class (arXiv 1902.02918, PREDICT).
ABSTENTION_P = 0.001


def jpeg(copies: np.ndarray, draws: np.random.Generator, quality: int) -> np.ndarray:
    """JPEG's codec there and back, chroma at half the side (4:2:0)."""
    from PIL import Image

    decoded = []
    for pixels in np.rint(copies).astype(np.uint8):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
        decoded.append(np.asarray(Image.open(buffer)))
    return np.stack(decoded).astype(np.float32)


def bits(copies: np.ndarray, draws: np.random.Generator, depth: int) -> np.ndarray:
    """Reduces the bit depth to `depth` evenly spaced levels a channel (arXiv 1704.01155)."""
    levels = 2**depth - 1
    return np.rint(np.rint(copies / 255 * levels) * (255 / levels)).astype(np.float32)


def median(copies: np.ndarray, draws: np.random.Generator, size: int) -> np.ndarray:
    """The median of each channel over a square window; edges are mirrored (arXiv 1704.01155)."""
    from scipy import ndimage

    return ndimage.median_filter(copies, size=(1, size, size, 1), mode="reflect")


def gauss(copies: np.ndarray, draws: np.random.Generator, sigma: float) -> np.ndarray:
    """A Gaussian blur of `sigma` pixels, cut off at 4 sigma; edges are mirrored."""
    from scipy import ndimage

    return ndimage.gaussian_filter(copies, sigma=(0, sigma, sigma, 0), mode="reflect", truncate=4)


def randpad(copies: np.ndarray, draws: np.random.Generator) -> np.ndarray:
    """Random resizing and padding (R&P, arXiv 1711.01991).

    An image of side S is resized (nearest neighbour) to a random side of S to S + 31 and put at a
    random place of a black square of side S + 32. A network that can't take that side resizes it.
    """
    side = copies.shape[1]
    padded = np.zeros([len(copies), side + PADDING, side + PADDING, 3], np.float32)
    for place, pixels in zip(padded, copies, strict=True):
        resized = draws.integers(side, side + PADDING)
        source = np.arange(resized) * side // resized
        top, left = draws.integers(0, side + PADDING - resized + 1, 2)
        place[top : top + resized, left : left + resized] = pixels[source][:, source]
    return padded


def pixeldefl(copies: np.ndarray, draws: np.random.Generator) -> np.ndarray:
    """Pixel deflection (arXiv 1801.08926) without its wavelet step and its activation map.

    200 times over, a random pixel takes the value of a random one at most 10 rows and columns away.
    """
    copies = copies.copy()
    for pixels in copies:
        for at in draws.integers(0, pixels.shape[:2], (DEFLECTIONS, 2)):
            low = np.maximum(at - DEFLECTION_WINDOW, 0)
            high = np.minimum(at + DEFLECTION_WINDOW + 1, pixels.shape[:2])
            pixels[tuple(at)] = pixels[tuple(draws.integers(low, high))]
    return copies


def smooth(copies: np.ndarray, draws: np.random.Generator, sigma: float, count: int) -> np.ndarray:
    """Randomised smoothing (arXiv 1902.02918): noisy copies of which `vote` takes the majority.

    Args:
      copies: the image's.
      draws: where the noise comes from.
      sigma: the noise's standard deviation on the scale on which white is 1, as papers give it.
      count: how many copies of each.
    """
    shape = (len(copies) * count, *copies.shape[1:])
    noise = draws.standard_normal(shape, np.float32) * np.float32(255 * sigma)
    return np.repeat(copies, count, axis=0) + noise


def flip(copies: np.ndarray, draws: np.random.Generator) -> np.ndarray:
    """Mirrors left and right."""
    return copies[:, :, ::-1]


@dataclass(frozen=True)
class Number:
    """A number in a step's name.

    Attributes:
      kind: int or float.
      low, high: what it may be, both included.
      odd: whether it must be odd.
    """

    kind: type
    low: float
    high: float
    odd: bool = False

    def read(self, text: str) -> float:
        """Reads it.

        Raises:
          ValueError: it is no such number.
        """
        number = self.kind(text)
        if not self.low <= number <= self.high or (self.odd and number % 2 == 0):
            raise ValueError(text)
        return number

    def __str__(self) -> str:
        kind = "an odd number" if self.odd else "a whole number" if self.kind is int else "a number"
        return f"{kind} from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Defence:
    """A kind of step.

    Attributes:
      apply: (copies, draws, *numbers) -> copies.
      example: how it is written, with numbers.
      what: what it does, for a table.
      numbers: those in its name, in their order; an underscore parts them.
      last: whether it must end a chain.
      votes: whether it makes copies, as many as its last number says, of which `vote` decides.
    """

    apply: Step
    example: str
    what: str
    numbers: tuple[Number, ...] = ()
    last: bool = False
    votes: bool = False


DEFENCES: dict[str, Defence] = {
    "jpeg": Defence(jpeg, "jpeg75", "JPEG of this quality", (Number(int, 1, 100),)),
    "bits": Defence(bits, "bits4", "bit depth reduction", (Number(int, 1, 8),)),
    "median": Defence(median, "median3", "median filter", (Number(int, 3, 15, odd=True),)),
    "gauss": Defence(gauss, "gauss1.5", "Gaussian blur", (Number(float, 0.1, 20),)),
    "randpad": Defence(randpad, "randpad", "random resizing and padding", last=True),
    "pixeldefl": Defence(pixeldefl, "pixeldefl", "pixel deflection, without wavelets"),
    "smooth": Defence(
        smooth,
        "smooth0.25_100",
        "randomised smoothing: sigma of white 1, copies",
        (Number(float, 0.001, 2), Number(int, 2, 10_000)),
        last=True,
        votes=True,
    ),
    "flip": Defence(flip, "flip", "mirrored"),
}
_STEP = re.compile(r"([a-z]+)([\d.]*(?:_[\d.]+)*)")


@dataclass(frozen=True)
class Chain:
    """The steps between an image and a network.

    Attributes:
      names: each step as it is written.
      steps: each step's kind and numbers.
    """

    names: tuple[str, ...] = ()
    steps: tuple[tuple[Defence, tuple[float, ...]], ...] = ()

    def __call__(self, pixels: np.ndarray, seed: int, image_id: str) -> np.ndarray:
        """Applies all of them.

        Args:
          pixels: uint8 [H, W, 3].
          seed: the run's.
          image_id: the image's, on which the draws depend.

        Returns:
          float32 [M, H', W', 3] in [0, 255] (noise may leave that), one copy or several.
        """
        copies = pixels[None].astype(np.float32)
        for place, (name, (defence, numbers)) in enumerate(
            zip(self.names, self.steps, strict=True)
        ):
            key = hashlib.sha256(f"{seed}:{place}:{name}:{image_id}".encode()).digest()
            draws = np.random.Generator(np.random.PCG64(int.from_bytes(key[:16], "little")))
            copies = defence.apply(copies, draws, *numbers)
        return copies

    @property
    def copies(self) -> int:
        """How many copies of an image the network is asked about."""
        return int(np.prod([numbers[1] for defence, numbers in self.steps if defence.votes]))

    @property
    def votes(self) -> bool:
        """Whether the network is asked about several copies."""
        return any(defence.votes for defence, _ in self.steps)


def _read_step(text: str, name: str) -> tuple[Defence, tuple[float, ...]]:
    match = _STEP.fullmatch(text)
    if match is None or match[1] not in DEFENCES:
        known = ", ".join(defence.example for defence in DEFENCES.values())
        raise UnknownNetwork(f"{name}: {text!r} is no defence; there are {known}")
    defence = DEFENCES[match[1]]
    given = match[2].split("_") if match[2] else []
    try:
        numbers = tuple(
            number.read(part) for number, part in zip(defence.numbers, given, strict=True)
        )
    except ValueError as error:
        wanted = " and ".join(map(str, defence.numbers)) or "no number"
        raise UnknownNetwork(
            f"{name}: {text} can't be: {match[1]} takes {wanted}, as in {defence.example}"
        ) from error
    return defence, numbers


def split_defences(name: str) -> tuple[str, Chain]:
    """Splits a victim's name into its network's and the chain before it.

    Args:
      name: `NETWORK` or `NETWORK+STEP+...`. A path, as in saved_model:PATH, may hold plus signs of
        its own: there only what reads like a step at the end is one.

    Raises:
      UnknownNetwork: a step that there isn't, a number that it can't have, or a step after one that
        must be the last.
    """
    network, *parts = name.split("+")
    if ":" in name:
        kinds = [re.match("[a-z]*", part)[0] in DEFENCES for part in parts]  # type: ignore[index]
        path = max((i + 1 for i, known in enumerate(kinds) if not known), default=0)
        network, parts = "+".join([network, *parts[:path]]), parts[path:]
    steps = tuple(_read_step(part, name) for part in parts)
    for part, (defence, _) in zip(parts[:-1], steps[:-1], strict=True):
        if defence.last:
            raise UnknownNetwork(f"{name}: {part} must be the last step")
    return network, Chain(tuple(parts), steps)


def vote(labels: np.ndarray) -> tuple[int | None, float]:
    """What randomised smoothing says of an image (arXiv 1902.02918, PREDICT).

    Args:
      labels: int [M], the network's label of each copy.

    Returns:
      The majority's label, or None where the first two are not told apart at p = 0.001; and the
      majority's share of the copies.
    """
    from scipy import stats

    found, counts = np.unique(labels, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    first = counts[order[0]]
    second = counts[order[1]] if len(order) > 1 else 0
    sure = stats.binomtest(int(first), int(first + second), 0.5).pvalue <= ABSTENTION_P
    return (int(found[order[0]]) if sure else None), float(first / len(labels))
