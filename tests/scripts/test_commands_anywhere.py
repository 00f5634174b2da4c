"""Commands started from any folder, by the file's own path: help, and nothing of TensorFlow's."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sign_of_life import without_sign_of_life

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("fetch_checkpoints", "train_demo_zoo", "make_demo_images")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_printed_anywhere(name, tmp_path):
    command = [sys.executable, str(ROOT / "scripts" / f"{name}.py"), "--help"]
    environment = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("usage:") and "Traceback" not in done.stderr
    # No note on CPUs, GPUs or oneDNN, which TensorFlow writes as it starts.
    assert without_sign_of_life(done.stderr) == ""


def test_what_isnt_a_number_of_images_is_refused(capsys):
    from scripts import make_demo_images

    for count in ("0", "-1", "many"):
        with pytest.raises(SystemExit) as ended:
            make_demo_images.main(["--count", count])
        assert ended.value.code == 2
        assert f"{count!r} is no whole number of at least 1" in capsys.readouterr().err


def test_the_demo_images_are_written_where_the_flag_says(tmp_path, capsys):
    from scripts import make_demo_images

    assert make_demo_images.main(["--output_dir", str(tmp_path), "--count", "2"]) == 0
    assert capsys.readouterr().out == f"2 images written to {tmp_path}\n"
    assert len(list((tmp_path / "images").iterdir())) == 2
