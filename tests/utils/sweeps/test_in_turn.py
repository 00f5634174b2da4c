"""attack.py with lists of methods and epsilons: one process, the bytes of single runs."""

import pytest
from runs import results

# The small settings' iterations mean nothing to fgsm by itself.
FEW = ("--limit=3", "--batch_size=2", "--victims=demo_resnet", "--shared_flags")


def test_lists_are_runs_in_one_process_into_the_folders_of_single_runs(runner, tmp_path):
    together, apart = tmp_path / "together", tmp_path / "apart"
    text = runner.run(together, "--method=fgsm,m", "--max_epsilon=2.5,16", *FEW)
    assert text.count("Zoo: demo") == 4 and "[4/4] --method m, epsilon 16" in text
    assert "4 runs, 0 failed." in text
    for method in ("fgsm", "m"):
        for epsilon in ("2.5", "16"):
            runner.run(apart, f"--method={method}", f"--max_epsilon={epsilon}", *FEW)
    expected = results(apart)
    assert len(expected) == 4 * (2 * 3 + 3) and results(together) == expected


def test_a_run_that_fails_keeps_none_of_the_others(runner, tmp_path):
    in_the_way = tmp_path / "demo/demo_vgg/fgsm/eps4"
    in_the_way.mkdir(parents=True)
    (in_the_way / "run.json").write_text("{}")
    text = runner.run(tmp_path, "--method=fgsm", "--max_epsilon=4,8", *FEW, code=1)
    assert "2 runs, 1 failed: --method fgsm, epsilon 4" in text and "no run.json of" in text
    assert (in_the_way.parent / "eps8" / "transfer.csv").exists()


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--max_epsilon=4,much"], "--max_epsilon holds 'much'"),
        (["--max_epsilon=4,"], "--max_epsilon holds ''"),
        (["--max_epsilon=4,300"], "--max_epsilon is 300.0"),
        (["--method=fgsm,q"], "'q' is no letter"),
        (["--method=fgsm,"], "--method is empty"),
        (["--method=dm,md"], "name the run of dm at epsilon 16 twice"),
        (["--max_epsilon=4,4.0"], "name the run of if at epsilon 4 twice"),
    ],
)
def test_one_wrong_value_of_a_list_starts_nothing(runner, tmp_path, flags, named):
    text = runner.run(tmp_path / "out", *flags, code=2)
    assert named in text and text.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_images_that_are_missing_are_told_once(runner, tmp_path):
    flags = ("--max_epsilon=4,8", f"--input_dir={tmp_path}")
    text = runner.run(tmp_path / "out", *flags, code=1)
    assert text.startswith("attack.py: ") and text.count("\n") == 1
    assert not (tmp_path / "out").exists()
