"""Short names in a run: its folder, tables and run.json use them, and they start no program."""

import json

import pandas as pd
import pytest
import tensorflow as tf

from scripts import judge, judge_images, table, verify
from utils.pipeline.config import RunConfig
from utils.pipeline.execute import execute
from utils.pipeline.session import Session


@pytest.fixture(scope="module")
def linear(tmp_path_factory):
    """A SavedModel that maps demo images to logits, and leaves a mark nowhere."""
    place = tmp_path_factory.mktemp("nets") / "linear"
    weights = tf.constant(tf.random.stateless_normal([8 * 8 * 3, 11], [1, 2]))

    @tf.function(input_signature=[tf.TensorSpec([None, 64, 64, 3], tf.float32)])
    def serve(images):
        small = tf.nn.avg_pool2d(images, 8, 8, "VALID")
        return {"logits": tf.matmul(tf.reshape(small, [-1, 8 * 8 * 3]), weights)}

    model = tf.Module()
    tf.saved_model.save(model, str(place), signatures={"serving_default": serve})
    return f"saved_model:{place}?side=64&classes=11"


@pytest.fixture(scope="module")
def finished(linear, tmp_path_factory):
    flags = {"source": [f"mine={linear}"], "victims": ["mine", "mine+bits3", "v=demo_vgg"]}
    flags |= {"limit": 4, "num_iter": 1, "output_dir": str(tmp_path_factory.mktemp("run"))}
    return execute(RunConfig.of_flags(flags))


def test_folder_tables_and_record_use_the_short_name(finished, linear):
    assert finished.parts[-4:] == ("demo", "mine", "if", "eps16")
    rows = pd.read_csv(finished / "transfer.csv")
    assert set(rows["source"]) == {"mine"}
    assert dict(zip(rows["victim"], rows["setting"], strict=True)) == {
        "mine": "white-box",
        "mine+bits3": "white-box",
        "v": "black-box",
    }
    record = json.loads((finished / "run.json").read_text())
    assert record["sources"]["mine"]["stands_for"] == linear
    assert record["victims"]["mine+bits3"]["stands_for"] == linear
    assert record["victims"]["v"]["stands_for"] == "demo_vgg"
    assert record["flags"]["source"] == record["identity"]["flags"]["source"] == ["mine"]


def test_tables_show_it_with_its_defence(finished, capsys):
    assert table.main([str(finished)]) == 0
    assert "mine+bits3" in capsys.readouterr().out


def test_a_folder_starts_no_program_under_a_short_name(finished, linear, capsys):
    for named in ([], ["--victims=mine,mine+bits3"]):
        assert judge.main([str(finished), *named]) == 2
        assert "names the victim mine, which may be a program" in capsys.readouterr().err
    before = (finished / "per_image.csv").read_bytes()
    named = f"--victims=mine={linear},mine+bits3"
    assert judge.main([str(finished), named]) == 0
    assert (finished / "per_image.csv").read_bytes() == before
    assert verify.main([str(finished), "--predictions", named]) == 0
    assert verify.main([str(finished), "--predictions"]) == 3


def test_others_images_are_judged_under_short_names(finished, linear, tmp_path):
    arguments = [f"--adversarial_dir={finished / 'sign'}", f"--output_dir={tmp_path}"]
    arguments += [f"--victims=mine={linear},v=demo_vgg", "--limit=4", "--source=mine"]
    assert judge_images.main(arguments) == 0
    rows = pd.read_csv(tmp_path / "transfer.csv").set_index("victim")
    assert rows["setting"].to_dict() == {"mine": "white-box", "v": "black-box"}


def test_the_same_run_goes_on_under_the_same_name_alone(finished, linear):
    flags = {"source": [f"mine={linear}"], "victims": ["mine"], "num_iter": 1, "limit": 4}
    output = str(finished.parents[3])
    assert execute(RunConfig.of_flags(flags | {"output_dir": output})) == finished
    assert set(pd.read_csv(finished / "transfer.csv")["victim"]) == {"mine", "mine+bits3", "v"}


def test_one_program_fed_in_two_ways_is_two_victims_in_a_worker(linear, tmp_path):
    flags = {"source": ["demo_vgg"], "victims": [f"{linear}&range=0,1", linear]}
    flags |= {"limit": 4, "num_iter": 1, "output_dir": str(tmp_path)}
    # A worker remembers what a network said of the clean images.
    folder = execute(RunConfig.of_flags(flags), session=Session(1e9))
    rows = pd.read_csv(folder / "per_image.csv")
    first, second = (group["clean_confidence"].tolist() for _, group in rows.groupby("victim"))
    assert first != second
