"""attack.py as a user types it: the demo zoo, and what is wrong in one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.sign_of_life import without_sign_of_life

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = (
    "source,method,mode,max_epsilon,num_iter,victim,setting,images,clean_errors,misclassified,"
    "success_rate,success_low,success_high,clean_correct,flipped,flip_rate,flip_low,flip_high,"
    "target_hits,target_rate,mean_abs,mean_l2,mean_rms,max_linf,gain_over_sign,gain_low,"
    "gain_high,mcnemar_p,mean_psnr,mean_ssim"
)


def attack(*arguments):
    return subprocess.run(
        [sys.executable, str(ROOT / "attack.py"), *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    output = tmp_path_factory.mktemp("results")
    flags = ("--zoo=demo", "--limit=12", "--batch_size=8", f"--output_dir={output}")
    return attack("--method", "if", "--mode", "affine", *flags), output


def test_the_demo_run_ends_with_a_summary_that_says_demo(finished):
    process, output = finished
    assert process.returncode == 0, process.stderr
    folder = output / "demo/demo_inception/if/eps16"
    for part in ("DEMO zoo", "gain over sign", "mean |x|", "SSIM", "times sign's L2", str(folder)):
        assert part in process.stdout
    assert "Crafting: 100%" in process.stderr and "Judging: 100%" in process.stderr
    assert "oneDNN" not in process.stderr


def test_it_leaves_what_the_readme_says(finished):
    folder = finished[1] / "demo/demo_inception/if/eps16"
    assert (folder / "transfer.csv").read_text().splitlines()[0] == COLUMNS
    table = pd.read_csv(folder / "transfer.csv")
    run = json.loads((folder / "run.json").read_text())
    assert len(table) == 2 * len(run["victims"]) and len(run["victims"]) >= 6
    assert set(table[table["setting"] == "white-box"]["victim"]) == {"demo_inception"}
    assert len(list((folder / "sign").glob("*.png"))) == 12
    assert len(list((folder / "affine").glob("*.png"))) == 12
    assert run["status"] == "complete" and run["flags"]["max_epsilon"] == 16
    assert run["device"] == ["/CPU:0"] and {"craft", "judge"} <= set(run["seconds"])
    per_image = pd.read_csv(folder / "per_image.csv")
    assert len(per_image) == 12 * len(table)
    names = ["true_name", "target_name", "clean_name", "adversarial_name"]
    assert list(per_image.columns[-4:]) == names
    known = (ROOT / "data" / "demo" / "class_names.txt").read_text().split()
    assert per_image["true_name"].tolist() == [known[label] for label in per_image["true_label"]]


def test_help_explains_every_flag_in_a_line():
    process = attack("--help")
    assert process.returncode == 0
    assert process.stdout.startswith("Crafts adversarial examples")
    for name in ("method", "mode", "max_epsilon", "checkpoint_path", "skip_missing_images", "k"):
        assert f"--{name}" in process.stdout.replace("[no]", "")


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["--nosuchflag"], 2, "nosuchflag"),
        (["--epsilon", "8"], 2, "did you mean --max_epsilon?"),
        (["--zoo=demo", "--prob=0.5"], 2, "--prob needs --method with d (DI)"),
        (["--max_epsilon", "much"], 2, "max_epsilon"),
        (["affine"], 2, "affine"),
        (["--method", "xyz"], 2, "--method"),
        (["--zoo=demo", "--input_dir=/nowhere"], 1, "/nowhere"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_no_traceback(arguments, code, named):
    process = attack(*arguments)
    assert process.returncode == code
    assert named in process.stderr and "Traceback" not in process.stderr
    assert len(without_sign_of_life(process.stderr).strip().splitlines()) == 1
