"""The numbers of an attack, as one object that has been checked."""

import dataclasses
from typing import Any

from utils.bound import Bound, plain_number
from utils.errors import MethodError

# Entries of a 299 x 299 RGB image, the size for which FGNM_K's K is given.
REFERENCE_ENTRIES = 299 * 299 * 3
# What is larger fills any memory or never ends; beyond 31 halvings a scale copy is black.
_MOST = {"num_iter": 100_000, "ti_kernel": 99, "num_scales": 31, "vt_samples": 10_000}
_MOST |= {"pgn_samples": 10_000, "walk_points": 10_000, "bsr_copies": 10_000, "bsr_strips": 10}
# Factors above it would leave float32 with the first multiplication.
_LARGEST = 1e20


def _setting(default: Any, help_text: str, later: bool = False) -> Any:
    return dataclasses.field(default=default, metadata={"help": help_text, "later": later})


@dataclasses.dataclass(frozen=True)
class AttackSettings:
    """Everything but the method, the mode and the source; checked when made.

    Each attribute is also the name of its flag, and its `help` metadata the flag's explanation. One
    whose `later` metadata is true came after folders were written without it: at its default it is
    no part of a recipe, so that those folders still match.

    Raises:
      MethodError: naming the flag that is out of range.
    """

    max_epsilon: float = _setting(16.0, "L-infinity bound, in (0, 255], in [0, 255] units.")
    num_iter: int = _setting(
        10, "Iterations (fgsm always takes one; targeted attacks need more, 100 or so)."
    )
    step_size: float | None = _setting(
        None,
        "Length of a step in [0, 255] units (an L2 length for --norm l2), at most twice the bound. "
        "Default: the bound / num_iter.",
        later=True,
    )
    norm: str = _setting("linf", "linf (a box of max_epsilon) or l2 (a ball of max_l2).")
    max_l2: float | None = _setting(None, "L2 bound per image in [0, 255] units, for --norm l2.")
    momentum: float = _setting(1.0, "Decay factor mu of MI and NI.")
    k: int = _setting(
        200001, "FGNM_K's 0-based index, given for 268203 entries; other sizes keep the fraction."
    )
    loss: str = _setting("ce", "ce (cross-entropy) or logit (the label's logit).")
    targeted: bool = _setting(False, "Approach the CSV's TargetClass instead of leaving a label.")
    aux_weight: float = _setting(1.0, "Weight of the auxiliary logits' loss.")
    prob: float = _setting(0.7, "DI: probability of transforming an image.")
    image_resize: int = _setting(
        330, "DI: side of the canvas for images of side 299; other sides keep the ratio."
    )
    ti_kernel: int = _setting(15, "TI: side of the smoothing kernel, odd.")
    ti_nsig: float = _setting(3.0, "TI: standard deviations from the kernel's centre to its edge.")
    ti_position: str = _setting(
        "before_momentum", "TI: before_momentum, or after_momentum as in FGNM's own stdm."
    )
    num_scales: int = _setting(5, "SI: number of copies x / 2^i.")
    vt_samples: int = _setting(20, "VT: number of neighbours.")
    vt_radius: float = _setting(1.5, "VT: half side of the neighbourhood, in multiples of epsilon.")
    pi_factor: float = _setting(10.0, "Patch-wise: amplification of the step.")
    pgn_samples: int = _setting(20, "PGN: number of neighbours.", later=True)
    pgn_radius: float = _setting(
        3.0, "PGN: half side of the neighbourhood, in multiples of epsilon.", later=True
    )
    bsr_copies: int = _setting(10, "BSR: number of shuffled copies.", later=True)
    bsr_strips: int = _setting(3, "BSR: number of strips along each axis.", later=True)
    bsr_angle: float = _setting(24.0, "BSR: largest angle of a strip, in degrees.", later=True)
    walk_points: int = _setting(12, "FGRM's walk: number of points.", later=True)
    walk_radius: float = _setting(
        1.5, "FGRM's walk: largest step per entry, in multiples of epsilon.", later=True
    )
    rescale_form: str = _setting(
        "paper", "Mode rescale: paper (the formula) or code (the authors' program).", later=True
    )

    def __post_init__(self) -> None:
        self._check("max_epsilon", 0 < self.max_epsilon <= 255, "above 0 and at most 255")
        for name, most in _MOST.items():
            holds = self._is_whole(name) and 1 <= getattr(self, name) <= most
            self._check(name, holds, f"an integer >= 1 and at most {most}")
        self._check("ti_kernel", self.ti_kernel % 2 == 1, "odd, so that the kernel has a centre")
        for name in ("momentum", "aux_weight", "vt_radius", "pgn_radius", "walk_radius"):
            self._check(name, 0 <= getattr(self, name) <= _LARGEST, f"from 0 to {_LARGEST:g}")
        for name in ("ti_nsig", "pi_factor"):
            self._check(name, 0 < getattr(self, name) <= _LARGEST, f"above 0, {_LARGEST:g} at most")
        self._check("bsr_angle", 0 <= self.bsr_angle <= 180, "an angle from 0 to 180 degrees")
        self._check("prob", 0 <= self.prob <= 1, "a probability from 0 to 1")
        self._check(
            "k",
            self._is_whole("k") and 0 <= self.k < REFERENCE_ENTRIES,
            f"an index from 0 to {REFERENCE_ENTRIES - 1}, the entries of a 299 x 299 image",
        )
        self._check(
            "image_resize",
            self._is_whole("image_resize") and 300 <= self.image_resize <= 4 * 299,
            "an integer >= 300, larger than the 299 it is given for, and at most four times that",
        )
        self._choice("norm", ("linf", "l2"))
        self._choice("loss", ("ce", "logit"))
        self._choice("ti_position", ("before_momentum", "after_momentum"))
        self._choice("rescale_form", ("paper", "code"))
        if self.norm == "l2" and self.max_l2 is None:
            raise MethodError("--norm l2 needs --max_l2, the L2 bound per image in [0, 255] units.")
        if self.max_l2 is not None:
            # No two images of 2048 pixels are further apart.
            self._check("max_l2", 0 < self.max_l2 <= 1e6, "a number > 0 and at most 1e6")
        if self.step_size is not None:
            # Twice the bound leads across the whole box or ball, wherever the image is.
            farthest = (
                f"above 0 and at most twice --{self.bound.flag}, {plain_number(self.bound.size)}"
            )
            self._check("step_size", 0 < self.step_size <= 2 * self.bound.size, farthest)

    def recipe(self) -> dict[str, Any]:
        """What the results depend on, by flag, without the later ones that are at their default."""
        return {
            item.name: getattr(self, item.name)
            for item in dataclasses.fields(self)
            if not item.metadata["later"] or getattr(self, item.name) != item.default
        }

    @property
    def bound(self) -> Bound:
        """How far an adversarial image may be from its original."""
        return Bound.of_flags(vars(self))

    def _is_whole(self, name: str) -> bool:
        value = getattr(self, name)
        return isinstance(value, int) and not isinstance(value, bool)

    def _check(self, name: str, holds: bool, wanted: str) -> None:
        if not holds:
            raise MethodError(f"--{name} is {getattr(self, name)!r}, but must be {wanted}.")

    def _choice(self, name: str, choices: tuple[str, ...]) -> None:
        self._check(name, getattr(self, name) in choices, f"one of {', '.join(choices)}")
