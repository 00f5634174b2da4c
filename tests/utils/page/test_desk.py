"""What visitors' wishes become, whatever they hold."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from data import decode_image
from utils.analysis.class_names import class_names
from utils.errors import UsageError
from utils.page.desk import Desk, Wish
from utils.page.engine import Engine
from utils.page.offer import Offer

WISH = Wish("demo0002", None, "demo_vgg", "fgsm", ("sign", "affine"), 4, 2, False, ("demo_vgg",))


@pytest.fixture(scope="module")
def desk():
    return Desk([Offer.find("demo")], {"demo": class_names("demo")}, Engine())


def test_an_answer_shows_each_mode_and_names_the_command(desk):
    html = desk.answer(WISH)
    assert html.count('data-mode="') == 2 and html.count('data-victim="') == 1
    assert "python attack.py --method fgsm --mode sign,affine --source demo_vgg" in html
    assert 'class="true"' in html and "largest change" in html and "cosine" in html


def test_the_curve_is_computed_once_for_all_epsilons(desk, monkeypatch):
    html = desk.curve(WISH)
    assert html.count("<polyline") == 2 and "white-box" in html
    monkeypatch.setattr(desk.engine, "craft", lambda *_: pytest.fail("computed again"))
    assert desk.curve(replace(WISH, epsilon=9)) != html


def test_what_a_file_is_called_never_is_markup(desk, tmp_path):
    path = tmp_path / "<img src=x onerror=alert(1)>.png"
    Image.fromarray(np.zeros((80, 120, 3), np.uint8)).save(path)
    html = desk.answer(replace(WISH, upload=str(path)))
    assert "<img src=x" not in html and "&lt;img src=x onerror=alert(1)&gt;.png" in html
    path.write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    html = desk.answer(replace(WISH, upload=str(path)))
    assert "is no image that can be read" in html and "<img src=x" not in html
    assert str(tmp_path) not in html
    path.unlink()
    assert "is gone: drop it once more" in desk.answer(replace(WISH, upload=str(path)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": "<b>"}, "There is no network"),
        ({"image": "../../etc/passwd"}, "There is no image"),
        ({"image": None}, "No image is chosen"),
        ({"epsilon": 33}, "it must be from 0 to 32"),
        ({"epsilon": "much"}, "it must be from 0 to 32"),
        ({"num_iter": 10**9}, "it must be from 1 to 50"),
        ({"method": "<script>"}, "--method"),
        ({"modes": ()}, "No mode is chosen"),
        ({"victims": ("saved_model:/etc",)}, "is no network beside demo_vgg"),
    ],
)
def test_what_cannot_be_obeyed_is_a_sentence_on_the_page(desk, changes, said):
    html = desk.answer(replace(WISH, **changes))
    assert said in html and 'role="alert"' in html
    assert (
        "<b>" not in html and "<script>" not in html and desk.curve(replace(WISH, **changes)) == ""
    )


def test_the_run_folder_is_what_attack_py_leaves_and_holds_the_answers_pixels(desk, tmp_path):
    archive = desk.run_folder(WISH, tmp_path)
    assert tmp_path in archive.parents
    with zipfile.ZipFile(archive) as packed:
        names = set(packed.namelist())
        png = packed.read("eps4/affine/demo0002.png")
        table = packed.read("eps4/per_image.csv").decode()
    assert {"eps4/run.json", "eps4/transfer.csv", "eps4/sign/demo0002.png", "labels.csv"} <= names
    assert "true_name" in table.splitlines()[0] and ",square," in table
    (affine,) = (m for m in desk.engine.craft(desk.question(WISH))[1] if m.mode == "affine")
    assert np.array_equal(decode_image(png, archive), affine.pixels)
    with pytest.raises(UsageError, match="Epsilon 0 is no attack"):
        desk.run_folder(replace(WISH, epsilon=0), tmp_path)


def test_networks_of_ones_own_stand_by_themselves_under_their_short_names(desk, demo, tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("ImageId,TrueLabel\ndemo0004,7\n")
    # It is only looked for here, never loaded.
    (tmp_path / "saved_model.pb").write_bytes(b"")
    network = f"mine=saved_model:{tmp_path}?side=64&classes=10"
    own = Offer.find("demo", "", [network], str(table), str(demo / "images"), alone=True)
    assert own.sources == ["mine"] and own.class_zoo == "" and own.side("mine") == 64
    both = Desk([own, *desk.offers], desk.names, desk.engine)
    assert both.sources[0] == "mine" and both.images("mine") == [("demo0004: 7", "demo0004")]
    assert len(both.images("demo_vgg")) > 1
    command = both.question(replace(WISH, image="demo0004", source="mine", victims=())).command()
    assert f"--source '{network}'" in command and f"--input_csv {table}" in command
    assert Offer.find("demo", "", [network], alone=True).dataset is None
