"""Crafts adversarial examples with sign and with FGNM's direction and compares their transfer.

Examples:
  python attack.py --method if --mode affine
      I-FGSM with sign and with FGNM_N on the demo zoo (or on inception_v3, if it is there).
  python attack.py --method m --mode affine,test --source mobilenet_v2_1.0_224 \\
      --checkpoint_path checkpoints --input_csv dev_dataset.csv --input_dir images
      MI-FGSM with sign, FGNM_N and FGNM_K on ImageNet, judged on every checkpoint found.
"""

import sys

from absl import app, flags

from utils import flags as run_flags
from utils.errors import FRIENDLY, exit_code
from utils.run import run

run_flags.define_flags()
flags.adopt_module_key_flags(run_flags)


def parse(arguments: list[str]) -> list[str]:
    """Parses the command line; wrong flags end the program with one sentence and code 2."""
    try:
        rest = flags.FLAGS(arguments)
    except flags.Error as error:
        sys.exit(_fail(f"{str(error).rstrip('.')}: `python attack.py --help` lists the flags.", 2))
    if len(rest) > 1:
        sys.exit(_fail(f"{rest[1]!r} is no flag: flags begin with --.", 2))
    return rest


def main(_: list[str]) -> int:
    """Runs what the flags ask for and returns the exit code."""
    try:
        run(run_flags.config_from_flags())
    except FRIENDLY as error:
        return _fail(str(error), exit_code(error))
    except KeyboardInterrupt:
        return _fail("Stopped by SIGINT; what is finished is written.", 130)
    return 0


def _fail(sentence: str, code: int) -> int:
    print(f"attack.py: {sentence}", file=sys.stderr)
    return code


if __name__ == "__main__":
    app.run(main, flags_parser=parse)
