"""Judges a finished run anew, from its PNGs alone, and writes transfer.csv and per_image.csv again.

With --victims that the run doesn't have, those are added, and the others' answers stay. A victim
may be what any other program said of the run's PNGs (docs/other_networks.md).

Examples:
  python scripts/judge.py results/demo/demo_inception/if/eps16
  python scripts/judge.py moved/eps16 --input_dir images --checkpoint_path checkpoints
  python scripts/judge.py results/demo/demo_inception/if/eps16 --victims "demo_vgg+jpeg75"
  python scripts/judge.py results/imagenet/inception_v3/if/eps16 \\
      --victims "vit=predictions:vit.csv?offset=1"
"""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.arguments import Parser
from utils.commands import command
from utils.files import sha256_of
from utils.interruption import Interruption
from utils.pipeline.added_victims import add_victims
from utils.pipeline.devices import find_devices
from utils.pipeline.digest import results_digest
from utils.pipeline.environments import changes
from utils.pipeline.folder import open_run_folder
from utils.pipeline.foreign import foreign_folders
from utils.pipeline.hardware import environment_of
from utils.pipeline.judge import judge_run
from utils.pipeline.places import TRUSTED, add_place_flags, reopen
from utils.pipeline.record import RunRecord
from utils.pipeline.run import Run
from utils.pipeline.summary import summarise
from utils.pipeline.written_names import names_written
from utils.text import one_line


@command("judge.py")
def main(arguments: list[str]) -> int:
    """Judges a finished run anew; returns the exit code."""
    parser = Parser(description=__doc__)
    add_place_flags(parser, victims=f"{TRUSTED}; others are added to the run")
    given = parser.parse_args(arguments)
    path = given.run_folder
    run, added = add_victims(reopen(given), given.victims)
    if not run.class_names:
        run = replace(run, class_names=names_written(path / "per_image.csv"))
    print(
        f"Judging {path}: {len(run.dataset)} images, modes {', '.join(run.modes)}, "
        f"{len(run.record.victims)} victim(s).",
        flush=True,
    )
    for folder, count in foreign_folders(run).items():
        print(
            f"Note: {one_line(str(folder))} holds {count} PNG(s) that are not of this run ("
            f"run.json tells of {', '.join(run.modes)}): they are not judged.",
            flush=True,
        )
    with Interruption() as interruption, open_run_folder(path, path):
        under_way = replace(run, interruption=interruption)
        judged = judge_run(under_way, afresh=not added, at_once=bool(added))
        record = _renew_record(run, added)
    if added:
        print(summarise(replace(run, record=record), judged))
    else:
        print(f"Judged {path} anew from its PNGs: transfer.csv and per_image.csv are written.")
    return 0


def _renew_record(run: Run, added: list[str]) -> RunRecord:
    """Has run.json name the results and the environment as they are now, and who was added."""
    record, path = RunRecord.read(run.folder.path), run.folder.path
    if record is None or not record.complete:
        return run.record
    pngs = {(mode, png.stem): sha256_of(png) for mode in run.modes for png in run.pngs(mode)}
    before, digest = record.model_copy(deep=True), results_digest(pngs, run)
    # What this command's flags say of a victim is what it was judged as.
    record.victims |= {n: each for n, each in run.record.victims.items() if n in run.named}
    record.commands = run.record.commands
    if not added and record.results_sha256 not in ("", digest):
        print(f"These results are not those that {path} held before: their digest is {digest}.")
    record.results_sha256 = digest
    # Whatever it was crafted on, it is judged where TensorFlow puts it.
    environment = environment_of(find_devices(1)).model_copy(update={"device": record.device})
    if changed := changes(record.environment, environment):
        told = one_line(", ".join(changed))
        print(
            f"Note: {path} was made in another environment ({told}): its predictions "
            "need not be what they were. run.json keeps both."
        )
        if environment not in record.judged_in:
            record.judged_in.append(environment)
    if record != before:
        record.write(path)
    return record


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
