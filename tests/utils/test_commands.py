"""However a command ends, it says so in one sentence."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sign_of_life import without_sign_of_life
from utils.commands import command
from utils.errors import RunError, UsageError

ROOT = Path(__file__).resolve().parents[2]
TABLE = [sys.executable, str(ROOT / "scripts" / "table.py")]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("No such flag."), 2, "x.py: No such flag."),
        (RunError("It broke."), 1, "x.py: It broke."),
        (FileNotFoundError(2, "No such file", "a"), 1, "x.py: a: No such file."),
        (KeyboardInterrupt(), 130, "x.py: Stopped by SIGINT"),
        (MemoryError(), 1, "x.py: The memory doesn't suffice: give a smaller --batch_size"),
        (UnicodeEncodeError("utf-8", "\udcff", 0, 1, "x"), 1, "no valid text ('\\udcff')"),
    ],
)
def test_what_ends_a_command_is_told_with_its_code(capsys, error, code, said):
    @command("x.py")
    def main(arguments):
        raise error

    assert main([]) == code
    text = capsys.readouterr().err
    assert said in text and text.count("\n") == 1


def test_a_bug_is_no_sentence():
    @command("x.py")
    def main(arguments):
        raise KeyError("bug")

    with pytest.raises(KeyError):
        main([])


def test_output_that_nobody_reads_any_more():
    reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    reader.wait()
    done = subprocess.run([*TABLE, "--help"], stdout=reader.stdin, stderr=subprocess.PIPE)
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_under_the_output():
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + (
        "from utils.commands import command\n"
        "@command('x.py')\n"
        "def main(arguments):\n    print('figures')\n    return 0\n"
        "sys.exit(main([]))\n"
    )
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == b"x.py: No space left on device.\n"


def test_closed_standard_error():
    done = subprocess.run(
        [*TABLE, "nowhere"], stdout=subprocess.PIPE, preexec_fn=lambda: os.close(2)
    )
    assert done.returncode == 1


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc here")
@pytest.mark.parametrize(
    ("script", "library"),
    [
        ("attack.py", "_multiarray_umath"),
        ("attack.py", "libtensorflow"),
        ("scripts/verify.py", "_multiarray_umath"),
    ],
)
def test_a_signal_during_the_imports(script, library):
    process = subprocess.Popen(
        [sys.executable, str(ROOT / script), "--zoo=demo"],
        stderr=subprocess.PIPE,
        # A shell's background jobs, and all that they start, ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    maps = Path(f"/proc/{process.pid}/maps")
    while process.poll() is None and library not in maps.read_text():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, text = process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in text and b"Stopped by SIGINT" in text
    assert text.startswith(Path(script).name.encode())


@pytest.mark.parametrize("script", ["attack.py", "scripts/table.py"])
def test_help_ends_in_peace_where_its_reader_has_gone(script):
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, str(ROOT / script), "--help"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    os.close(writer)
    # argparse overlooks it by itself.
    assert ended.returncode in (0, 141) and without_sign_of_life(ended.stderr) == ""
