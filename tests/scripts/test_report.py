import base64
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from scripts import report
from tests.made_up_results import write_sweep


class _Reader(HTMLParser):
    void = {"meta", "img", "link", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.links, self.images = [], [], []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[n] for n in ("href", "src") if n in attributes]
        if tag == "img":
            self.images.append(attributes)
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_sweep(folder / "r", methods=("if",), images=20, epsilons=(4, 8, 16))
    file = folder / "report.html"
    options = ["--figures", "equal_l2,success_l2", "--title", "A & B"]
    assert report.main([str(folder / "r"), "-o", str(file), *options]) == 0
    return file.read_text("utf-8"), folder


def test_is_whole_and_needs_nothing_else(page):
    text, _ = page
    reader = _Reader()
    reader.feed(text)
    assert reader.open == []
    assert len(reader.images) == 2
    assert all(link.startswith("data:image/png;base64,") for link in reader.links)
    assert "url(" not in text and "@import" not in text and "<script" not in text
    for image in reader.images:
        assert image["alt"]
        data = base64.b64decode(image["src"].split(",")[1], validate=True)
        assert data.startswith(b"\x89PNG")


def test_holds_the_tables_settings_and_commands(page):
    text, folder = page
    file = folder / "r/imagenet/net_a/if/eps16/transfer.csv"
    rates = pd.read_csv(file).set_index(["victim", "mode"])["success_rate"]
    sign, affine = rates["net_b", "sign"], rates["net_b", "affine"]
    assert sign > affine and f"<b>{sign:.1f}</b> / {affine:.1f}" in text
    assert "gain at equal L2" in text
    assert "python attack.py --method=if" in text
    assert "tensorflow 2.21.0" in text and "--num_iter" in text
    assert "<h1>A &amp; B</h1>" in text and not re.search(r"\$\w", text)


def test_failures_are_one_sentence(tmp_path, capsys):
    assert report.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("report.py: No finished run")
