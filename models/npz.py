"""Reads checkpoints that are NumPy archives: one array a variable, as tensorpack writes them.

Their leaves have names of their own; here a variable has the one that slim gives it:
  L/W, L/b                           L/weights, L/biases
  L/bn/gamma, L/bn/beta              L/BatchNorm/gamma, L/BatchNorm/beta
  L/bn/mean/EMA, L/bn/variance/EMA   L/BatchNorm/moving_mean, L/BatchNorm/moving_variance
Arrays alone are read; what is pickled is refused.
"""

from pathlib import Path

import numpy as np
from numpy.lib import format as npy

SUFFIX = ".npz"

# The file's leaf and slim's.
_LEAVES = (
    ("/bn/gamma", "/BatchNorm/gamma"),
    ("/bn/beta", "/BatchNorm/beta"),
    ("/bn/mean/EMA", "/BatchNorm/moving_mean"),
    ("/bn/variance/EMA", "/BatchNorm/moving_variance"),
    ("/W", "/weights"),
    ("/b", "/biases"),
)


def slim_name(key: str) -> str:
    """The variable's name as slim has it: `block0/conv1/W:0` gives `block0/conv1/weights`."""
    name = key.removesuffix(":0")
    for leaf, renamed in _LEAVES:
        if name.endswith(leaf):
            return name.removesuffix(leaf) + renamed
    return name


def npz_name(name: str) -> str:
    """What such a file calls the variable that slim calls `name`."""
    for leaf, renamed in _LEAVES:
        if name.endswith(renamed):
            return name.removesuffix(renamed) + leaf
    return name


class NpzReader:
    """The part of TensorFlow's checkpoint reader that is needed, for an npz file."""

    def __init__(self, path: Path) -> None:
        """Opens it.

        Raises:
          ValueError, OSError, KeyError: it is no archive of arrays.
        """
        # Kept open from the first value on alone: most files are only asked what they hold.
        self._path = path
        self._opened: np.lib.npyio.NpzFile | None = None
        with self._open() as archive:
            self._keys = {slim_name(key): key for key in archive.files}
            self._shapes = {name: self._shape(archive, key) for name, key in self._keys.items()}

    def _open(self) -> np.lib.npyio.NpzFile:
        # What is pickled is refused unless one asks for it.
        opened = np.load(self._path)
        if not isinstance(opened, np.lib.npyio.NpzFile):
            raise ValueError("it is no archive of arrays")
        return opened

    @staticmethod
    def _shape(archive: np.lib.npyio.NpzFile, key: str) -> list[int]:
        """An array's shape, from its header alone: a small file may claim a huge array."""
        with archive.zip.open(f"{key}.npy") as member:
            version = npy.read_magic(member)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read(member)
        if dtype.hasobject:
            raise ValueError(f"{key} holds Python objects")
        return list(shape)

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """Variable -> shape."""
        return dict(self._shapes)

    def key(self, name: str) -> str:
        """What the file calls a variable, or would call one that it lacks."""
        return self._keys.get(name) or npz_name(name)

    def get_tensor(self, name: str) -> np.ndarray:
        """A variable's value.

        Raises:
          ValueError, OSError, KeyError, zipfile.BadZipFile: it is damaged.
        """
        # Opening lists all members: anew for each variable, it was most of the time of reading.
        if self._opened is None:
            self._opened = self._open()
        return self._opened[self._keys[name]]
