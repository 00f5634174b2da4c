"""The gains that the paper's abstract names, beside ours.

Of the paper's own tables nothing else is public: arXiv 2110.12734 gives, over the sign attacks, the
largest and the mean gain of success against black-box networks, and of targeted attacks against
defences.
"""

import pandas as pd

from utils.analysis.families import Family
from utils.success import REFERENCE

# Largest and mean, in points.
_UNTARGETED = 27.5, 9.5
_TARGETED = 15.1, 12.7
_DEFENDED = "adv"


def gains_beside(family: Family, rows: pd.DataFrame) -> list[str]:
    """Returns a sentence on the family's gains and the paper's; none where it has no such gains.

    Args:
      family: on ImageNet; targeted ones are compared on the adversarially trained victims alone.
      rows: of `summary_rows`.
    """
    if family.zoo != "imagenet":
        return []
    victims = [v for v in family.black_box if not family.targeted or _DEFENDED in v]
    gains = rows["gain_over_sign"][(rows["mode"] != REFERENCE) & rows["victim"].isin(victims)]
    gains = gains.dropna()
    if gains.empty:
        return []
    what, (most, mean) = (
        ("targeted, on adversarially trained victims", _TARGETED)
        if family.targeted
        else ("on black-box victims", _UNTARGETED)
    )
    return [
        f"Gains over sign {what}: at most {gains.max():+.1f} points and {gains.mean():+.1f} on "
        f"average over the {len(gains)} here; the paper's abstract has {most:+.1f} and "
        f"{mean:+.1f}, over its own methods and victims."
    ]
