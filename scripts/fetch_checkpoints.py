"""Downloads and unpacks the published tarballs of checkpoints; see scripts/fetch_checkpoints.sh.

Only files with the expected names are taken out of a tarball, so it cannot write anywhere else, and
each is examined before it counts as fetched. A download that breaks off stays as TARBALL.part and
the next run goes on from there. The exit code is 0 only where every network asked for is there.
"""

import argparse
import http.client
import os
import re
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from tqdm import tqdm

from models import NETWORKS, Network, find_checkpoint
from models.diagnosis import diagnose
from utils.commands import command
from utils.errors import BenchError, ModelError, UnknownNetwork

PUBLISHED = "http://download.tensorflow.org/models/"
CHUNK = 1 << 16
ATTEMPTS = 3
TIMEOUT_SECONDS = 60
# More than the largest published tarball (VGG-19, 0.5 GiB) and what is in it.
MOST_BYTES = 1 << 30


def download(url: str, part: Path) -> None:
    """Downloads to `part`, going on from what is there of it.

    Raises:
      ModelError: it cannot be had; what was downloaded stays.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            if _download_once(url, part):
                return
        except urllib.error.HTTPError as error:
            if error.code == 416:  # nothing is left after `part`, or it is of another file
                if _complete(error, part):
                    return
                part.unlink()
                continue
            raise ModelError(f"{url} answers {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            if attempt == ATTEMPTS:
                raise ModelError(f"{url} cannot be downloaded ({error}): run it again") from error
    held = part.stat().st_size if part.exists() else 0
    raise ModelError(f"{url} broke off after {held} bytes: run it again to go on from there")


def _complete(answer: urllib.error.HTTPError, part: Path) -> bool:
    total = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("Content-Range", ""))
    return total is not None and int(total[1]) == part.stat().st_size


def _download_once(url: str, part: Path) -> bool:
    """Whether all of it is there afterwards."""
    start = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        resumed = answer.status == 206
        length = answer.headers.get("Content-Length")
        if length and not re.fullmatch(r"[0-9]{1,18}", length):
            raise ModelError(f"{url} answers with a Content-Length of {length[:40]!r}")
        total = int(length) + (start if resumed else 0) if length else None
        _check_room(url, total or 0, part.parent)
        held = start if resumed else 0
        with (
            part.open("ab" if resumed else "wb") as file,
            tqdm(
                total=total,
                initial=start if resumed else 0,
                unit="B",
                unit_scale=True,
                desc=part.stem,
                disable=None,
            ) as bar,
        ):
            while chunk := answer.read(CHUNK):
                held += len(chunk)
                _check_room(url, held, None)
                file.write(chunk)
                bar.update(len(chunk))
    return total is None or part.stat().st_size == total


def _check_room(what: object, size: int, folder: Path | None) -> None:
    """Raises ModelError where so many bytes are too many: for any checkpoint, or for the disk."""
    if size > MOST_BYTES:
        raise ModelError(
            f"{what} is larger than {MOST_BYTES >> 20} MiB: no published checkpoint is"
        )
    if folder is not None and size > shutil.disk_usage(folder).free:
        raise ModelError(f"{what} takes {size >> 20} MiB, more than is free in {folder}")


def unpack(tarball: Path, network: Network, folder: Path) -> list[Path]:
    """Takes a network's checkpoint out of a tarball, whatever folder it is in there.

    Raises:
      ModelError: the tarball is damaged or does not hold it; nothing is left in the folder.
    """
    names = "|".join(re.escape(name) for name in network.files)
    wanted = re.compile(rf"({names})(\.index|\.data-\d{{5}}-of-\d{{5}})?")
    taken: list[Path] = []
    total = 0
    try:
        for name, size, member in _members(tarball):
            if wanted.fullmatch(name):
                total += size
                _check_room(f"what the tarball holds as {name}", total, folder)
                target = folder / name
                # Listed first: what a damaged tarball leaves half-written goes, too.
                taken.append(target)
                with member, target.open("wb") as file:
                    shutil.copyfileobj(member, file)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        _remove(taken)
        raise ModelError(f"the tarball is damaged ({error})") from error
    if not taken:
        raise ModelError(f"the tarball holds no {network.files[0]}")
    return taken


def _members(tarball: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    with tarfile.open(tarball, "r:gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            # Links and devices are passed over; a sparse file makes gigabytes of a few bytes.
            if content is not None and not member.issparse():
                yield os.path.basename(member.name), member.size, content


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def fetch(network: Network, folder: Path, url: str) -> str:
    """Puts a network's checkpoint into a folder, unless it is there; returns what was done.

    Raises:
      ModelError: it cannot be had, is damaged or does not fit.
    """
    if found := find_checkpoint(network, folder):
        return f"already there: {found}"
    if network.tarball is None:
        names = " or ".join(f"{name}.index with {name}.data-*" for name in network.files)
        raise ModelError(
            "it has no public direct link: take it from the port that publishes it and put "
            f"{names} into {folder}"
        )
    part = folder / f"{network.tarball}.part"
    download(url.rstrip("/") + "/" + network.tarball, part)
    # Unpacked beside the place and moved there whole: nothing half-written has a final name.
    workplace = folder / f".{network.name}"
    workplace.mkdir(exist_ok=True)
    try:
        files = unpack(part, network, workplace)
        found = find_checkpoint(network, workplace)
        error = diagnose(network, found).error if found else "the tarball lacks the .index file"
        if error:
            raise ModelError(f"what was in the tarball is not usable: {error}")
        for file in files:
            os.replace(file, folder / file.name)
    finally:
        # Kept, a damaged tarball would only be found damaged again.
        part.unlink(missing_ok=True)
        shutil.rmtree(workplace)
    return f"fetched: {find_checkpoint(network, folder)}"


def choose(names: Sequence[str]) -> list[Network]:
    """The rows asked for; all with a public link where none is named.

    Raises:
      UnknownNetwork: a name is not an ImageNet network's.
    """
    imagenet = {name: row for name, row in NETWORKS.items() if row.zoo == "imagenet"}
    unknown = [name for name in names if name not in imagenet]
    if unknown:
        raise UnknownNetwork(f"{unknown[0]} cannot be fetched; the names are {', '.join(imagenet)}")
    return [imagenet[name] for name in names] or [row for row in imagenet.values() if row.tarball]


@command("fetch_checkpoints.py")
def main(arguments: list[str]) -> int:
    """Fetches what is asked for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="fetch_checkpoints.sh", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks; all without any")
    parser.add_argument("--checkpoint_path", type=Path, default=Path("checkpoints"))
    parser.add_argument("--url", default=PUBLISHED, help="where the tarballs are")
    flags = parser.parse_args(arguments)
    networks = choose(flags.names)
    flags.checkpoint_path.mkdir(parents=True, exist_ok=True)
    failed = 0
    for network in networks:
        try:
            print(f"{network.name}: {fetch(network, flags.checkpoint_path, flags.url)}", flush=True)
        except (BenchError, OSError) as error:
            failed += 1
            print(f"{network.name}: NOT FETCHED: {error}", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
