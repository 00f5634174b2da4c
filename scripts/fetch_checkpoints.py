"""Downloads and unpacks the published tarballs of checkpoints.

Says first how many GB that is; --dry_run stops there. Only files with the expected names are taken
out of a tarball, so it cannot write anywhere else, and each is examined before it counts as
fetched. A download that breaks off stays as TARBALL.part and the next run goes on from there. The
exit code is 0 only where every network asked for is there.

Examples:
  python scripts/fetch_checkpoints.py --dry_run
  python scripts/fetch_checkpoints.py inception_v3 vgg_16 --checkpoint_path checkpoints
"""

import gzip
import http.client
import os
import re
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from models import NETWORKS, Network, find_checkpoint
from models.costs import gigabytes, weight_bytes
from models.diagnosis import diagnose
from models.sizes import most_bytes
from utils.arguments import Parser
from utils.commands import command
from utils.errors import BenchError, Interrupted, ModelError, UnknownNetwork

PUBLISHED = "http://download.tensorflow.org/models/"
CHUNK = 1 << 16
ATTEMPTS = 3
TIMEOUT_SECONDS = 60


def download(url: str, part: Path, network: Network) -> None:
    """Downloads to `part`, going on from what is there of it.

    Raises:
      ModelError: it cannot be had, or is larger than a tarball of the network or than the disk has
        room for; what was downloaded stays.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            if _download_once(url, part, network):
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


def _download_once(url: str, part: Path, network: Network) -> bool:
    """Whether all of it is there afterwards."""
    start = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        resumed = answer.status == 206
        length = answer.headers.get("Content-Length")
        if length and not re.fullmatch(r"[0-9]{1,18}", length):
            raise ModelError(f"{url} answers with a Content-Length of {length[:40]!r}")
        total = int(length) + (start if resumed else 0) if length else None
        held = start if resumed else 0
        check_size(url, total or 0, network)
        # Of unknown length, it takes at least what the network does.
        check_room(url, (total or weight_bytes(network.name)) - held, part.parent)
        size = f"{total / 1e6:.1f} MB" if total else "of a size that it doesn't say"
        going_on = f", going on from {held / 1e6:.1f} MB" if held else ""
        print(f"{part.stem}: {size}{going_on}", flush=True)
        with (
            part.open("ab" if resumed else "wb") as file,
            tqdm(
                total=total,
                initial=held,
                unit="B",
                unit_scale=True,
                desc=part.stem,
                disable=None,
            ) as bar,
        ):
            while chunk := answer.read(CHUNK):
                held += len(chunk)
                check_size(url, held, network)
                file.write(chunk)
                bar.update(len(chunk))
    return total is None or part.stat().st_size == total


def check_size(what: object, size: int, network: Network) -> None:
    """Raises ModelError where so many bytes are more than a tarball of the network has."""
    if size > (most := most_bytes(network.name)):
        raise ModelError(f"{what} is larger than {most >> 20} MiB: no tarball of {network.name} is")


def check_room(what: object, size: int, folder: Path) -> None:
    """Raises ModelError where so many bytes are more than the disk has room for."""
    if size > (free := shutil.disk_usage(folder).free):
        raise ModelError(
            f"{what} takes {size >> 20} MiB more, and {folder} has room for {free >> 20}: free "
            "some space"
        )


class _Bounded:
    """A tarball's bytes, unpacked, up to so many and forwards alone.

    A few packed bytes may stand for terabytes, and a size below zero would lead round for ever.
    """

    def __init__(self, file: IO[bytes], network: Network):
        self._file, self._network = file, network

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int) -> bytes:
        self._check(self.tell() + size, size >= 0)
        return self._file.read(size)

    def seek(self, place: int) -> int:
        # tarfile itself goes back by one byte, to see whether a member's last one is there.
        self._check(place, place >= self.tell() - 1)
        return self._file.seek(place)

    def _check(self, end: int, forwards: bool) -> None:
        if not forwards:
            raise ModelError("the tarball is damaged (a size in it is below zero)")
        check_size("what the tarball unpacks to", end, self._network)


def unpack(tarball: Path, network: Network, folder: Path) -> list[Path]:
    """Takes a network's checkpoint out of a tarball, whatever folder it is in there.

    Raises:
      ModelError: the tarball is damaged, too large or does not hold it; nothing is left in the
        folder.
    """
    names = "|".join(re.escape(name) for name in network.files)
    wanted = re.compile(rf"({names})(\.index|\.data-\d{{5}}-of-\d{{5}})?")
    taken: list[Path] = []
    try:
        for name, size, member in _members(tarball, network):
            if wanted.fullmatch(name):
                check_size(f"{name} in the tarball", size, network)
                check_room(f"{name} in the tarball", size, folder)
                target = folder / name
                # Listed first: what a damaged tarball leaves half-written goes, too.
                taken.append(target)
                with member, target.open("wb") as file:
                    shutil.copyfileobj(member, file)
    except Exception as error:  # noqa: BLE001 (tarfile raises many kinds for broken headers)
        _remove(taken)
        if isinstance(error, BenchError):
            raise
        if isinstance(error, OSError) and error.errno:  # of the disk, not of the tarball
            raise ModelError(f"{folder} can't be written: {error.strerror}") from error
        raise ModelError(f"the tarball is damaged ({error})") from error
    if not taken:
        raise ModelError(f"the tarball holds no {network.files[0]}")
    return taken


def _members(tarball: Path, network: Network) -> Iterator[tuple[str, int, IO[bytes]]]:
    with (
        gzip.open(tarball) as unpacked,
        tarfile.open(fileobj=_Bounded(unpacked, network), mode="r:") as archive,
    ):
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
        names = " or ".join(
            name if name.endswith(".npz") else f"{name}.index with {name}.data-*"
            for name in network.files
        )
        raise ModelError(
            f"it has no public direct link: take it from {network.elsewhere} and put {names} into "
            f"{folder}"
        )
    part = folder / f"{network.tarball}.part"
    download(url.rstrip("/") + "/" + network.tarball, part, network)
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


def plan(networks: Sequence[Network], folder: Path) -> str:
    """Says in a sentence what will be fetched and how large it is."""
    there = [row for row in networks if find_checkpoint(row, folder)]
    unlinked = [row for row in networks if row not in there and row.tarball is None]
    left = [row.name for row in networks if row not in there and row.tarball]
    said = (
        f"{len(left)} of {len(networks)} networks to fetch into {folder}: {gigabytes(left):.2f} GB "
        f"of weights ({len(there)} are there)."
    )
    for row in unlinked:
        said += f" {row.name} has no public direct link: see {row.elsewhere}."
    return said


@command("fetch_checkpoints.py")
def main(arguments: list[str]) -> int:
    """Fetches what is asked for; returns the exit code."""
    parser = Parser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks; all without any")
    parser.add_argument("--checkpoint_path", type=Path, default=Path("checkpoints"))
    parser.add_argument("--url", default=PUBLISHED, help="where the tarballs are")
    parser.add_argument("--dry_run", action="store_true", help="say how many GB it is, and stop")
    flags = parser.parse_args(arguments)
    networks = choose(flags.names)
    print(plan(networks, flags.checkpoint_path), flush=True)
    if flags.dry_run:
        return 0
    flags.checkpoint_path.mkdir(parents=True, exist_ok=True)
    failed = 0
    for network in networks:
        try:
            print(f"{network.name}: {fetch(network, flags.checkpoint_path, flags.url)}", flush=True)
        except (BenchError, OSError) as error:
            failed += 1
            print(f"{network.name}: NOT FETCHED: {error}", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            raise Interrupted(
                "Stopped by SIGINT; the same command goes on where it stopped.", 130
            ) from None
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
