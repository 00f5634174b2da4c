"""Finds checkpoints, reads them (V1 files, V2 bundles, npz) and checks what is inside.

Only TensorFlow's own checkpoint reader, or NumPy's without pickles, opens them: nothing in a
checkpoint is executed, and the names of a bundle's data files follow from its prefix, so an index
cannot point at another file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.external import FETCHED_BY_KERAS, is_external, parse_external
from models.folding import checkpoint_shapes, optional_shapes
from models.npz import SUFFIX, NpzReader
from models.zoo import NETWORKS, Network
from utils.errors import ModelError, first_line
from utils.hashes import file_sha256
from utils.quiet import tf

_BUNDLE_PART = re.compile(r"\.(index|data-\d{5}-of-\d{5})$")
DOCTOR = "`python scripts/doctor.py --checkpoint_path FOLDER` examines a folder of checkpoints"


def _prefix(path: Path) -> Path | None:
    """The checkpoint that `path` names: a V1 file, a bundle's prefix, or one of its parts."""
    if _BUNDLE_PART.search(path.name):
        path = path.with_name(_BUNDLE_PART.sub("", path.name))
    if path.with_name(path.name + ".index").is_file() or path.is_file():
        return path
    return None


def list_checkpoints(folder: str | Path) -> list[Path]:
    """The prefixes of all checkpoints in a folder, by their file names alone."""
    found = set()
    for path in Path(folder).iterdir():
        if _BUNDLE_PART.search(path.name):
            found.add(path.with_name(_BUNDLE_PART.sub("", path.name)))
        elif path.suffix in (".ckpt", SUFFIX) and path.is_file():
            found.add(path)
    return sorted(found)


def find_checkpoint(network: Network | str, path: str | Path) -> Path | None:
    """Looks for a network's checkpoint under the names that the zoo gives it.

    Args:
      network: a row of the zoo or its name; or an external network's name.
      path: a folder (which may have a folder called as the network inside), or a checkpoint itself.

    Returns:
      The checkpoint's prefix (V2) or file (V1), or None. A checkpoint named directly is returned
      whatever it is called; an external network's is what `ExternalNetwork.find` says.
    """
    if isinstance(network, str) and is_external(network):
        return parse_external(network).find(path)
    row = NETWORKS.get(network) if isinstance(network, str) else network
    path = Path(path)
    if row is None:
        return None
    if not path.is_dir():
        return _prefix(path)
    for folder in (path, path / row.name):
        for name in row.files:
            if prefix := _prefix(folder / name):
                return prefix
    return None


def owner_of(prefix: Path) -> Network | None:
    """The network whose name a checkpoint has; None for any other name."""
    return next((row for row in NETWORKS.values() if prefix.name in row.files), None)


def require_checkpoint(network: Network, path: str | Path) -> Path:
    """As `find_checkpoint`, but a folder's only checkpoint will do under any name.

    Raises:
      ModelError: there is none; the message says where it was looked for and under which names.
    """
    if prefix := find_checkpoint(network, path):
        if (owner := owner_of(prefix)) not in (None, network):
            raise ModelError(
                f"{prefix} is by its name the checkpoint of {owner.name}, not of {network.name}: "
                "rename it if it is"
            )
        return prefix
    path = Path(path)
    if not path.exists():
        raise ModelError(
            f"{path} does not exist: give a checkpoint of {network.name} or its folder"
        )
    if not path.is_dir():
        raise ModelError(f"{path} cannot be read as a checkpoint: it is not a regular file")
    held = list_checkpoints(path)
    known = {name for row in NETWORKS.values() for name in row.files}
    if len(held) == 1 and held[0].name not in known:
        return held[0]
    holds = ", ".join(prefix.name for prefix in held) or "no checkpoint at all"
    raise ModelError(
        f"no checkpoint of {network.name} in {path}: expected {' or '.join(network.files)} "
        f"(one file, or .index and .data-*), but it holds {holds}; {DOCTOR}"
    )


def checkpoint_files(prefix: str | Path) -> list[Path]:
    """The files of a checkpoint, sorted.

    Those of a V1 file, of a bundle (index and data), of a SavedModel's folder, of an ONNX model and
    the weights beside it; none where Keras fetches the weights.
    """
    prefix = Path(prefix)
    if prefix == FETCHED_BY_KERAS:
        return []
    if prefix.is_dir():
        return sorted(path for path in prefix.rglob("*") if path.is_file())
    parts = [
        path
        for path in prefix.parent.iterdir()
        if path.name.startswith(prefix.name)
        and _BUNDLE_PART.fullmatch(path.name.removeprefix(prefix.name))
    ]
    if prefix.suffix == ".onnx":
        # Weights of large models lie beside them: model.onnx.data, model.onnx_data.
        parts = [path for path in prefix.parent.iterdir() if path.name.startswith(prefix.name)]
    return sorted(parts) or [prefix]


def checkpoint_sha256(prefix: str | Path) -> dict[str, str]:
    """File name -> SHA-256 in hexadecimal, for each of `checkpoint_files`.

    Files that were not touched since are read once.

    Raises:
      DataError: they can't be read.
    """
    folder = Path(prefix) if Path(prefix).is_dir() else Path(prefix).parent
    return {str(path.relative_to(folder)): file_sha256(path) for path in checkpoint_files(prefix)}


@dataclass(frozen=True)
class Examination:
    """What a checkpoint holds of what a network needs; names without the scope.

    Attributes:
      scope: the checkpoint's scope for the network ("" where it has none or nothing matches).
      matched: variables present with the right shape.
      missing: variables that it lacks.
      misshapen: variable -> (its shape, the expected one).
      extra: full names of variables that the network does not need.
    """

    scope: str
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    misshapen: Mapping[str, tuple[list[int], list[int]]]
    extra: tuple[str, ...]


class Checkpoint:
    """A checkpoint open for reading."""

    def __init__(self, prefix: str | Path) -> None:
        """Opens it.

        Raises:
          ModelError: it cannot be read as a checkpoint.
        """
        self.prefix = Path(prefix)
        # TensorFlow would wait for ever at a pipe.
        for path in checkpoint_files(prefix):
            if path.exists() and not path.is_file():
                raise ModelError(f"{path} cannot be read: it is not a regular file")
        npz = self.prefix.suffix == SUFFIX
        try:
            self._reader = NpzReader(self.prefix) if npz else tf.train.load_checkpoint(str(prefix))
            self.shapes: dict[str, list[int]] = self._reader.get_variable_to_shape_map()
        except Exception as error:  # noqa: BLE001 (the reader raises many kinds, none of its own)
            raise ModelError(
                f"{prefix} cannot be read as {'an npz' if npz else 'a TensorFlow'} checkpoint "
                f"({first_line(error)}): fetch it again"
            ) from error

    def examine(self, folded: Mapping[str, list[int]], network: Network) -> Examination:
        """Compares the checkpoint's names and shapes with a network's.

        Args:
          folded: the folded network's variables and shapes, under the network's own scope.
          network: its row.
        """
        inner = {name.removeprefix(network.scope + "/"): shape for name, shape in folded.items()}
        needed = checkpoint_shapes(inner, network.batch_norm_gamma)
        accepted = {**optional_shapes(inner), **needed}
        scope = self._find_scope(needed, network.scope)
        under = _under(scope, "")
        held = {
            name.removeprefix(under): shape
            for name, shape in self.shapes.items()
            if name.startswith(under)
        }
        used = {name: accepted[name] for name in held if name in accepted}
        misshapen = {
            name: (held[name], shape) for name, shape in used.items() if held[name] != shape
        }
        return Examination(
            scope=scope,
            matched=tuple(name for name in used if name not in misshapen),
            missing=tuple(name for name in needed if name not in held),
            misshapen=misshapen,
            extra=tuple(
                name
                for name in self.shapes
                if not (name.startswith(under) and name.removeprefix(under) in used)
            ),
        )

    def _find_scope(self, needed: Mapping[str, list[int]], own: str) -> str:
        """The scope under which most of a network's variables are; its own on a tie."""
        counts: Counter[str] = Counter()
        for name in self.shapes:
            parts = name.split("/")
            for cut in range(len(parts)):
                if "/".join(parts[cut:]) in needed:
                    counts["/".join(parts[:cut])] += 1
        return max(counts, key=lambda scope: (counts[scope], scope == own), default=own)

    def read(self, folded: Mapping[str, list[int]], network: Network) -> dict[str, np.ndarray]:
        """Reads and checks all that a network needs.

        Args:
          folded: the folded network's variables and shapes, under the network's own scope.
          network: its row.

        Returns:
          Values under the network's own scope, for `folding.fold`.

        Raises:
          ModelError: a variable is missing, misshapen, unreadable, not a number or not finite.
        """
        found = self.examine(folded, network)
        self._refuse_mismatch(found, network)
        return {
            f"{network.scope}/{name}": self._read_variable(_under(found.scope, name))
            for name in found.matched
        }

    def _refuse_mismatch(self, found: Examination, network: Network) -> None:
        needed = len(found.matched) + len(found.missing) + len(found.misshapen)
        if len(found.matched) < needed / 2:
            example = next(iter(sorted(self.shapes)), "nothing")
            raise ModelError(
                f"{self.prefix} is not a checkpoint of {network.name}: only {len(found.matched)} "
                f"of {needed} variables fit (it holds {example} ...); {DOCTOR}"
            )
        if found.missing:
            names = [self._key(_under(found.scope, name)) for name in found.missing]
            raise ModelError(
                f"{self.prefix} lacks {len(names)} of the {needed} variables of {network.name}: "
                f"{_some(names)}; {DOCTOR}"
            )
        if found.misshapen:
            names = [
                f"{self._key(_under(found.scope, name))} is {shape} instead of {expected}"
                for name, (shape, expected) in found.misshapen.items()
            ]
            raise ModelError(f"{self.prefix} does not fit {network.name}: {_some(names)}; {DOCTOR}")

    def _key(self, name: str) -> str:
        """What the file calls a variable."""
        return self._reader.key(name) if isinstance(self._reader, NpzReader) else name

    def _read_variable(self, name: str) -> np.ndarray:
        try:
            value = np.asarray(self._reader.get_tensor(name))
            value = value.astype(np.float64 if value.dtype == np.float64 else np.float32)
        except Exception as error:  # noqa: BLE001 (as above)
            raise ModelError(
                f"variable {self._key(name)} of {self.prefix} cannot be read "
                f"({first_line(error)}): the file is damaged or incomplete, fetch it again"
            ) from error
        if not np.all(np.isfinite(value)):
            raise ModelError(
                f"variable {self._key(name)} of {self.prefix} holds NaN or infinity: fetch it again"
            )
        return value


def _under(scope: str, name: str) -> str:
    return f"{scope}/{name}" if scope else name


def _some(names: list[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
