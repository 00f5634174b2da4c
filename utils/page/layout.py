"""The page's controls, in Gradio: everything else is HTML that `Desk` returns."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Read by Gradio and the libraries below it when they are imported: nothing is told to anybody.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr

from methods import MODES
from utils.analysis.faces import face
from utils.errors import BenchError, RunError
from utils.page.desk import MAX_EPSILON, MAX_ITERATIONS, Desk, Wish, problem_html

# Shown in the list; what needs another seconds a step is for attack.py.
METHODS = {
    "fgsm": "FGSM, one step",
    "if": "I-FGSM",
    "m": "MI-FGSM, momentum",
    "n": "NI-FGSM, look-ahead",
    "d": "DI, diverse inputs",
    "t": "TI, smoothed gradient",
    "md": "MI + DI",
    "mdt": "MI + DI + TI",
}
_INTRODUCTION = (
    "Move epsilon and see when a network changes its mind. **sign** is what FGSM and its relatives "
    "do; **FGNM** replaces it by the gradient, rescaled "
    "([arXiv 2110.12734](https://arxiv.org/abs/2110.12734)). A white-box network is the one that "
    "was attacked, the others (black-box) never saw the attack. One image shows how it works, not "
    "which is better."
)
# Their own fonts, so that no visitor's browser asks a server elsewhere for some.
_FONT, _MONOSPACE = ("system-ui", "sans-serif"), ("ui-monospace", "monospace")


def build(desk: Desk, downloads: Path) -> gr.Blocks:
    """Lays out the page.

    Args:
      desk: answers.
      downloads: a temporary folder for what visitors take along.
    """
    first = desk.sources[0]
    offer = desk.offer_of(first)
    images = desk.images(first)
    with gr.Blocks(title="FGNM attack bench", analytics_enabled=False) as page:
        gr.Markdown(f"# FGNM attack bench, live\n{_INTRODUCTION}")
        with gr.Row():
            with gr.Column(scale=1, min_width=260):
                epsilon = gr.Slider(
                    0, MAX_EPSILON, value=8, step=1, label="Epsilon, of 255", elem_id="epsilon"
                )
                image = gr.Dropdown(
                    images, value=images[0][1] if images else None, label="Image", elem_id="image"
                )
                upload = gr.File(
                    label="Or drop a photo (PNG, JPEG, WebP, BMP)", height=160, elem_id="upload"
                )
                source = gr.Dropdown(desk.sources, value=first, label="Source", elem_id="source")
                method = gr.Dropdown(
                    [(name, key) for key, name in METHODS.items()], value="fgsm", label="Method"
                )
                modes = gr.CheckboxGroup(
                    [(face(mode).title, mode) for mode in MODES],
                    value=["sign", "affine"],
                    label="Modes, side by side",
                )
                num_iter = gr.Slider(
                    1, MAX_ITERATIONS, value=10, step=1, label="Iterations (FGSM takes one)"
                )
                equal_l2 = gr.Checkbox(
                    label="Equal L2: all modes within the length that epsilon makes in every entry"
                )
                with gr.Accordion("Networks that judge", open=False):
                    victims = gr.CheckboxGroup(
                        list(offer.checkpoints), value=list(offer.checkpoints), show_label=False
                    )
                with_curve = gr.Checkbox(
                    value=offer.zoo == "demo", label="Curve over epsilon (nine attacks a mode)"
                )
                make = gr.Button("Make the run folder")
                folder = gr.File(label="The run folder", interactive=False, visible=False)
                problem = gr.HTML()
            with gr.Column(scale=3, min_width=300):
                answer = gr.HTML("<p>The networks are being loaded ...</p>", elem_id="answer")
                curve = gr.HTML(elem_id="curve")
        wish = [image, upload, source, method, modes, epsilon, num_iter, equal_l2, victims]

        def of_curve(wanted: bool, *values: Any) -> str:
            return desk.curve(Wish(*values)) if wanted else ""

        def taken_along(*values: Any) -> tuple[Any, str]:
            try:
                made = desk.run_folder(Wish(*values), downloads)
                return gr.update(value=str(made), visible=True), ""
            except BenchError as error:
                return gr.update(visible=False), problem_html(error)

        def of_zoo(name: str, chosen: str | None) -> tuple[Any, Any]:
            networks = list(desk.offer_of(name).checkpoints)
            offered = desk.images(name)
            ids = [image_id for _, image_id in offered]
            kept = chosen if chosen in ids else next(iter(ids), None)
            return (
                gr.update(choices=offered, value=kept),
                gr.update(choices=networks, value=networks),
            )

        def live(event: Callable[..., Any], before: list[Any] | None = None) -> None:
            # While a slider moves only its latest place is answered; one queue for all visitors.
            queue = {
                "concurrency_id": "networks",
                "concurrency_limit": 1,
                "api_visibility": "private",
            }
            if before:
                moved = event(of_zoo, [source, image], before, **queue)
                event = moved.then
            else:
                queue["trigger_mode"] = "always_last"
            shown = event(
                lambda *values: desk.answer(Wish(*values)),
                wish,
                answer,
                show_progress="hidden",
                **queue,
            )
            queue.pop("trigger_mode", None)
            shown.then(of_curve, [with_curve, *wish], curve, show_progress="hidden", **queue)

        for control in (image, method, modes, num_iter, equal_l2, victims, epsilon, with_curve):
            live(control.input)
        live(upload.change)
        live(source.input, [image, victims])
        live(page.load)
        make.click(
            taken_along,
            wish,
            [folder, problem],
            concurrency_id="networks",
            concurrency_limit=1,
            api_visibility="private",
        )
    return page


def start(
    page: gr.Blocks, host: str, port: int | None, max_file_bytes: int, inbrowser: bool
) -> str:
    """Begins to serve the page and returns its address.

    Args:
      page: from `build`.
      host: 127.0.0.1 unless others are to see it.
      port: None for the first free one from 7860.
      max_file_bytes: what an uploaded file may have.
      inbrowser: whether to open it.

    Raises:
      RunError: it can't be served there.
    """
    page.queue(default_concurrency_limit=1, max_size=64, api_open=False)
    try:
        _, address, _ = page.launch(
            server_name=host,
            server_port=port,
            share=False,
            inbrowser=inbrowser,
            max_file_size=max_file_bytes,
            theme=gr.themes.Default(font=_FONT, font_mono=_MONOSPACE),
            css_paths=Path(__file__).with_name("page.css"),
            footer_links=[],
            ssr_mode=False,
            enable_monitoring=False,
            show_error=False,
            quiet=True,
            prevent_thread_lock=True,
        )
    except OSError as error:
        raise RunError(
            f"The page can't be served at {host}, port {port or '7860 to 7959'}: give another "
            "--host or --port."
        ) from error
    return address
