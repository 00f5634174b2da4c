"""Crafts adversarial examples with sign and with FGNM's direction and compares their transfer.

Examples:
  python attack.py --method if --mode affine
      I-FGSM with sign and with FGNM_N on the demo zoo (or on inception_v3, if it is there).
  python attack.py --method m --mode affine,test --source mobilenet_v2_1.0_224 \\
      --checkpoint_path checkpoints --input_csv dev_dataset.csv --input_dir images
      MI-FGSM with sign, FGNM_N and FGNM_K on ImageNet, judged on every checkpoint found.
  python attack.py --method fgsm,if,m --max_epsilon 4,8,16 --mode affine
      Nine runs in one process, each into its own folder.
  python attack.py --image photo.jpg --true_label 208
      A photo of one's own: what every victim says of it before and after, and a strip of images.
"""

import sys
from pathlib import Path

from absl import app, flags

from utils.arguments import did_you_mean

# The first of all, so that a signal is told from here on.
from utils.commands import command, reader_has_gone  # isort: split

from utils.errors import BenchError
from utils.pipeline import flags as run_flags
from utils.pipeline.execute import execute
from utils.pipeline.flag_files import check_flag_files
from utils.pipeline.record import RunRecord
from utils.sweeps.in_turn import run_in_turn

run_flags.define_flags()
flags.adopt_module_key_flags(run_flags)


def parse(arguments: list[str]) -> list[str]:
    """Parses the command line; wrong flags end the program with one sentence and code 2."""
    try:
        check_flag_files(arguments)
        rest = flags.FLAGS(arguments)
    except BenchError as error:
        sys.exit(_fail(str(error).rstrip(".")))
    except SystemExit:
        # absl ends with 1 after --help, as if that were an error.
        sys.exit(_flushed())
    except BrokenPipeError:
        sys.exit(reader_has_gone())
    except flags.UnrecognizedFlagError as error:
        hint = did_you_mean(error.flagname, run_flags.flag_names())
        sys.exit(
            _fail(
                f"There is no flag --{error.flagname}{hint}: `python attack.py --help` lists them."
            )
        )
    except flags.Error as error:
        sys.exit(_fail(f"{str(error).rstrip('.')}: `python attack.py --help` lists the flags."))
    if len(rest) > 1:
        sys.exit(_fail(f"{rest[1]!r} is no flag: flags begin with --."))
    return rest


@command("attack.py")
def main(_: list[str]) -> int:
    """Runs what the flags ask for and returns the exit code."""
    configs = run_flags.configs_from_flags()
    config = configs[0]
    file = Path(config.class_names) if config.class_names else None

    def names(zoo: str) -> tuple[str, ...]:
        from utils.analysis.class_names import class_names

        return class_names(zoo, file).names

    def told(folder: Path) -> None:
        record = RunRecord.read(folder)
        if record is None or record.prepared is None or config.input_csv:
            return
        # Imported late: it brings matplotlib, which other runs do without.
        from utils.analysis.class_names import class_names
        from utils.analysis.photo_summary import summarise_photos

        known = class_names(record.class_zoo, file, Path(record.flags.input_csv))
        print(summarise_photos(folder, known, file))

    if len(configs) > 1:
        return run_in_turn(configs, names, told)
    told(execute(config, class_names=names))
    return 0


def _flushed() -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return reader_has_gone()
    return 0


def _fail(sentence: str) -> int:
    print(f"attack.py: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    app.run(main, flags_parser=parse)
