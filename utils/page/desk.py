"""What the page does for its visitors: from what they set to HTML; knows nothing of Gradio."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data import write_image
from data.photos import decode_photo, read_photo_bytes
from methods import MODES
from utils.analysis.class_names import ClassNames
from utils.class_names import write_beside
from utils.errors import BenchError, DataError, UsageError
from utils.files import write_atomically
from utils.page.cards import answer_html
from utils.page.chart import chart_html
from utils.page.curve import Curves
from utils.page.engine import Engine
from utils.page.markup import text
from utils.page.offer import Offer
from utils.page.picture import Picture
from utils.page.question import Question
from utils.pipeline.execute import execute
from utils.pipeline.names import safe_name
from utils.pipeline.session import Kept

MAX_EPSILON = 32.0
MAX_ITERATIONS = 50
# Of photos as they came, decoded: each is some hundred kB.
_PHOTOS = 16


@dataclass(frozen=True)
class Wish:
    """What a visitor has set; whatever came over the network, so nothing of it is trusted.

    Attributes:
      image: the id of one of the zoo's images.
      upload: where the visitor's own file lies; None: `image` is meant.
      source, method, modes, epsilon, num_iter, equal_l2, victims: as of Question.
    """

    image: str | None
    upload: str | None
    source: str
    method: str
    modes: Sequence[str]
    epsilon: float
    num_iter: int
    equal_l2: bool
    victims: Sequence[str]


class Desk:
    """Answers visitors' wishes.

    Args:
      offers: the zoos that were found.
      names: zoo, as an offer's `class_zoo` -> names of its classes.
      engine: shared by all visitors.
    """

    def __init__(
        self, offers: Sequence[Offer], names: Mapping[str, ClassNames], engine: Engine
    ) -> None:
        self.offers, self.names, self.engine = tuple(offers), names, engine
        self._curves = Curves(engine)
        self._photos: Kept[Picture] = Kept(_PHOTOS)

    @property
    def sources(self) -> list[str]:
        """All networks that can be attacked."""
        return [name for offer in self.offers for name in offer.sources]

    def offer_of(self, source: str) -> Offer:
        """Returns the zoo that a network belongs to.

        Raises:
          UsageError: none has it.
        """
        for offer in self.offers:
            if source in offer.sources:
                return offer
        raise UsageError(f"There is no network {source!a:.80} here: choose one of the list.")

    def images(self, source: str) -> list[tuple[str, str]]:
        """Returns (what to show, id) of the images of a network's zoo."""
        offer = self.offer_of(source)
        if offer.dataset is None:
            return []
        name = self.names.get(offer.class_zoo, ClassNames())
        pairs = zip(offer.dataset.ids, offer.dataset.true_labels, strict=True)
        return [(f"{image_id}: {name(int(label))}", image_id) for image_id, label in pairs]

    def answer(self, wish: Wish) -> str:
        """Returns the answer, or why there is none in a sentence, as HTML."""
        try:
            question = self.question(wish)
            names = self._names_for(question)
            return answer_html(question, self.engine.answer(question), names)
        except BenchError as error:
            return problem_html(error)

    def curve(self, wish: Wish) -> str:
        """Returns the curve over epsilon as HTML; nothing where there is no answer."""
        try:
            question = self.question(wish)
            lines = self._curves.lines(question)
        except BenchError:
            # `answer` says why.
            return ""
        return chart_html(lines, question.epsilon, question.equal_l2)

    def run_folder(self, wish: Wish, place: Path) -> Path:
        """Makes what attack.py leaves for the wish.

        Args:
          wish: of an epsilon above 0.
          place: a temporary folder.

        Returns:
          A ZIP file in it.

        Raises:
          BenchError: as attack.py.
        """
        question = self.question(wish)
        if not question.epsilon:
            raise UsageError(
                "Epsilon 0 is no attack: move the slider, then there is a run to make."
            )
        folder = Path(tempfile.mkdtemp(dir=place))
        config = question.config(str(folder / "results"))
        image_id = question.picture.image_id
        with self.engine.lock:
            label = self.engine.label_of(question)
            write_image(folder / "images" / f"{image_id}.png", question.picture.pixels)
            table = f"ImageId,TrueLabel\n{image_id},{label}\n"
            write_atomically(folder / "labels.csv", table.encode())
            write_beside(folder / "labels.csv", self._names_for(question).names)
            config = replace(
                config,
                input_csv=str(folder / "labels.csv"),
                input_dir=str(folder / "images"),
            )
            run = execute(config, self.engine.session, question.command())
        archive = folder / f"{image_id}_{question.method}_{run.name}.zip"
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
            for part in sorted(path for path in run.rglob("*") if path.is_file()):
                if not part.relative_to(run).parts[0].startswith("."):
                    packed.write(part, Path(run.name, part.relative_to(run)))
            packed.write(folder / "images" / f"{image_id}.png", f"images/{image_id}.png")
            packed.write(folder / "labels.csv", "labels.csv")
        write_atomically(archive, content.getvalue())
        return archive

    def question(self, wish: Wish) -> Question:
        """Returns what is asked, checked.

        Raises:
          BenchError: something that can't be obeyed.
        """
        offer = self.offer_of(wish.source)
        _within("epsilon", wish.epsilon, 0, MAX_EPSILON)
        _within("the number of iterations", wish.num_iter, 1, MAX_ITERATIONS)
        unknown = [name for name in wish.victims if name not in offer.checkpoints]
        if unknown:
            raise UsageError(f"{unknown[0]!a:.80} is no network beside {wish.source}.")
        if not wish.modes:
            raise UsageError("No mode is chosen: tick one, such as affine.")
        return Question(
            offer=offer,
            picture=self._picture(wish, offer),
            source=wish.source,
            method=wish.method,
            modes=tuple(mode for mode in MODES if mode in wish.modes),
            epsilon=float(wish.epsilon),
            num_iter=int(wish.num_iter),
            equal_l2=bool(wish.equal_l2),
            victims=tuple(wish.victims),
        )

    def _names_for(self, question: Question) -> ClassNames:
        return self.names.get(question.offer.class_zoo, ClassNames())

    def _picture(self, wish: Wish, offer: Offer) -> Picture:
        if wish.upload:
            return self._photo(Path(wish.upload), offer.side(wish.source))
        if not wish.image:
            raise UsageError("No image is chosen: take one of the list, or drop a photo.")
        return offer.picture(wish.image)

    def _photo(self, path: Path, side: int) -> Picture:
        try:
            stats = path.stat()
        except OSError as error:
            raise DataError(f"{path.name!a:.80} is gone: drop it once more.") from error
        key = (str(path), stats.st_mtime_ns, stats.st_size, side)
        return self._photos.get(key, 1, lambda: _read_photo(path, side))


def _read_photo(path: Path, side: int) -> Picture:
    # The name alone is for people; where the file lies is nobody's business.
    photo = decode_photo(read_photo_bytes(path), Path(path.name), side)
    return Picture(safe_name(path.stem), photo.pixels, file=path.name)


def problem_html(error: BenchError) -> str:
    """Returns an error's sentence for the page."""
    return f'<div class="bench"><p class="problem" role="alert">{text(error)}</p></div>'


def _within(what: str, value: float, lowest: float, highest: float) -> None:
    # Also where it is no number at all.
    if not isinstance(value, (int, float)) or not lowest <= value <= highest:
        raise UsageError(f"{what} is {value!a:.40}; it must be from {lowest:g} to {highest:g}.")
