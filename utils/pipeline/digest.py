"""One digest over all that a run leaves, so that a figure in print can be tied to its bytes."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from utils.files import sha256_of
from utils.pipeline.folder import TABLES
from utils.pipeline.run import Run


def images_digest(sha256: Iterable[str]) -> str:
    """Returns the SHA-256 over those of the originals, in the run's order."""
    return _digest(list(sha256))


def results_digest(png_sha256: Mapping[tuple[str, str], str], run: Run) -> str:
    """Returns the SHA-256 over a run's recipe, networks, originals, PNGs and tables.

    Args:
      png_sha256: (mode, image id) -> SHA-256 of each adversarial PNG.
      run: its tables are read.

    Raises:
      DataError: a table can't be read.
    """
    record = run.record
    networks = {
        kind: {name: network.sha256 for name, network in found.items()}
        for kind, found in (("sources", record.sources), ("victims", record.victims))
    }
    pngs = {f"{mode}/{image_id}.png": found for (mode, image_id), found in png_sha256.items()}
    tables = {name: sha256_of(run.folder.path / name) for name in TABLES}
    return _digest(
        {
            "identity": record.identity.model_dump(),
            "images": record.images_sha256,
            "mean_cosine": record.mean_cosine,
            "modes": record.modes,
            "files": pngs | tables,
        }
        | networks
    )


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
