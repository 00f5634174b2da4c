"""Holds each sentence of docs/claims.yaml against results: held, not held, not run.

Without --run it reads the runs that are there. With --run it first gives the commands of those
claims whose results aren't there and that take no longer than --minutes. The exit code is 1 where
a claim doesn't hold or no longer stands in its page.

Examples:
  python scripts/claims.py
  python scripts/claims.py --run --minutes 2 --only data/demo
"""

import argparse
import itertools
import os
import shlex
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.analysis.claims import RESULTS, Claim, Verdict, judge_claim, read_claims, stands_in
from utils.arguments import Parser
from utils.commands import command

ROOT = Path(__file__).resolve().parent.parent


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = Parser(description=__doc__)
    parser.add_argument("--claims", type=Path, default=ROOT / "docs" / "claims.yaml")
    parser.add_argument("--results", type=Path, default=ROOT / "results", help="folder of all runs")
    parser.add_argument("--only", default="", help="claims with this in their page or sentence")
    parser.add_argument("--run", action="store_true", help="give the commands, too")
    parser.add_argument("--minutes", type=float, default=5, help="of commands to give (5)")
    return parser.parse_args(arguments)


@command("claims.py")
def main(arguments: list[str]) -> int:
    """Prints a verdict a claim; returns the exit code."""
    options = parse(arguments)
    options.results = options.results.absolute()
    counts = dict.fromkeys(("held", "not held", "not run"), 0)
    gone, failed = 0, {}
    for claim in read_claims(options.claims):
        if options.only not in claim.page and options.only not in claim.sentence:
            continue
        verdict = judge_claim(claim, options.results)
        if verdict.state == "not run" and options.run:
            verdict = _run(claim, options, failed)
        counts[verdict.state] += 1
        print(f"{verdict.state.upper():8} {claim.page}: {' '.join(claim.sentence.split())}")
        print(f"         {verdict.found}", flush=True)
        if not stands_in(claim, ROOT):
            gone += 1
            print(f"         NO LONGER in {claim.page}: correct docs/claims.yaml or the page.")
    said = ", ".join(f"{count} {state}" for state, count in counts.items())
    print(f"{sum(counts.values())} claims: {said}.")
    return 1 if counts["not held"] or gone else 0


def split_command(line: str) -> tuple[dict[str, str], list[str]]:
    """Returns the variables that stand before a command, as in a shell, and its words."""
    words = shlex.split(line)
    given = list(itertools.takewhile(lambda word: "=" in word, words))
    return dict(word.split("=", 1) for word in given), words[len(given) :]


def _run(claim: Claim, options: argparse.Namespace, failed: dict[str, str]) -> Verdict:
    """Gives a claim's command, unless it takes too long or has failed before, and judges."""
    if not claim.command:
        return Verdict(state="not run", found="no command yields it")
    if claim.minutes > options.minutes:
        found = f"takes about {claim.minutes:g} min: --minutes {claim.minutes:g}"
        return Verdict(state="not run", found=found)
    for line in claim.command.strip().splitlines():
        if line in failed:
            return Verdict(state="not run", found=failed[line])
        before, words = split_command(line.replace(RESULTS, str(options.results)))
        print(f"         {line}", file=sys.stderr, flush=True)
        done = subprocess.run(
            [sys.executable, *words[1:]],
            cwd=ROOT,
            env={**os.environ, **before},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            failed[line] = f"{line} ended with {done.returncode}: {''.join(last)}"
            return Verdict(state="not run", found=failed[line])
    return judge_claim(claim, options.results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
