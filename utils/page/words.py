"""What the page teaches: a sentence for each picture."""

_OF_MODES = {
    "sign": "Every entry moves by the same amount: of the gradient only its signs are left.",
    "affine": "The gradient itself, scaled to the length of its sign: large entries move far, "
    "small ones hardly, and the step points where the gradient points.",
    "test": "The gradient itself, divided by one of its own entries' sizes: longer than the "
    "sign, so that clipping decides about many entries.",
    "raw": "The gradient as it is: how far it moves anything depends on its size alone.",
    "staircase": "The sign, with larger entries moving further, in 64 steps of size.",
    "rescale": "The sign, with each entry's share given by where its logarithm lies in the image.",
    "matched": "The gradient, scaled so that each step after clipping is as long as the sign step.",
    "random": "A coin for every entry, without any gradient: what fools a network here is noise.",
}
ORIGINAL = "The image as the networks get it, before any attack."
PERTURBATION = "What was added, ten times as strong, around grey: grey is unchanged."


def of_mode(mode: str) -> str:
    """Returns what a mode does to the image."""
    return _OF_MODES.get(mode, "Another direction in place of the sign.")


def of_arrows(mode: str, cosine: float) -> str:
    """Returns what the angle between the first step and the gradient says."""
    if cosine == 0:
        return "No step was taken."
    if mode == "sign":
        return (
            f"The sign step and the gradient enclose a cosine of {cosine:.2f}: FGNM replaces the "
            "sign to bring the two together."
        )
    return f"This step and the gradient enclose a cosine of {cosine:.2f}; 1 is the same direction."
