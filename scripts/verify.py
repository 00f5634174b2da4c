"""Whether a run's folder is what it says: every PNG, every bound and every figure, computed again.

Reads the folder and the original images, writes nothing, and names each thing that doesn't hold.

Examples:
  python scripts/verify.py results/demo/demo_inception/if/eps16
  python scripts/verify.py results/demo/demo_inception/if/eps16 --predictions
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.arguments import Parser
from utils.commands import command
from utils.pipeline.places import add_place_flags, reopen
from utils.pipeline.run import Run
from utils.pipeline.verify import verify
from utils.text import one_line


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = Parser(description=__doc__)
    add_place_flags(parser)
    parser.add_argument("--predictions", action="store_true", help="classify every image again")
    return parser.parse_args(arguments)


def _opening(run: Run) -> str:
    """What is verified; that it is unfinished comes before everything else."""
    record, path = run.record, run.folder.path
    what = (
        f"{len(run.dataset)} images, modes {', '.join(run.modes)}, {len(record.victims)} victim(s)"
    )
    if record.complete:
        return f"Verifying {path}: {what}."
    return (
        f"UNFINISHED: {path} holds a run that didn't come to its end ({what}), so that not all can "
        "hold. Its command, given again, ends it."
    )


@command("verify.py")
def main(arguments: list[str]) -> int:
    """Verifies a folder.

    Returns:
      0 if all holds, 1 if not, 2 for wrong usage, 3 if nothing is wrong but predictions that were
      asked for couldn't be made again.
    """
    given = parse(arguments)
    run = reopen(given)
    print(_opening(run), flush=True)
    findings = verify(run, given.predictions)
    for sentence in findings.checked:
        print(one_line(f"Checked: {sentence}."))
    for sentence in findings.unchecked:
        print(one_line(f"Not checked: {sentence}."))
    for sentence in findings.wrong:
        print(one_line(f"DOESN'T HOLD: {sentence}"))
    count = len(findings.wrong)
    outcome = f"{count} things don't hold." if count else "all of this holds."
    if findings.incomplete and not count:
        outcome = "what could be checked holds, but not all that was asked for could be."
    print(f"{given.run_folder}: {outcome}")
    return 1 if count else 3 if findings.incomplete else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
