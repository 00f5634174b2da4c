import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from scripts import report
from tests.made_up_results import write_run, write_sweep
from utils.analysis import report as report_module
from utils.analysis.families import load_families
from utils.analysis.summary_rows import summary_rows

_OWN = (("style", "css"), ("script", "js"))


class _Reader(HTMLParser):
    void = {"meta", "img", "link", "br", "input"}

    def __init__(self):
        super().__init__()
        self.open, self.links, self.images, self.texts = [], [], [], {"script": [], "style": []}

    def handle_data(self, data):
        if self.open and self.open[-1] in self.texts:
            self.texts[self.open[-1]].append(data)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        assert not any(name.startswith("on") or name == "style" for name in attributes)
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
    anchors = [link[1:] for link in reader.links if link.startswith("#")]
    assert anchors and set(anchors) <= set(re.findall(r'id="(\w+)"', text))
    pictures = [link for link in reader.links if not link.startswith("#")]
    assert all(link.startswith("data:image/svg+xml;base64,") for link in pictures)
    assert "url(" not in text and "@import" not in text
    assert "fetch" not in text and "XMLHttp" not in text and "innerHTML" not in text
    for image in reader.images:
        assert image["alt"]
        data = base64.b64decode(image["src"].split(",")[1], validate=True)
        assert b"<svg" in data and b"<script" not in data
        # At its own size, which the page may shrink and never blows up.
        inches = float(re.search(rb'width="([\d.]+)pt"', data)[1]) / 72
        assert int(image["width"]) == round(96 * inches)


def test_runs_its_own_script_alone_and_loads_nothing(page):
    """The policy names style and script by their digests: no other text is taken for one."""
    text, _ = page
    reader = _Reader()
    reader.feed(text)
    folder = Path(report_module.__file__).parent
    own = {name: (folder / f"report.{end}").read_text("utf-8") for name, end in _OWN}
    assert reader.texts == {name: [content] for name, content in own.items()}
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1].split("; ")
    hashes = {
        name: base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        for name, content in own.items()
    }
    wanted = ["default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'"]
    wanted += [f"{name}-src 'sha256-{digest}'" for name, digest in hashes.items()]
    assert sorted(policy) == sorted(wanted)
    # Read before anything that it is to hold back.
    assert text.index("Content-Security-Policy") < text.index("<style")


def test_holds_the_tables_settings_and_commands(page):
    text, folder = page
    file = folder / "r/imagenet/net_a/if/eps16/transfer.csv"
    rates = pd.read_csv(file).set_index(["victim", "mode"])["success_rate"]
    sign, affine = rates["net_b", "sign"], rates["net_b", "affine"]
    assert sign > affine and f"<td><b>{sign:.1f}</b></td>" in text and f"<td>{affine:.1f}" in text
    assert "gain at equal L2" in text and "gain at equal SSIM" in text
    assert "python attack.py --method=if" in text
    assert "tensorflow 2.21.0" in text and "--num_iter" in text
    assert "<h1>A &amp; B</h1>" in text and not re.search(r"\$\w", text)


def test_says_the_result_in_words_and_counts_images(page):
    text, folder = page
    header = text.split("<nav")[0]
    (family,) = load_families([folder / "r"])
    rows = summary_rows(family).set_index(["size", "mode", "victim"])
    row = rows.loc[(16.0, "affine", "black-box mean")]
    # With 20 images nothing differs from 0 here.
    verdict = "no difference is shown for" if row["significant"] == 0 else "sign"
    assert verdict in header and f"affine ({row['gain_over_sign']:+.1f})" in header
    assert "At the same epsilon" in header
    assert "At the same mean L2" in header and "At the same mean SSIM" in header
    success = family.success["if", 16.0]
    more = success["affine", "net_b"] - success["sign", "net_b"]
    counts = f"<td>{(more > 0).sum()}</td><td>{(more < 0).sum()}</td>"
    assert f'<tr><th scope="row">net_b</th>{counts}' in text


def test_names_what_is_not_drawn(tmp_path):
    write_run(tmp_path / "r", images=20)
    file = tmp_path / "page.html"
    options = ["--figures", "success_l2,rates", "-o", str(file)]
    assert report.main([str(tmp_path / "r"), *options]) == 0
    text = file.read_text("utf-8")
    assert "success_l2_if: curves need several epsilons" in text
    assert "nothing can be said at equal L2" in text


def test_many_families_and_long_tables_fold_away(tmp_path):
    victims = tuple(f"net_{letter}" for letter in "abcdefghijklmnopq")
    for source in victims[:5]:
        methods = ("if", "m", "n", "d") if source == "net_a" else ("if",)
        for method in methods:
            write_run(tmp_path / "r", method, source=source, victims=victims, images=4)
    file = tmp_path / "page.html"
    assert report.main([str(tmp_path / "r"), "--figures", "cosine", "-o", str(file)]) == 0
    text = file.read_text("utf-8")
    assert re.findall(r'<details class="family"( open)?>', text) == [" open", "", "", "", ""]
    # Four methods with a line a victim.
    assert "images gained and lost (68 rows)</summary>" in text
    # The result in words stands with each family, and once.
    header, sections = text.split("<nav")
    assert "was attacked with" not in header and sections.count("was attacked with") == 5
    anchors = set(re.findall(r'href="#(\w+)"', text))
    assert anchors <= set(re.findall(r'id="(\w+)"', text)) and len(anchors) > 20
    # The gains of all sources are with the first.
    assert text.count('<h3 id="matrix') == 1 and "5 sources, 4 images" in text


def test_images_are_shown_of_the_demo_zoo_alone(tmp_path):
    """The page is made to be passed on, and photos aren't ours to pass on."""
    options = ["--figures", "strip,contact,cosine", "-o"]
    for zoo in ("demo", "imagenet"):
        write_run(tmp_path / zoo, images=4, pngs=True, zoo=zoo)
        assert report.main([str(tmp_path / zoo), *options, str(tmp_path / f"{zoo}.html")]) == 0
    demo, imagenet = (
        tmp_path.joinpath(f"{z}.html").read_text("utf-8") for z in ("demo", "imagenet")
    )
    assert demo.count("<figure") == 3 and imagenet.count("<figure") == 1
    assert "images of the demo zoo alone" in imagenet and "zoo alone" not in demo


def test_flips_are_counted_on_request(tmp_path):
    write_run(tmp_path / "r", images=30, clean_errors=10)
    file = tmp_path / "page.html"
    options = ["--figures", "rates", "--rate", "flip", "-o", str(file)]
    assert report.main([str(tmp_path / "r"), *options]) == 0
    text = file.read_text("utf-8")
    assert "right when clean" in text and "33.3 % of all images" in text


def test_failures_are_one_sentence(tmp_path, capsys):
    assert report.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("report.py: No finished run")
