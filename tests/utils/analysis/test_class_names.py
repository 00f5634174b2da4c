import json

import pytest

from utils.analysis import class_names as module
from utils.analysis.class_names import ClassNames, class_names
from utils.errors import ResultsError


def test_line_0_is_label_0_and_the_first_synonym_is_shown(tmp_path):
    file = tmp_path / "names.txt"
    file.write_text("background\ntench, Tinca tinca\ngoldfish\n")
    names = class_names("imagenet", file)
    assert [names(label) for label in (0, 1, 2, 3)] == [
        "0 background",
        "1 tench",
        "2 goldfish",
        "3",
    ]


def test_the_demo_zoo_has_its_own():
    assert class_names("demo")(1) == "1 disc"


def test_without_a_network_there_are_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_KERAS_CACHE", tmp_path / "none.json")
    monkeypatch.setattr(module, "_KERAS_URL", (tmp_path / "gone").as_uri())
    assert class_names("imagenet")(306) == "306"


def test_keras_index_counts_without_background(tmp_path, monkeypatch):
    index = tmp_path / "index.json"
    index.write_text(json.dumps({"0": ["n1", "tench"], "1": ["n2", "great_white_shark"]}))
    monkeypatch.setattr(module, "_KERAS_CACHE", tmp_path / "cache" / "index.json")
    monkeypatch.setattr(module, "_KERAS_URL", index.as_uri())
    assert class_names("imagenet")(2) == "2 great white shark"
    index.unlink()
    assert class_names("imagenet")(1) == "1 tench"


def test_imagenets_file(shared):
    names = class_names("imagenet", shared / "imagenet" / "class_names.txt")
    assert len(names.names) == 1001 and names(1) == "1 tench"


def test_an_unreadable_file_is_named(tmp_path):
    with pytest.raises(ResultsError, match="--class_names"):
        class_names("demo", tmp_path / "none")
    assert ClassNames()(5) == "5"
