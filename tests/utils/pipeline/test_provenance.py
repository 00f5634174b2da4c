"""run.json names the program and its threads."""

import json
import subprocess

from utils.pipeline import provenance
from utils.pipeline.provenance import NO_GIT, git_commit, program_commit


def test_the_commit_is_git_s_own_or_none(tmp_path):
    assert git_commit(tmp_path) == NO_GIT
    git = ("git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run([*git, "init", "-q"], check=True)
    assert git_commit(tmp_path) == NO_GIT
    (tmp_path / "file").write_text("a")
    subprocess.run([*git, "add", "file"], check=True)
    subprocess.run([*git, "commit", "-qm", "a"], check=True)
    clean = git_commit(tmp_path)
    assert len(clean) == 40
    (tmp_path / "file").write_text("b")
    assert git_commit(tmp_path) == clean + "+changes"


def test_a_process_names_one_commit_whatever_becomes_of_the_files(monkeypatch):
    program_commit.cache_clear()
    found = iter(["first", "second"])
    monkeypatch.setattr(provenance, "git_commit", lambda: next(found))
    assert program_commit() == program_commit() == "first"
    program_commit.cache_clear()


def test_run_json_has_them(undisturbed):
    run = json.loads((undisturbed / "run.json").read_text())
    assert run["git_commit"] and set(run["threads"]) == {"intra_op", "inter_op"}
