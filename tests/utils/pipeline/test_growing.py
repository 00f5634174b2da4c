"""A folder grows by images, modes and victims, and ends as a run at once would have left it."""

import json

import pytest
from runs import NETWORKS, RUN, results

from scripts import verify


@pytest.mark.parametrize("batch_size", ["4", "16"])
def test_a_larger_limit_continues_and_equals_a_run_at_once(runner, tmp_path, batch_size):
    flag = f"--batch_size={batch_size}"
    for limit in (5, 10):
        runner.run(tmp_path / "grown", flag, f"--limit={limit}")
    runner.run(tmp_path / "at_once", flag, "--limit=10")
    grown, at_once = tmp_path / "grown" / RUN, tmp_path / "at_once" / RUN
    assert len(results(grown)) == 2 * 10 + 3
    assert results(grown) == results(at_once)
    digests = {json.loads((f / "run.json").read_text())["results_sha256"] for f in (grown, at_once)}
    assert len(digests) == 1
    assert verify.main([str(grown)]) == 0


def test_the_modes_of_earlier_commands_run_on_the_new_images(runner, tmp_path):
    runner.run(tmp_path, "--limit=4", "--mode=raw")
    text = runner.run(tmp_path, "--limit=8", "--mode=affine")
    assert "raw of earlier commands: run on the new images, too" in text
    folder = tmp_path / RUN
    assert json.loads((folder / "run.json").read_text())["modes"] == ["sign", "affine", "raw"]
    assert len(list((folder / "raw").iterdir())) == 8
    assert verify.main([str(folder)]) == 0


def test_fewer_images_are_refused_and_nothing_is_lost(runner, undisturbed, tmp_path):
    runner.run(tmp_path)
    text = runner.run(tmp_path, "--limit=5", code=2)
    assert "These are 5 images, but" in text and "a run on 12" in text
    assert results(tmp_path / RUN) == results(undisturbed)


def test_a_wrong_victim_leaves_no_trace(runner, undisturbed, tmp_path):
    wrong = f"saved_model:{tmp_path / 'model'}?side=64&classes=11"
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"no graph")
    runner.run(tmp_path, f"--victims=demo_vgg,{wrong}", code=1)
    folder = tmp_path / RUN
    assert wrong not in json.loads((folder / "run.json").read_text())["victims"]
    runner.run(tmp_path)
    assert results(folder) == results(undisturbed)
    runner.run(tmp_path, f"--victims={wrong}", code=1)
    text = runner.run(tmp_path, "--victims=demo_vgg")
    assert "Victims of earlier commands stay in the tables: demo_resnet." in text
    assert results(folder) == results(undisturbed)
    assert NETWORKS[1].endswith("demo_vgg,demo_resnet")
