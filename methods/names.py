"""The names that papers and other libraries give to methods, as the letters of this program."""

import re
from collections.abc import Collection

from utils.errors import MethodError

# A name without its "FGSM" -> letters.
_NAMES = {
    "i": "if",
    "bim": "if",
    "mi": "m",
    "mim": "m",
    "ni": "n",
    "nim": "n",
    "di": "d",
    "di2": "d",
    "ti": "t",
    "si": "s",
    "vmi": "vm",
    "vni": "vn",
    "vtmi": "vm",
    "vtni": "vn",
    "mdi": "dm",
    "mdi2": "dm",
    "sini": "sn",
    "pi": "pi",
    "patchwise": "pi",
    "pgn": "g",
    "bsr": "b",
}
# What stands for several things, or for none of ours.
_SENTENCES = {
    "dim": "DIM is DI with momentum in some papers, DI alone in others: write dm, or d",
    "tim": "TIM is TI with momentum in some papers, TI alone in others: write tm, or t",
    "sim": "SIM is SI with momentum in some papers, SI alone in others: write sm, or s",
    "pgd": "PGD is I-FGSM from a random start: write if, which starts at the image itself",
}


def letters_of(word: str, letters: Collection[str]) -> str:
    """Returns a method's letters where a word is one of its usual names, else the word.

    "MI-FGSM", "mifgsm" and "MI" are m; "mi-di-ti" is mdt. What is a set of letters stays one, so
    "dfgsm" is FGSM with d and "di-fgsm" is DI.

    Args:
      word: in lower case.
      letters: the registry's.

    Raises:
      MethodError: a name that stands for several things, or for a mode.
    """
    plain = word.replace("patch-wise", "patchwise").replace("²", "2")
    parts = [part for part in re.split(r"[-_+]", plain) if part]
    if not parts:
        return word
    if any("fgnm" in part for part in parts):
        raise MethodError(
            f"--method {word!r}: FGNM is a mode, no method: write --mode affine (FGNM_N) or test "
            "(FGNM_K), beside --method m, if or another."
        )
    if len(parts) == 1:
        parts = [parts[0].removesuffix("fgsm") or parts[0]]
        if parts == [word] and word not in _NAMES and word not in _SENTENCES:
            return word
    for part in parts:
        if part in _SENTENCES and part not in letters:
            raise MethodError(f"--method {word!r}: {_SENTENCES[part]}.")
    if not any(part in _NAMES for part in parts):
        return "".join(parts) if len(parts) > 1 else word
    if any(part not in _NAMES and part not in letters and part != "fgsm" for part in parts):
        return word
    found = [_NAMES.get(part, part) for part in parts if part != "fgsm"]
    # The iteration is part of every other method.
    return "".join(part for part in found if part != "if") or "if"
