"""What it would take to see more, where a run's intervals are wide."""

import pandas as pd

from utils.statistics import NARROW, images_to_narrow


def power_sentence(transfer: pd.DataFrame) -> list[str]:
    """Says how many images would do where the interval of a gain is wide; else nothing."""
    gains = transfer[transfer["gain_low"].notna() & (transfer["setting"] == "black-box")]
    if gains.empty:
        return []
    row = gains.loc[(gains["gain_high"] - gains["gain_low"]).idxmax()]
    low, high, images = row["gain_low"], row["gain_high"], int(row["images"])
    if high - low <= 2 * NARROW:
        return []
    needed = images_to_narrow(low, high, images, NARROW)
    return [
        f"The widest interval of a gain, {row['mode']}'s on {row['victim']}, reaches "
        f"{(high - low) / 2:.0f} points to either side with {images} images: {needed} would narrow "
        f"this to +-{NARROW:g} (scripts/power.py says how many show a gain)."
    ]
