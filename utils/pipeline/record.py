"""run.json: what a run was asked for, what it used and how far it got. Needs no TensorFlow."""

import json
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from utils.answers import holds_answers
from utils.bound import Bound
from utils.class_names import named_zoo
from utils.errors import DataError, UsageError
from utils.files import read_regular, write_atomically
from utils.pipeline.moving import as_read, as_written
from utils.success import REFERENCE

RUN_FILE = "run.json"
PREDICTED = "the clean prediction of"
# Thousands of victims and commands take less.
_MOST_BYTES = 1 << 26


class _Typed(BaseModel):
    # A value of another type is refused, never converted: it would not be what the run wrote.
    model_config = ConfigDict(strict=True)


class RecordedNetwork(_Typed):
    """A network of a run.

    Attributes:
      checkpoint: its file or prefix.
      sha256: file name -> SHA-256 of each file of the checkpoint.
      published_accuracy: clean top-1 accuracy that others report, in percent.
      stands_for: the network, where its name is a short one that the user gave.
    """

    checkpoint: str
    sha256: dict[str, str]
    published_accuracy: float | None = None
    stands_for: str = ""

    @property
    def weights(self) -> str:
        """What its weights are, one digest a file, and with what options a short name has them."""
        _, question, options = self.stands_for.partition("?")
        return "+".join(self.sha256.values()) + question + options

    def stands_for_answers(self, name: str) -> bool:
        """Whether it, which a run knows by a name, is a file of answers."""
        return holds_answers(self.stands_for or name)


class RecordedFlags(_Typed):
    """All flags of a run under their own names; here stand those that are read by name."""

    model_config = ConfigDict(strict=True, extra="allow")

    method: str
    max_epsilon: float
    norm: Literal["linf", "l2"] = "linf"
    max_l2: float | None = None
    num_iter: int
    step_size: float | None = None
    targeted: bool
    seed: int
    batch_size: int = 16
    victim_preprocessing: str = "own"
    input_csv: str
    input_dir: str


class Environment(_Typed):
    """What a run was computed with.

    Attributes:
      versions: package -> version.
      device: the devices' names.
      hardware: what these are, with their memory, the processor last; empty in older folders.
    """

    versions: dict[str, str]
    device: list[str]
    hardware: list[str] = []


class Threads(_Typed):
    """TensorFlow's threads, 0 where it chose their number itself.

    Attributes:
      intra_op: for one operation.
      inter_op: for operations beside each other.
    """

    intra_op: int = 0
    inter_op: int = 0


class RecordedPhoto(_Typed):
    """A photo that a run's PNG was made of.

    Attributes:
      file: its name.
      sha256: of the file.
      size: width and height in pixels, upright.
      crop: left, top and side of the square that was resized.
      changed: what else was done to it.
    """

    file: str
    sha256: str
    size: list[int]
    crop: list[int]
    changed: list[str] = []


class Preparation(_Typed):
    """How a run's PNGs and CSV were made of other images.

    Attributes:
      made_from: the photo, folder or label file.
      how: what was done to every image.
      labels: who said what TrueLabel is; begins with PREDICTED where a network did.
      left_out: how many images couldn't be read, or weren't there.
      why_left_out: the file of each -> why; empty in older folders.
      photos: ImageId -> the file that it was.
    """

    made_from: str
    how: str
    labels: str
    left_out: int = 0
    why_left_out: dict[str, str] = {}
    photos: dict[str, RecordedPhoto] = Field(min_length=1)


class RecordedImages(_Typed):
    """Adversarial images that another program made.

    Attributes:
      folders: mode -> where they were; the first is what the others are compared with.
      policy: what was done where there was a problem: "refuse", "drop" or "keep".
      problems: kind -> the images that had it.
    """

    folders: dict[str, str] = Field(min_length=1)
    policy: str
    problems: dict[str, list[str]] = {}


class Identity(_Typed):
    """What all results in one folder agree in.

    Attributes:
      flags: the recipe: every flag that the results depend on.
      content: what (a flag or a checkpoint) -> SHA-256.
    """

    flags: dict[str, Any]
    content: dict[str, Any]

    def check_continues(self, earlier: "Identity", folder: Path) -> None:
        """Makes sure that this run may go on in the folder of an earlier one.

        Raises:
          UsageError: it is another run; the sentence names the first difference.
        """
        cure = "give another --output_dir, or --overwrite to start anew."
        for name in {**self.flags, **earlier.flags}:
            # A flag may be left out at its default, which every folder before it had.
            value, before = (each.flags.get(name, "its default") for each in (self, earlier))
            if before != value:
                raise UsageError(
                    f"--{name} is {value}, but {folder} holds a run with {before}: {cure}"
                )
        for what, digest in self.content.items():
            if earlier.content.get(what) != digest:
                raise UsageError(
                    f"The content of {what} is another than in the run that {folder} holds: {cure}"
                )


class RunRecord(_Typed):
    """The content of run.json.

    Attributes:
      status: "complete" once the tables are written.
      zoo: "imagenet" or "demo".
      identity: what a later run in the folder must agree in.
      flags: every flag.
      modes: in the tables' order.
      sources: name -> the networks attacked.
      victims: name -> the networks judged on.
      images: how many.
      side: of the images, in pixels.
      method_title: the method's usual name; its letters in folders from before this was written.
      skipped_images: rows of the CSV whose image wasn't there.
      commands: the command lines that worked on the folder.
      started: when the last of them began, in ISO 8601.
      versions: package -> version.
      device: the devices' names.
      hardware: as in Environment.
      git_commit: of the program that the last command ran, "no git", or empty in older folders.
      threads: that it computed with.
      earlier_environments: where earlier commands in the folder ran on others than these.
      judged_in: other environments in which judge.py judged the folder anew.
      seconds: stage -> seconds that the last command spent in it.
      mean_cosine: mode -> mean cosine between step and gradient.
      images_sha256: one digest over the originals; empty in older folders.
      results_sha256: one digest over everything that the run left; empty until it is complete, and
        in older folders.
      written_in: where the folder was when run.json was written, for the paths in it that begin
        with "./" or "../"; empty in memory, where they are absolute, and in older folders.
      prepared: how the PNGs and the CSV were made, where the user gave other images.
      judged_images: where the adversarial PNGs were, where another program made them.
    """

    status: Literal["unfinished", "complete"]
    zoo: str = Field(pattern="^(imagenet|demo)$")
    identity: Identity
    flags: RecordedFlags
    modes: list[str]
    sources: dict[str, RecordedNetwork] = Field(min_length=1)
    victims: dict[str, RecordedNetwork]
    images: int
    side: int
    method_title: str = ""
    skipped_images: int = 0
    commands: list[str] = []
    started: str = ""
    versions: dict[str, str] = {}
    device: list[str] = []
    hardware: list[str] = []
    git_commit: str = ""
    threads: Threads = Threads()
    earlier_environments: list[Environment] = []
    judged_in: list[Environment] = []
    seconds: dict[str, float] = {}
    mean_cosine: dict[str, float] = {}
    images_sha256: str = ""
    results_sha256: str = ""
    written_in: str = ""
    prepared: Preparation | None = None
    judged_images: RecordedImages | None = None

    def model_post_init(self, _: object) -> None:
        """Names the method where an older run.json doesn't."""
        self.method_title = self.method_title or self.flags.method

    @property
    def complete(self) -> bool:
        """Whether the run came to its end."""
        return self.status == "complete"

    @property
    def environment(self) -> Environment:
        """What the last command ran on."""
        return Environment(versions=self.versions, device=self.device, hardware=self.hardware)

    @property
    def bound(self) -> Bound:
        """What its perturbations were held to."""
        return Bound.of_flags(self.flags.model_dump())

    @property
    def reference(self) -> str:
        """The mode that the others are compared with."""
        return next(iter(self.judged_images.folders)) if self.judged_images else REFERENCE

    @property
    def source(self) -> str:
        """The network attacked; "a+b" for an ensemble."""
        return "+".join(self.sources)

    @property
    def class_zoo(self) -> str:
        """The zoo whose classes its networks know; "" where they have others."""
        # Nobody knows what made the images that were judged alone.
        networks = self.victims if self.judged_images else self.sources | self.victims
        return named_zoo(self.zoo, [each.stands_for or name for name, each in networks.items()])

    @classmethod
    def read(cls, folder: Path) -> "RunRecord | None":
        """Returns the record of a run's folder, or None where there is none.

        Raises:
          DataError: run.json can't be read or is not what a run writes.
        """
        path = Path(folder) / RUN_FILE
        try:
            read = read_regular(path, _MOST_BYTES)
            if read is None:
                raise ValueError(f"more than {_MOST_BYTES >> 20} MiB")
            content = json.loads(read.decode("utf-8"))
            return cls.model_validate(
                as_read(content, folder) if isinstance(content, dict) else content
            )
        except DataError as error:
            if isinstance(error.__cause__, (FileNotFoundError, NotADirectoryError)):
                return None
            problem = str(error).removesuffix(".")
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "all of it"
            problem = f"{where}: {first['msg']}"
        except (ValueError, RecursionError) as error:
            problem = str(error)
        raise DataError(
            f"{path} is no run.json of attack.py ({problem}): move it away, or give --overwrite to "
            "start anew."
        )

    @staticmethod
    def exists(folder: Path) -> bool:
        """Whether a folder holds a run.json, of whatever content."""
        return os.path.exists(Path(folder) / RUN_FILE)

    def write(self, folder: Path) -> None:
        """Writes run.json, whole or not at all."""
        text = json.dumps(as_written(self._content(), folder), indent=2)
        write_atomically(Path(folder) / RUN_FILE, (text + "\n").encode())

    def _content(self) -> dict[str, Any]:
        # Most runs have none of this.
        rare = {"prepared", "judged_images"}
        content = self.model_dump(exclude={name for name in rare if getattr(self, name) is None})
        for network in (*content["sources"].values(), *content["victims"].values()):
            if not network["stands_for"]:
                del network["stands_for"]
        return content
