"""Runs attack.py's own main again and again in forked processes that have TensorFlow imported.

Reads one JSON object a line, {"arguments": [...], "log": path}, and answers each with the process's
id and, when a further line has come and the process has ended, with its exit code (negative for a
signal) and the most memory that it had, in kB. Importing TensorFlow takes several times as long as
a small run; nothing of it has been executed before the fork.
"""

import json
import os
import sys

import attack
from utils.quiet import import_tensorflow

# What a run imports once its flags are right.
import_tensorflow()
import models.nets.demo  # noqa: E402, F401
import utils.pipeline.judge  # noqa: E402
import utils.pipeline.summary  # noqa: E402, F401


def _run(arguments: list[str], log: str) -> None:
    sys.stdout.flush()
    output = os.open(log, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["attack.py", *arguments]
    try:
        code = attack.main(attack.parse(sys.argv))
    except SystemExit as error:
        code = error.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    """Serves until its standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        process = os.fork()
        if process == 0:
            try:
                _run(request["arguments"], request["log"])
            finally:
                os._exit(70)
        print(process, flush=True)
        # However soon it ends, it stays until the other side has taken hold of it.
        sys.stdin.readline()
        _, status, usage = os.wait4(process, 0)
        print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, flush=True)


if __name__ == "__main__":
    main()
