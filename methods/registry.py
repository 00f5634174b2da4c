"""Every letter of a method's name in one table, and from a word to the composition it stands for.

A word is a set of letters (`pi` is one of them); their order in it means nothing. `if` is the empty
set and stands alone; `fgsm` is one step, alone or with letters that mean something in one step.
Names such as MI-FGSM stand for their letters (names.py).
"""

import dataclasses
import math
import operator
import re
from collections.abc import Callable

from methods import blocks, diversity, gradients, sampling
from methods.names import letters_of
from methods.settings import AttackSettings
from utils.bound import plain_number
from utils.errors import MethodError


@dataclasses.dataclass(frozen=True)
class Part:
    """What one letter adds: a function in one or more of the loop's stages, run in this order.

    Attributes:
      title: the attack's usual name.
      look_ahead: (images, momentum, context) -> where the gradient is taken.
      copies: (point, index) -> that copy of it; the loss is the mean over them.
      num_copies: settings -> how many copies there are.
        Letters without copies of their own may have a number, for a view that differs in each.
      view: (source, images, context) -> (logits, auxiliary logits or None).
      sampling: (gradient_at, point, context) -> what stands for the gradient at the point.
      num_gradients: settings -> how many gradients an iteration takes, of each copy.
      variance: (gradient_at, point, gradient, context) -> what the next gradient is corrected by.
      smoothing: (gradient, context) -> gradient.
      momentum: (gradient, memory, context) -> memory, from which the direction is then taken.
      step: (images, stride, memory, context) -> (images before projection, memory).
      amplification: settings -> what alpha is multiplied with.
      factor: the flag that it multiplies with.
      single_step: means something in one step too, so that `fgsm` may have it.
      flags: those of AttackSettings that mean nothing without it (or another that names them).
    """

    title: str
    look_ahead: Callable | None = None
    copies: Callable | None = None
    num_copies: Callable[[AttackSettings], int] | None = None
    view: Callable | None = None
    sampling: Callable | None = None
    num_gradients: Callable[[AttackSettings], int] | None = None
    variance: Callable | None = None
    smoothing: Callable | None = None
    momentum: Callable | None = None
    step: Callable | None = None
    amplification: Callable[[AttackSettings], float] | None = None
    factor: str = ""
    single_step: bool = False
    flags: tuple[str, ...] = ()

    def fills(self, stages: tuple[str, ...]) -> bool:
        """Whether it has a function in one of these stages."""
        return any(getattr(self, stage) is not None for stage in stages)


# The table. Where several letters fill one stage they are applied in this order.
PARTS: dict[str, Part] = {
    "m": Part("MI-FGSM", momentum=gradients.accumulate, factor="momentum", flags=("momentum",)),
    "n": Part(
        "NI-FGSM",
        look_ahead=gradients.look_ahead,
        momentum=gradients.accumulate,
        factor="momentum",
        flags=("momentum",),
    ),
    "d": Part("DI", view=diversity.diverse_input, single_step=True, flags=("prob", "image_resize")),
    "t": Part(
        "TI",
        smoothing=gradients.smooth,
        factor="ti_nsig",
        single_step=True,
        flags=("ti_kernel", "ti_nsig", "ti_position"),
    ),
    "s": Part(
        "SI",
        copies=gradients.scale_copy,
        num_copies=operator.attrgetter("num_scales"),
        single_step=True,
        flags=("num_scales",),
    ),
    "v": Part(
        "VT",
        variance=gradients.neighbour_variance,
        num_gradients=lambda settings: 1 + settings.vt_samples,
        factor="vt_radius",
        flags=("vt_samples", "vt_radius"),
    ),
    "pi": Part(
        "Patch-wise",
        step=gradients.patch_wise,
        amplification=operator.attrgetter("pi_factor"),
        factor="pi_factor",
        flags=("pi_factor",),
    ),
    "r": Part("RGD", step=gradients.unclipped_sum),
    "g": Part(
        "PGN",
        sampling=sampling.penalized_norm,
        num_gradients=lambda settings: 2 * settings.pgn_samples,
        factor="pgn_radius",
        single_step=True,
        flags=("pgn_samples", "pgn_radius"),
    ),
    "b": Part(
        "BSR",
        view=blocks.block_shuffle,
        num_copies=operator.attrgetter("bsr_copies"),
        single_step=True,
        flags=("bsr_copies", "bsr_strips", "bsr_angle"),
    ),
    "x": Part(
        "FGRM's walk",
        sampling=sampling.random_walk,
        num_gradients=operator.attrgetter("walk_points"),
        factor="walk_radius",
        single_step=True,
        flags=("walk_points", "walk_radius"),
    ),
}

# Stages of which only one letter of a word may fill one, and what two of them would be.
_EXCLUSIVE = {
    ("momentum",): "two momenta",
    ("look_ahead",): "two look-aheads",
    ("copies", "num_copies"): "two kinds of copies",
    ("sampling", "variance"): "two ways to look round a point",
    ("step",): "two kinds of step",
}
# The authors' spelling where it differs from the order of _SPELLING.
_SPELLING = ("s", "t", "d", "v", "n", "m", "pi")
_AUTHORS = {frozenset("sdt"): "sdt"}


@dataclasses.dataclass(frozen=True)
class Method:
    """A composition.

    Attributes:
      name: its canonical name; every spelling of one set of letters has the same.
      letters: the set.
      one_step: FGSM: one iteration with alpha = epsilon, whatever `num_iter` says.
    """

    name: str
    letters: frozenset[str]
    one_step: bool = False

    def parts(self) -> list[Part]:
        """The rows of its letters, in the table's order."""
        return [part for letter, part in PARTS.items() if letter in self.letters]

    def stage(self, name: str) -> list[Callable]:
        """The functions of a stage, in the table's order."""
        found = [getattr(part, name) for part in self.parts()]
        return [function for function in found if function is not None]

    def exclusive(self, name: str) -> Callable | None:
        """The function of a stage that at most one letter of a word may fill, if one does."""
        functions = self.stage(name)
        return functions[0] if functions else None

    def gradients_per_step(self, settings: AttackSettings) -> int:
        """How many gradients of the source one iteration takes."""
        counts = [*self.stage("num_copies"), *self.stage("num_gradients")]
        return math.prod(count(settings) for count in counts)

    def gradients(self, settings: AttackSettings, modes: int) -> int:
        """How many gradients of each image an attack takes in so many modes at once."""
        each = self.gradients_per_step(settings)
        # Nothing comes after the last step that its variance would be of use to.
        plain = math.prod(count(settings) for count in self.stage("num_copies"))
        last = plain if self.exclusive("variance") else each
        steps = [each] * (self.iterations(settings.num_iter) - 1) + [last]
        # The first is the same for all modes.
        return steps[0] + modes * sum(steps[1:])

    def raised_factors(self, settings: AttackSettings) -> list[str]:
        """The flags that multiply and are above their defaults, such as "--momentum 2"."""
        names = dict.fromkeys([*(part.factor for part in self.parts()), "aux_weight", "max_l2"])
        default = dataclasses.replace(AttackSettings(), max_l2=1e6)
        return [
            f"--{name} {plain_number(getattr(settings, name))}"
            for name in names
            if name and (getattr(settings, name) or 0) > getattr(default, name)
        ]

    def unused_flags(self) -> dict[str, list[str]]:
        """The flags that only other letters look at, and the letters that do."""
        users: dict[str, list[str]] = {}
        for letter, part in PARTS.items():
            for flag in part.flags:
                users.setdefault(flag, []).append(letter)
        return {name: who for name, who in users.items() if not self.letters & set(who)}

    def title(self) -> str:
        """The usual names of what it is made of, such as "DI + MI-FGSM"."""
        titles = [part.title for part in self.parts()]
        if self.one_step:
            titles.insert(0, "FGSM")
        return " + ".join(titles or ["I-FGSM"])

    def iterations(self, num_iter: int) -> int:
        """How many steps it takes when `num_iter` are asked for."""
        return 1 if self.one_step else num_iter


def parse_method(word: str) -> Method:
    """The composition that a word stands for.

    Raises:
      MethodError: a letter is unknown or there twice, or two of them contradict each other.
    """
    tokens = re.findall(r"fgsm|if|pi|.", letters_of(word.strip().lower(), PARTS))
    if not tokens:
        raise MethodError(f"--method is empty; {_known()}")
    for token in tokens:
        if token not in PARTS and token not in ("if", "fgsm"):
            raise MethodError(f"--method {word!r}: {token!r} is no letter of a method; {_known()}")
        if tokens.count(token) > 1:
            raise MethodError(f"--method {word!r}: {token!r} is there twice; leave one out.")
    letters = frozenset(tokens) - {"if", "fgsm"}
    if "if" in tokens and len(tokens) > 1:
        rest = "".join(token for token in tokens if token != "if")
        raise MethodError(
            f"--method {word!r}: 'if' is the iteration without anything more and stands alone; "
            f"all methods but fgsm iterate, so write {rest!r}."
        )
    if "fgsm" in tokens:
        for letter in sorted(letters):
            if not PARTS[letter].single_step:
                raise MethodError(
                    f"--method {word!r}: {letter!r} ({PARTS[letter].title}) carries something from "
                    f"step to step and 'fgsm' takes one step only; leave one of them out."
                )
    for stages, clash in _EXCLUSIVE.items():
        rivals = [x for x in PARTS if x in letters and PARTS[x].fills(stages)]
        if len(rivals) > 1:
            named = " and ".join(f"{x!r} ({PARTS[x].title})" for x in rivals)
            raise MethodError(f"--method {word!r}: {named} are {clash}; leave all but one out.")
    return Method(_canonical(letters, "fgsm" in tokens), letters, "fgsm" in tokens)


def _canonical(letters: frozenset[str], one_step: bool) -> str:
    others = [letter for letter in PARTS if letter not in _SPELLING]
    ordered = "".join(letter for letter in (*_SPELLING, *others) if letter in letters)
    spelled = _AUTHORS.get(letters, ordered)
    return "fgsm" + spelled if one_step else spelled or "if"


def _known() -> str:
    letters = ", ".join(f"{letter} ({part.title})" for letter, part in PARTS.items())
    return f"a method is fgsm, if, or any set of these letters: {letters}."
