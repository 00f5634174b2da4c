"""From a question to its answer: networks are loaded once, whoever asks."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence

import numpy as np

from data import from_uint8, to_uint8
from methods import image_key, parse_method
from models import Classifier
from utils.page.answer import Answer, Made, Seen, Victim
from utils.page.picture import pixels_key
from utils.page.question import Question
from utils.pipeline import arithmetic
from utils.pipeline.cost import perturbation_costs
from utils.pipeline.craft import refuse_broken
from utils.pipeline.devices import find_devices
from utils.pipeline.session import MEMORY, Kept, Session
from utils.quiet import tf

# Answers of networks that are kept, in bytes: some thousands of ImageNet's.
_REMEMBERED = 32e6


class Engine:
    """Answers questions one at a time, and keeps what later ones share.

    Args:
      memory: bytes of networks, decoded images and first gradients that are kept (as Session).
    """

    def __init__(self, memory: float = MEMORY) -> None:
        self.session = Session(memory)
        # TensorFlow's traces are made once, and the budget is one: visitors wait for one another.
        self.lock = threading.RLock()
        self._seen: Kept[Seen] = Kept(_REMEMBERED)

    def answer(self, question: Question) -> Answer:
        """Attacks the image in each mode and shows it to each victim, as attack.py does.

        Raises:
          BenchError: as attack.py with the same flags.
        """
        with self.lock:
            label, made = self.craft(question)
            return Answer(label, made, self._judged(question, made))

    def see(self, question: Question, name: str, images: Sequence[np.ndarray]) -> list[Seen]:
        """What a network says of each of some images, uint8 [S, S, 3]; raises as `answer`."""
        with self.lock, tf.device(find_devices(1)[0]):
            victim = self._load(question, name)
            judge = self.session.judge(victim)

            def look(pixels: np.ndarray) -> Seen:
                # By itself: beside others an image is rounded differently.
                shown = tf.constant(from_uint8(pixels[None]))
                return Seen(judge.probabilities(shown).numpy()[0], victim.label_offset)

            size = 4.0 * victim.num_classes
            of_network = name, str(question.offer.checkpoints[name])
            return [
                self._seen.get((*of_network, pixels_key(each)), size, functools.partial(look, each))
                for each in images
            ]

    def craft(self, question: Question) -> tuple[int, list[Made]]:
        """Attacks the image in each mode.

        Returns:
          The label that this leads away from, in the CSV's convention; what each mode made.

        Raises:
          BenchError: as attack.py with the same flags.
        """
        with self.lock, tf.device(find_devices(1)[0]):
            source = self._load(question, question.source)
            label = self.label_of(question)
            column = label - source.label_offset
            crafted = self._crafted(question, source, column) if question.epsilon else {}
        original = question.picture.pixels
        of_modes = [crafted.get(mode, (original, 0.0)) for mode in question.modes]
        costs = perturbation_costs(original, [pixels for pixels, _ in of_modes])
        made = [
            Made(mode, pixels, cost, cosine)
            for mode, (pixels, cosine), cost in zip(question.modes, of_modes, costs, strict=True)
        ]
        return label, made

    def _crafted(
        self, question: Question, source: Classifier, column: int
    ) -> dict[str, tuple[np.ndarray, float]]:
        """Returns mode -> what it made of the image, and the first step's cosine."""
        config, original = question.config(), question.picture.pixels[None]
        method = parse_method(config.method)
        attack = self.session.attack(method, config.attack, source, config.jit_compile)
        ids = [question.picture.image_id]
        keys = np.stack([image_key(config.seed, image_id) for image_id in ids])
        columns = np.array([column], np.int32)
        with arithmetic.of_crafting(config):
            crafted = attack(from_uint8(original), columns, keys, config.modes)
        for mode, result in crafted.items():
            refuse_broken(mode, result, ids, config)
        return {
            mode: (
                to_uint8(np.asarray(result.images), original, config.attack.bound)[0],
                float(np.asarray(result.cosine)[0, 0]),
            )
            for mode, result in crafted.items()
        }

    def _load(self, question: Question, name: str) -> Classifier:
        offer = question.offer
        return self.session.load(offer.short_names.meaning(name), offer.checkpoints[name])

    def label_of(self, question: Question) -> int:
        """The image's own label, else the class that the source sees; background is none.

        Raises:
          BenchError: the source can't be asked.
        """
        picture = question.picture
        if picture.label is not None:
            return picture.label
        (seen,) = self.see(question, question.source, [picture.pixels])
        return next(label for label, _ in seen.top() if label > 0)

    def _judged(self, question: Question, made: Sequence[Made]) -> list[Victim]:
        images = [question.picture.pixels, *(each.pixels for each in made)]
        judged = []
        for name in sorted(question.victims, key=lambda name: name != question.source):
            clean, *adversarial = self.see(question, name, images)
            of_modes = {m.mode: seen for m, seen in zip(made, adversarial, strict=True)}
            judged.append(Victim(name, name == question.source, clean, of_modes))
        return judged
