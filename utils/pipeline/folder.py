"""The folder of one run: who may write there, what it holds, and what is finished in it."""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from methods import MODES
from utils.errors import RunError, UsageError
from utils.journal import Journal
from utils.pipeline.journals import CraftedImage, Prediction
from utils.pipeline.record import RUN_FILE, Identity, RunRecord

TABLES = ("transfer.csv", "per_image.csv", "steps.csv")
_PROGRESS, _CRAFTED, _JUDGED = ".progress", "crafted.jsonl", "judged.jsonl"


class RunFolder:
    """Paths and records of one run."""

    def __init__(self, path: Path):
        self.path = Path(path)
        progress = self.path / _PROGRESS
        self.crafted = Journal(progress / _CRAFTED, CraftedImage)
        self.judged = Journal(progress / _JUDGED, Prediction)

    def png(self, mode: str, image_id: str) -> Path:
        """Returns the place of one adversarial image."""
        return self.path / mode / f"{image_id}.png"

    def read_earlier(self, identity: Identity) -> RunRecord | None:
        """Returns the record of an earlier run that this one continues, if there is one.

        Raises:
          DataError: run.json can't be read.
          UsageError: it tells of another run, or there are images without it.
        """
        earlier = RunRecord.read(self.path)
        if earlier is not None:
            identity.check_continues(earlier.identity, self.path)
        elif any((self.path / mode).exists() for mode in MODES):
            raise UsageError(
                f"{self.path} holds images without a run.json: give another --output_dir, or "
                "--overwrite to start anew."
            )
        return earlier

    def clear(self, image_ids: Iterable[str]) -> None:
        """Removes what a run leaves, and nothing else.

        Args:
          image_ids: the images that are attacked anew; those of the earlier run are recorded.
        """
        made = {(each.mode, each.image_id) for each in self.crafted}
        made |= {(mode, image_id) for mode in MODES for image_id in image_ids}
        for mode, image_id in made:
            # A record may be forged: nothing beside the modes' own folders is touched.
            if mode in MODES and Path(image_id).name == image_id:
                self.png(mode, image_id).unlink(missing_ok=True)
        for mode in MODES:
            with contextlib.suppress(OSError):
                (self.path / mode).rmdir()
        for name in (RUN_FILE, *TABLES):
            (self.path / name).unlink(missing_ok=True)
        for name in (_CRAFTED, _JUDGED):
            (self.path / _PROGRESS / name).unlink(missing_ok=True)

    def _remove_partial_files(self) -> None:
        """Removes temporary files of a run that was killed while it wrote."""
        for path in (self.path, *(self.path / mode for mode in MODES)):
            for partial in path.glob(".*.partial"):
                partial.unlink(missing_ok=True)


@contextmanager
def open_run_folder(path: Path, output_dir: Path) -> Iterator[RunFolder]:
    """Makes the folder and holds it for this process alone.

    Args:
      path: the run's folder, inside output_dir.
      output_dir: nothing outside it is written; no part of the path below it, and not it itself,
        may be a symbolic link.

    Raises:
      UsageError: a symbolic link on the way.
      RunError: another process is at work there, or it can't be written.
    """
    folder = RunFolder(path)
    refuse_links(path, output_dir)
    progress = folder.path / _PROGRESS
    try:
        progress.mkdir(parents=True, exist_ok=True)
        lock = os.open(progress / "lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise RunError(
            f"{folder.path} can't be written: {error.strerror}. Choose another --output_dir."
        ) from error
    try:
        try:
            # The kernel lets go of it when the process ends, however it ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(
                f"Another process is writing to {folder.path}: wait for it, or choose another "
                "--output_dir."
            ) from error
        folder._remove_partial_files()
        yield folder
    finally:
        os.close(lock)


def refuse_links(path: Path, output_dir: Path) -> None:
    """Makes sure that writing to a run's folder writes nothing elsewhere.

    Raises:
      UsageError: a symbolic link on the way there, or in it.
    """
    below = [path, *(parent for parent in path.parents if output_dir in parent.parents)]
    inside = [path / name for name in (_PROGRESS, RUN_FILE, *TABLES, *MODES)]
    journals = [path / _PROGRESS / name for name in (_CRAFTED, _JUDGED, "lock")]
    for each in (output_dir, *below, *inside, *journals):
        if each.is_symlink():
            raise UsageError(
                f"{each} is a symbolic link to {os.readlink(each)}: give the folder itself as "
                "--output_dir, or remove the link."
            )
