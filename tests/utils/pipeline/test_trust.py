"""What a folder says of networks and inputs is checked before anything is built on it."""

import json
import shutil

import pytest
import tensorflow as tf
from runs import RUN, results

from scripts import judge, verify

VICTIMS = "demo_resnet"


@pytest.fixture
def checkpoints(demo, tmp_path):
    shutil.copytree(demo / "checkpoints", tmp_path / "checkpoints")
    return tmp_path / "checkpoints"


def replace_checkpoint(folder, name, other):
    """Puts the weights of another checkpoint under a name, one variable changed."""
    reader = tf.train.load_checkpoint(str(folder / f"{other}.ckpt"))
    names = sorted(reader.get_variable_to_shape_map())
    tensors = [reader.get_tensor(each) for each in names]
    tensors = [
        value + 1 if each.endswith("biases") else value
        for each, value in zip(names, tensors, strict=True)
    ]
    tf.raw_ops.SaveV2(
        prefix=str(folder / f"{name}.ckpt"),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=tensors,
    )


def test_a_victim_replaced_under_its_name_is_refused_everywhere(
    runner, checkpoints, tmp_path, capsys
):
    flag = f"--checkpoint_path={checkpoints}"
    runner.run(tmp_path, flag)
    folder = tmp_path / RUN
    before = results(folder)
    replace_checkpoint(checkpoints, VICTIMS, VICTIMS)
    text = runner.run(tmp_path, flag, "--mode=affine,raw", code=2)
    assert "The checkpoint of demo_resnet is another than the one that" in text
    assert judge.main([str(folder)]) == 1
    assert "is another checkpoint of demo_resnet" in capsys.readouterr().err
    assert results(folder) == before
    assert verify.main([str(folder), "--predictions"]) == 1
    runner.run(tmp_path, flag, "--overwrite")
    assert results(folder) != before


def test_a_checkpoint_given_by_itself_is_one_network(runner, demo, tmp_path):
    file = demo / "checkpoints" / "demo_vgg.ckpt"
    text = runner.run(tmp_path, f"--checkpoint_path={file}", code=2)
    assert "can't be the checkpoint of both demo_vgg and demo_resnet" in text
    runner.run(tmp_path, f"--checkpoint_path={file}", "--victims=")
    rows = (tmp_path / RUN / "transfer.csv").read_text().splitlines()
    assert len(rows) == 3 and all("demo_vgg" in row for row in rows[1:])


def test_no_folder_starts_a_program_by_itself(undisturbed, tmp_path, capsys):
    folder = tmp_path / RUN
    shutil.copytree(undisturbed, folder)
    model = tf.Module()
    marker = tmp_path / "marker"

    @tf.function(input_signature=[tf.TensorSpec([None, 64, 64, 3], tf.float32)])
    def serve(images):
        tf.io.write_file(str(marker), "ran")
        return {"logits": tf.zeros([tf.shape(images)[0], 11])}

    model.serve = serve
    tf.saved_model.save(model, str(tmp_path / "model"), signatures={"serving_default": serve})
    name = f"saved_model:{tmp_path / 'model'}?side=64&classes=11"
    record = json.loads((folder / "run.json").read_text())
    digests = {"saved_model.pb": "x"}
    record["victims"][name] = {"checkpoint": str(tmp_path / "model"), "sha256": digests}
    (folder / "run.json").write_text(json.dumps(record))
    assert judge.main([str(folder)]) == 2
    assert "may be a program: give it with --victims" in capsys.readouterr().err
    verify.main([str(folder), "--predictions"])
    assert f"the predictions of {name}: it may be a program" in capsys.readouterr().out
    assert not marker.exists()


def test_a_run_never_writes_into_its_own_input(runner, demo, tmp_path):
    place = tmp_path / RUN / "sign"
    place.mkdir(parents=True)
    for path in sorted((demo / "images").iterdir())[:12]:
        shutil.copy(path, place)
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    text = runner.run(tmp_path, f"--input_dir={place}", "--overwrite", code=2)
    assert "which this run writes to: give another --output_dir" in text
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


def test_a_folder_that_moved_can_be_judged(undisturbed, demo, tmp_path):
    folder = tmp_path / "moved"
    shutil.copytree(undisturbed, folder)
    shutil.copytree(demo / "checkpoints", tmp_path / "nets")
    shutil.copytree(demo / "images", tmp_path / "photos")
    shutil.copy(demo / "dev_dataset.csv", tmp_path / "labels.csv")
    record = json.loads((folder / "run.json").read_text())
    record["flags"] |= {"input_csv": "/gone/a.csv", "input_dir": "/gone"}
    for victim in record["victims"].values():
        victim["checkpoint"] = "/gone/net.ckpt"
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "transfer.csv").unlink()
    places = [f"--input_csv={tmp_path / 'labels.csv'}", f"--input_dir={tmp_path / 'photos'}"]
    places.append(f"--checkpoint_path={tmp_path / 'nets'}")
    assert judge.main([str(folder), *places]) == 0
    assert results(folder) == results(undisturbed)
    assert verify.main([str(folder), "--predictions", *places]) == 0


def test_a_resume_in_another_environment_says_so_and_keeps_both(runner, undisturbed, tmp_path):
    shutil.copytree(undisturbed, tmp_path / RUN)
    file = tmp_path / RUN / "run.json"
    record = json.loads(file.read_text())
    now = dict(record["versions"])
    record["versions"]["numpy"] = "1.0"
    file.write_text(json.dumps(record))
    text = runner.run(tmp_path)
    assert f"begun in another environment (numpy 1.0 -> {now['numpy']})" in text
    after = json.loads(file.read_text())
    assert after["versions"] == now
    assert [each["versions"]["numpy"] for each in after["earlier_environments"]] == ["1.0"]
    assert "another environment" not in runner.run(tmp_path)
    assert results(tmp_path / RUN) == results(undisturbed)


def test_judging_in_another_environment_says_so_and_keeps_both(undisturbed, tmp_path, capsys):
    folder = tmp_path / "run"
    shutil.copytree(undisturbed, folder)
    file = folder / "run.json"
    record = json.loads(file.read_text())
    now = dict(record["versions"])
    record["versions"]["tensorflow"] = "2.0.0"
    file.write_text(json.dumps(record))
    for _ in range(2):
        assert judge.main([str(folder)]) == 0
        said = f"in another environment (tensorflow 2.0.0 -> {now['tensorflow']})"
        assert said in capsys.readouterr().out
    after = json.loads(file.read_text())
    assert after["versions"]["tensorflow"] == "2.0.0"
    assert [each["versions"] for each in after["judged_in"]] == [now]
    assert after["results_sha256"] == record["results_sha256"]


@pytest.mark.parametrize("broken", ["victim", "image"])
def test_overwriting_removes_nothing_before_all_is_known_to_load(
    runner, checkpoints, demo, tmp_path, broken
):
    images = tmp_path / "images"
    shutil.copytree(demo / "images", images)
    flags = (f"--checkpoint_path={checkpoints}", f"--input_dir={images}")
    runner.run(tmp_path, *flags)
    before = results(tmp_path / RUN)
    if broken == "victim":
        data = checkpoints / "demo_resnet.ckpt.data-00000-of-00001"
        data.write_bytes(data.read_bytes()[:-1000])
    else:
        image = sorted(images.iterdir())[7]
        image.write_bytes(image.read_bytes()[:-500])
    runner.run(tmp_path, *flags, "--overwrite", "--num_iter=1", code=1)
    assert results(tmp_path / RUN) == before
