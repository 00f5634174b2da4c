"""What a network of another framework takes: side, layout and scale, as its name's options say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from utils.errors import ModelError
from utils.quiet import tf

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
DEFAULT_SIDE = 224


@dataclass(frozen=True)
class InputForm:
    """How an image becomes a network's input.

    Attributes:
      side: pixels of its input.
      mean, std: of R, G and B on the scale on which white is 1; (x - mean) / std is fed.
      layout: "nhwc" or "nchw".
      crop: the share of the side that is left by cropping to the centre; 1 crops nothing.
      method: how it is resized, a name of tf.image.resize.
      antialias: whether that antialiases.
    """

    side: int = DEFAULT_SIDE
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    layout: str = "nhwc"
    crop: float = 1.0
    method: str = "bilinear"
    antialias: bool = False

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Maps float32 [N, S, S, 3] in [-1, 1], any S, to the network's input, float32."""
        whole = round(self.side / self.crop)
        if images.shape[1:3] != (whole, whole):
            images = tf.image.resize(images, [whole, whole], self.method, antialias=self.antialias)
        start = (whole - self.side) // 2
        images = images[:, start : start + self.side, start : start + self.side]
        scaled = ((images + 1.0) / 2.0 - self.mean) / self.std
        return tf.transpose(scaled, [0, 3, 1, 2]) if self.layout == "nchw" else scaled


# What the usual sources of networks feed them.
PRESETS: dict[str, InputForm] = {
    "inception": InputForm(),
    "torchvision": InputForm(
        mean=IMAGENET_MEAN, std=IMAGENET_STD, layout="nchw", crop=224 / 256, antialias=True
    ),
    "timm": InputForm(
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        layout="nchw",
        crop=0.875,
        method="bicubic",
        antialias=True,
    ),
}


def input_form(
    name: str, options: Mapping[str, Any], shape: list[int | None], scale_known: bool = False
) -> InputForm:
    """Puts a form together from a name's options and from what the model says of itself.

    Args:
      name: the network's, for messages.
      options: `as`, `mean`, `std`, `range`, `side`, `layout` and `crop`, each where it was given.
      shape: the model's input, None where it leaves that open.
      scale_known: whether the model itself says how its input is scaled.

    Raises:
      ModelError: the model takes no images, says otherwise, or leaves open what was not given.
    """
    if len(shape) != 4:
        raise ModelError(f"{name} takes {shape}, not a batch of images")
    form = PRESETS.get(options.get("as", ""), InputForm())
    if not scale_known and not {"as", "mean", "range"} & set(options):
        raise ModelError(
            f"{name} doesn't say what its input means: add as=torchvision, as=timm, as=inception, "
            "mean= and std= (of white 1), or range=LOW,HIGH"
        )
    if "range" in options:
        low, high = options["range"]
        form = replace(form, mean=(-low / (high - low),) * 3, std=(1 / (high - low),) * 3)
    form = replace(form, **{key: options[key] for key in ("mean", "std") if key in options})
    layout = _layout(name, options, shape)
    height, width = shape[1:3] if layout == "nhwc" else shape[2:]
    given = {pixels for pixels in (height, width, options.get("side")) if pixels is not None}
    if len(given) > 1:
        asked = f" of side {options['side']}" if "side" in options else ""
        raise ModelError(f"{name} takes images of {height} x {width} pixels, not squares{asked}")
    return replace(
        form,
        side=given.pop() if given else form.side,
        layout=layout,
        crop=options.get("crop", form.crop),
    )


def _layout(name: str, options: Mapping[str, Any], shape: list[int | None]) -> str:
    """The layout that the shape shows; the one that was given where it shows none."""
    shown = [layout for layout, at in (("nchw", 1), ("nhwc", 3)) if shape[at] == 3]
    asked = options.get("layout")
    if len(shown) == 1 and asked not in (None, shown[0]):
        raise ModelError(f"{name} takes {shape}, which is {shown[0]}: leave layout={asked} out")
    if len(shown) == 1:
        return shown[0]
    if asked is None and "as" in options:
        return PRESETS[options["as"]].layout
    if asked is None:
        raise ModelError(f"{name} takes {shape}: say with layout=nchw or layout=nhwc which it is")
    return asked
