"""What .progress/ holds of a run: one line for each finished image and each prediction."""

from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

# As of int32: labels are no larger anywhere else.
_LOWEST, _HIGHEST = -(1 << 31), (1 << 31) - 1


class CraftedImage(BaseModel):
    """An adversarial PNG that was written.

    Attributes:
      mode: its mode.
      group: the modes, itself among them, that it went through the source with; the bytes may
        depend on them. ("beside" in folders from before it was called so.)
      image_id: its image.
      image_sha256: of the clean PNG that it was made from.
      png_sha256: of the PNG written.
      cosine: between step and gradient, one a step.
      zero_share: share of the first gradient's entries that are next to zero.
    """

    model_config = ConfigDict(strict=True)

    mode: str
    group: list[str] = Field(validation_alias=AliasChoices("group", "beside"))
    image_id: str
    image_sha256: str
    png_sha256: str
    cosine: list[float] = Field(min_length=1)
    zero_share: float


class Prediction(BaseModel):
    """What a victim said of one image.

    Attributes:
      victim: its name.
      weights: a digest of its weights.
      mode: the image's, or "clean".
      image_id: the image's.
      png_sha256: of the PNG that it was shown.
      labels: the likeliest first, in the CSV's convention; UNTOLD for those that a program didn't
        tell.
      confidence: softmax probability of the first; None where a program didn't tell it.
    """

    model_config = ConfigDict(strict=True)

    victim: str
    weights: str
    mode: str
    image_id: str
    png_sha256: str
    labels: list[Annotated[int, Field(ge=_LOWEST, le=_HIGHEST)]] = Field(min_length=1, max_length=5)
    confidence: float | None
