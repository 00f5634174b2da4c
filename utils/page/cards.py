"""The answer as pictures and bars."""

from __future__ import annotations

import math

from utils.analysis.class_names import ClassNames
from utils.analysis.faces import face
from utils.analysis.figures.strip import amplified
from utils.page import words
from utils.page.answer import Answer, Made, Seen, Victim
from utils.page.markup import arrows, picture, text
from utils.page.question import Question

_GAIN = 10


def answer_html(question: Question, answer: Answer, names: ClassNames) -> str:
    """Returns all that is shown of an answer; names of files and classes are escaped."""
    label = names(answer.label)
    whose = (
        "its true class"
        if question.picture.label is not None
        else f"what {question.source} sees in it, since nobody said what it is"
    )
    cards = [_original(question), *(_card(question, each) for each in answer.made)]
    victims = "".join(_victim(each, answer, names) for each in answer.victims)
    return (
        '<div class="bench">'
        f"<p><b>{text(question.picture.file or question.picture.image_id)}</b>: the attack leads "
        f"away from <b>{text(label)}</b>, {text(whose)}.</p>"
        f'<div class="cards">{"".join(cards)}</div>'
        f'<h3>What the networks say, before and after</h3><div class="victims">{victims}</div>'
        f"{_command(question)}</div>"
    )


def _original(question: Question) -> str:
    shown = picture(question.picture.pixels, "the original", words.ORIGINAL)
    return f'<section class="card"><h3>original</h3>{shown}</section>'


def _card(question: Question, made: Made) -> str:
    look, original = face(made.mode), question.picture.pixels
    psnr = "infinite" if math.isinf(made.cost.psnr) else f"{made.cost.psnr:.1f} dB"
    # Of an image too small for it there is none.
    ssim = "" if math.isnan(made.cost.ssim) else f"<dt>SSIM</dt><dd>{made.cost.ssim:.3f}</dd>"
    facts = (
        f"<dt>L2</dt><dd>{made.cost.l2:.1f}</dd><dt>PSNR</dt><dd>{psnr}</dd>{ssim}"
        f"<dt>largest change</dt><dd>{made.cost.linf} of 255</dd>"
    )
    image_id = question.picture.image_id
    return (
        f'<section class="card" data-mode="{text(made.mode)}">'
        f'<h3><i style="background:{look.color}"></i>{text(look.title)}</h3>'
        + picture(
            made.pixels,
            f"adversarial, {made.mode}",
            words.of_mode(made.mode),
            f"{image_id}_{made.mode}.png",
        )
        + picture(
            amplified(original, made.pixels, _GAIN),
            f"perturbation of {made.mode}, times {_GAIN}",
            words.PERTURBATION,
        )
        + f"<dl>{facts}</dl>"
        + f"<figure>{arrows(made.cosine, look.color)}"
        + f"<figcaption>{text(words.of_arrows(made.mode, made.cosine))}</figcaption></figure>"
        + "</section>"
    )


def _victim(victim: Victim, answer: Answer, names: ClassNames) -> str:
    kind = "white-box" if victim.white_box else "black-box"
    columns = [_bars("before", "", victim.clean, answer.label, names)]
    for mode, seen in victim.adversarial.items():
        look = face(mode)
        columns.append(_bars(look.title, look.color, seen, answer.label, names))
    return (
        f'<section class="victim" data-victim="{text(victim.name)}">'
        f"<h4>{text(victim.name)} <small>{kind}</small></h4>"
        f'<div class="columns">{"".join(columns)}</div></section>'
    )


def _bars(title: str, color: str, seen: Seen, label: int, names: ClassNames) -> str:
    top = seen.top()
    verdict = "right" if top[0][0] == label else "fooled"
    style = f' style="--bar:{color}"' if color else ""
    rows = "".join(
        f'<li class="{"true" if each == label else "other"}" style="--share:{share:.4f}">'
        f"<span>{text(names(each))}{'&nbsp;&#10003;' if each == label else ''}</span>"
        f"<b>{share:.1%}</b></li>"
        for each, share in top
    )
    return (
        f'<div class="bars {verdict}"{style}><h5>{text(title)}</h5>'
        f"<p>sees {'the class' if verdict == 'right' else 'another class'}</p>"
        f"<ol>{rows}</ol></div>"
    )


def _command(question: Question) -> str:
    if not question.epsilon:
        return "<p>Epsilon 0 is no attack: the image is as it was.</p>"
    return (
        "<p>The same PNGs, from the command line:</p>"
        f"<pre><code>{text(question.command())}</code></pre>"
    )
