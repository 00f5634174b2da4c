"""The flags of one run as a validated, frozen object. A field here is a flag of attack.py."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from data.foreign_labels import FORMATS, NATIVE
from methods import AttackSettings, parse_method, parse_mode
from models import split_names
from utils.bound import plain_number
from utils.errors import UsageError
from utils.pipeline.names import safe_name
from utils.pipeline.record import RunRecord
from utils.pipeline.snapshots import check_snapshots, step_of
from utils.success import REFERENCE

# What a flag is to the run folder that it writes into:
RECIPE = "recipe"  # the results depend on it: a folder holds one value
LATER = "later"  # the same, named only where it isn't the default, which older folders had
GROWS = "grows"  # a later run may add to it
MANNER = "manner"  # how and where, not what


# What is larger fills any memory, or is a slip of the keyboard.
_RANGES = {
    "label_offset": (0, 1),
    "batch_size": (1, 1024),
    "devices": (1, 64),
    "limit": (1, 1_000_000),
    "seed": (0, 2**63 - 1),
}


def flag(default: Any, help_text: str, role: str = RECIPE, choices: tuple[str, ...] = ()) -> Any:
    """Declares a flag: its default, its line in --help, its role and its allowed values."""
    return field(default=default, metadata={"help": help_text, "role": role, "choices": choices})


@dataclass(frozen=True)
class RunConfig:
    """What one run does. Tuples are comma-separated on the command line."""

    method: str = flag(
        "if", "Attack: fgsm, or a set of letters such as if, m, sd, stdm (methods/README.md)."
    )
    mode: tuple[str, ...] = flag(
        ("affine",),
        "What replaces sign, comma-separated: affine (FGNM_N), test (FGNM_K), raw, random, ...",
        GROWS,
    )
    compare_sign: bool = flag(
        True, "Also run sign on the same images, to compare every other mode with.", GROWS
    )
    source: tuple[str, ...] = flag(
        (),
        "Network to attack; several, comma-separated, are an ensemble. Default: inception_v3 if "
        "its checkpoint is found, else the demo zoo's demo_inception.",
    )
    victims: tuple[str, ...] = flag(
        (),
        "Networks to judge on, comma-separated; * is the source and all found, the default but for "
        "a source of one's own with ten classes, which is judged on alone. "
        "NETWORK+jpeg75 is one behind a defence (docs/defences.md), '*+jpeg75' each of them.",
        GROWS,
    )
    zoo: str = flag(
        "auto",
        "imagenet, demo, or auto: ImageNet where the source's checkpoint is found.",
        choices=("auto", "imagenet", "demo"),
    )
    checkpoint_path: str = flag(
        "", "Folder of the checkpoints. Default: checkpoints, or the demo zoo's own.", MANNER
    )
    input_csv: str = flag(
        "",
        "CSV with ImageId, TrueLabel, TargetClass. Default: data/imagenet/dev_dataset.csv, or the "
        "demo zoo's own.",
        MANNER,
    )
    input_dir: str = flag(
        "", "Folder of the ImageId.png. Default: data/imagenet/images, or the demo zoo's.", MANNER
    )
    image: str = flag(
        "",
        "One photo (PNG, JPEG, WebP, BMP) instead of --input_csv and --input_dir. Its centre "
        "square is attacked; results go below OUTPUT_DIR/NAME.",
        MANNER,
    )
    true_label: str = flag(
        "",
        "Label of --image, or of all images of an --input_dir without labels: a number or a "
        "class's name. Default: the source's clean prediction.",
        MANNER,
    )
    label_format: str = flag(
        "auto",
        "What --input_csv is: dev_dataset (ImageId, TrueLabel), or of another tool (labels_csv, "
        "class_index, two_columns, json_lines; docs/own_images.md). auto: by its columns.",
        MANNER,
        choices=("auto", NATIVE, *FORMATS),
    )
    label_offset: int | None = flag(
        None,
        "What to add to the labels of another tool's --input_csv: 1 where they count from 0, else "
        "0. Default: as its kind says.",
        MANNER,
    )
    class_names: str = flag(
        "", "File with the classes' names, one a line, background first.", MANNER
    )
    skip_missing_images: bool = flag(
        False,
        "Leave out rows of the CSV whose image isn't there, and photos that can't be read, instead "
        "of stopping.",
        MANNER,
    )
    limit: int | None = flag(
        None, "Use only the first so many images; a later run may raise it.", GROWS
    )
    label: str = flag(
        "true",
        "Attack away from the CSV's TrueLabel (true) or the source's clean prediction (predicted).",
        choices=("true", "predicted"),
    )
    seed: int = flag(0, "Seed of all random draws.")
    dtype: str = flag(
        "float32",
        "Of the source's convolutions: float32 or bfloat16 (the rest stays float32).",
        choices=("float32", "bfloat16"),
    )
    tf32: bool = flag(
        False,
        "Let a GPU round the factors of the source's products to 10 bits (TF32): faster, less "
        "exact. Victims are judged without.",
        LATER,
    )
    deterministic: bool = flag(
        False,
        "Use only ops that add in the same order each time: the same bytes again on one GPU too, "
        "slower (docs/gpu.md).",
        MANNER,
    )
    jit_compile: bool = flag(False, "Compile the attack loop with XLA; meant for GPUs.")
    batch_size: int = flag(
        16, "Images per batch; one of 8 or fewer is filled up with the other modes' images.", MANNER
    )
    devices: int = flag(
        1, "Devices to craft on: GPUs, or parts of the processor where there is none.", MANNER
    )
    victim_preprocessing: str = flag(
        "own",
        "own: each victim's correct preprocessing; as_published: [-1, 1] for VGG and DenseNet too, "
        "as in the FGNM authors' script.",
        choices=("own", "as_published"),
    )
    output_dir: str = flag(
        "results",
        "Results go to OUTPUT_DIR/ZOO/SOURCE/METHOD/epsEPSILON (a --step_size appended).",
        MANNER,
    )
    snapshots: tuple[str, ...] = flag(
        (),
        "Iterations, comma-separated: each leaves a run folder of its own, as a run of --num_iter "
        "that many with the same --step_size would, at no more gradients than the last.",
        MANNER,
    )
    overwrite: bool = flag(False, "Start anew where the run's folder has results.", MANNER)
    attack: AttackSettings = field(default_factory=AttackSettings)

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", parse_method(self.method).name)
        object.__setattr__(self, "mode", tuple(parse_mode(mode).name for mode in self.mode))
        for item in fields(self):
            choices = item.metadata.get("choices")
            if choices and getattr(self, item.name) not in choices:
                hint = "; --true_label says what a photo shows" if item.name == "label" else ""
                raise UsageError(
                    f"--{item.name} is {getattr(self, item.name)!r}; it must be one of "
                    f"{', '.join(choices)}{hint}."
                )
        for name, (smallest, largest) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not smallest <= value <= largest:
                raise UsageError(
                    f"--{name} is {value}; it must be a whole number from {smallest} to {largest}."
                )
        if self.batch_size % self.devices:
            raise UsageError(
                f"--batch_size {self.batch_size} can't be shared evenly by --devices "
                f"{self.devices}: make it a multiple."
            )
        for name in ("source", "victims", "mode"):
            value = getattr(self, name)
            if len(set(value)) != len(value):
                raise UsageError(f"--{name} names something twice: {','.join(value)}.")
        check_snapshots(self.snapshots, parse_method(self.method).iterations(self.attack.num_iter))
        if not self.output_dir:
            raise UsageError("--output_dir is empty: give a folder for the results.")
        if not self.modes:
            raise UsageError("--mode is empty: give one, such as affine.")

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes to run, sign first where it is compared with."""
        others = tuple(mode for mode in self.mode if mode != REFERENCE)
        compared = self.compare_sign or REFERENCE in self.mode
        return ((REFERENCE,) if compared else ()) + others

    def of_snapshots(self) -> dict[int, "RunConfig"]:
        """Returns iteration -> the run that its snapshot is; the last iteration is this run."""
        steps = parse_method(self.method).iterations(self.attack.num_iter)
        return {
            number: replace(
                self,
                snapshots=(),
                attack=replace(self.attack, num_iter=number, step_size=step_of(self.attack, steps)),
            )
            for number in sorted(map(int, self.snapshots))
            if number < steps
        }

    def recipe(self) -> dict[str, Any]:
        """Returns the flags that the results depend on, for run.json and to compare runs by."""
        return {
            item.name: _plain(value)
            for item in fields(self)
            if (role := item.metadata.get("role")) in (RECIPE, LATER)
            and ((value := getattr(self, item.name)) != item.default or role == RECIPE)
        } | self.attack.recipe()

    def all_flags(self) -> dict[str, Any]:
        """Returns every flag under its own name."""
        flags = {item.name: _plain(getattr(self, item.name)) for item in fields(self)}
        flags.pop("attack")
        return flags | asdict(self.attack)

    @classmethod
    def of_flags(cls, flags: Mapping[str, Any]) -> "RunConfig":
        """Makes a configuration from flags by name, as `all_flags` returns them.

        Raises:
          UsageError, MethodError: a value that can't be obeyed.
        """
        for item in (*fields(cls), *fields(AttackSettings)):
            if item.name in flags and not _fits(str(item.type), flags[item.name]):
                raise UsageError(
                    f"--{item.name} is {flags[item.name]!r:.80}, a value of the wrong kind: see "
                    "`python attack.py --help`."
                )
        attack_types = {item.name: str(item.type) for item in fields(AttackSettings)}
        own_names = {item.name for item in fields(cls)} - {"attack"}
        own = {name: flags[name] for name in own_names if name in flags}
        own = {name: tuple(v) if isinstance(v, list) else v for name, v in own.items()}
        for name in ("source", "victims"):
            # The flag was split at every comma; a network's own name may hold one.
            own[name] = split_names(own.get(name, ()))
        attack = {
            name: _typed(kind, flags[name]) for name, kind in attack_types.items() if name in flags
        }
        for name, value in attack.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise UsageError(f"--{name} is {value}; it must be a finite number.")
        return cls(**own, attack=AttackSettings(**attack))

    @classmethod
    def of_record(cls, record: RunRecord) -> "RunConfig":
        """Makes the configuration of a recorded run; raises as `of_flags`."""
        return cls.of_flags(record.flags.model_dump())

    def folder(self, zoo: str, sources: tuple[str, ...]) -> Path:
        """Returns OUTPUT_DIR/ZOO/SOURCE/METHOD/eps16 (eps2.5 for 2.5; _targeted appended).

        A step size of one's own gives eps16_iter5_step0.8: attacks that differ in number or length
        of such steps have folders of their own.
        """
        # Names such as keras:ResNet50 or saved_model:/a/b hold what a folder's name may not.
        source = "".join(c if c.isalnum() or c in "._-+" else "_" for c in "+".join(sources))
        name = self.attack.bound.folder_name
        if self.attack.step_size is not None:
            steps = parse_method(self.method).iterations(self.attack.num_iter)
            name += f"_iter{steps}_step{plain_number(self.attack.step_size)}"
        targeted = "_targeted" if self.attack.targeted else ""
        # A photo has results of its own, beside those of other photos.
        photo = safe_name(Path(self.image).stem) if self.image else ""
        return Path(self.output_dir) / photo / zoo / source / self.method / (name + targeted)


def _fits(annotation: str, value: Any) -> bool:
    """Whether a value is of a flag's declared type."""
    if value is None:
        return "None" in annotation
    if isinstance(value, bool):
        return "bool" in annotation
    if "tuple" in annotation:
        parts = (value,) if isinstance(value, str) else value
        return isinstance(parts, (tuple, list)) and all(isinstance(each, str) for each in parts)
    kinds: dict[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "str": str}
    return any(word in annotation and isinstance(value, kind) for word, kind in kinds.items())


def _typed(annotation: str, value: Any) -> Any:
    """A grid's or a page's whole number as the flag's kind, as the command line gives it."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if whole and "float" in annotation else value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
