"""The page in a real browser, where there are one and Gradio."""

import tempfile

import pytest
from chromium import Chromium, find

from utils.analysis.class_names import class_names
from utils.page.desk import Desk
from utils.page.engine import Engine
from utils.page.offer import Offer

pytest.importorskip("gradio")
pytestmark = pytest.mark.skipif(find() is None, reason="no Chromium")

MOVE = """(value => {
  const slider = document.querySelector('#epsilon input[type=range]');
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(slider, value);
  slider.dispatchEvent(new Event('input', {bubbles: true}));
})"""
VERDICT = "document.querySelector('.victim .bars:nth-child(2)')?.className"


@pytest.fixture
def address(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    monkeypatch.chdir(tmp_path)
    from utils.page.layout import build, start

    found = Offer.find("demo")
    offer = Offer(
        *("demo", "", {"demo_vgg": found.checkpoints["demo_vgg"]}),
        *(found.input_csv, found.input_dir),
    )
    page = build(Desk([offer], {"demo": class_names("demo")}, Engine()), tmp_path)
    yield start(page, "127.0.0.1", None, 1 << 20, inbrowser=False)
    page.close()
    assert [path.name for path in tmp_path.iterdir() if path.name != "uploads"] == []


def test_the_slider_changes_the_label_and_a_broken_file_gets_a_sentence(address):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Chromium(folder)
        try:
            browser.open(address)
            browser.wait("!!document.querySelector('#answer .victim')")
            browser.wait("!!document.querySelector('#epsilon input[type=range]')")
            browser.run(f"{MOVE}(0)")
            browser.wait(f"{VERDICT} == 'bars right'")
            browser.run(f"{MOVE}(32)")
            browser.wait(f"{VERDICT} == 'bars fooled'")
            browser.wait("!!document.querySelector('#curve svg.chart')")
            broken = f"{folder}/<b>broken.png"
            with open(broken, "wb") as file:
                file.write(b"no image at all")
            browser.choose_file("#upload input[type=file]", broken)
            browser.wait("!!document.querySelector('#answer .problem')")
            said = browser.run("document.querySelector('#answer').innerText")
            assert "is no image that can be read" in said
            browser.run("document.querySelector('#upload button[aria-label=Clear]').click()")
            browser.wait("!!document.querySelector('#answer .victim')")
            large = f"{folder}/large.bmp"
            with open(large, "wb") as file:
                file.truncate((1 << 20) + 1)
            browser.choose_file("#upload input[type=file]", large)
            browser.wait("document.body.innerText.includes('exceed the maximum allowed size')")
            names = "performance.getEntriesByType('resource').map(each => each.name)"
            loaded = browser.run(names)
            assert [name for name in loaded if not name.startswith((address, "data:"))] == []
            browser.resize(400, 900)
            assert browser.run("document.documentElement.scrollWidth") == 400
            bottom = "document.querySelector('#epsilon').getBoundingClientRect().bottom"
            assert browser.run(bottom) == 900
        finally:
            browser.close()
