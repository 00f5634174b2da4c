"""Every script explains itself from any folder, and names the flag that was meant."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# One process for all: each by itself would import TensorFlow anew.
PROBE = """
import contextlib, io, json, runpy, sys
from pathlib import Path
found = {}
for script in map(Path, json.loads(sys.argv[1])):
    for flag in ("--help", "--hepl"):
        sys.argv, text = [str(script), flag], io.StringIO()
        sys.path[0] = str(script.parent)
        try:
            with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
                runpy.run_path(str(script), run_name="__main__")
        except SystemExit as end:
            found[f"{script.name} {flag}"] = [end.code, text.getvalue()]
print(json.dumps(found))
"""


def test_help_of_every_command_ends_with_0_from_any_folder(tmp_path):
    scripts = sorted((ROOT / "scripts").glob("*.py"))
    scripts = [str(each) for each in scripts if "__main__" in each.read_text()]
    assert len(scripts) > 8
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(scripts)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for script in scripts:
        code, text = found[f"{Path(script).name} --help"]
        assert code == 0 and len(text) > 100, script
        code, text = found[f"{Path(script).name} --hepl"]
        assert code == 2 and "Traceback" not in text, script
        # One that travels alone has argparse's own parser.
        assert "hepl" in text or "utils" not in Path(script).read_text(), script
    assert list(tmp_path.iterdir()) == []
