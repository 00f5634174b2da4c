"""Attacks beside their control: what random noise of the same steps does by itself."""

import pandas as pd

from utils.statistics import wilson_interval

CONTROL = "random"


def beside_control(transfer: pd.DataFrame, targeted: bool) -> list[str]:
    """Returns a sentence for each mode that is no better than noise on some victims.

    Args:
      transfer: the rows of transfer.csv; nothing is said where the control was not run.
      targeted: whether the rate is that of target hits.
    """
    control = transfer[transfer["mode"] == CONTROL].set_index("victim")
    lines = []
    for mode, rows in transfer[transfer["mode"] != CONTROL].groupby("mode", sort=False):
        within = []
        for row in rows.to_dict("records"):
            if row["victim"] not in control.index:
                continue
            hits = control.at[row["victim"], "target_hits" if targeted else "misclassified"]
            _, high = wilson_interval(int(hits), int(row["images"]))
            rate = row["target_rate"] if targeted else row["success_rate"]
            if rate <= high:
                share = 100 * int(hits) / int(row["images"])
                within.append(f"{row['victim']} ({rate:.1f} %, {CONTROL} {share:.1f} %)")
        if within:
            lines.append(
                f"Control: {mode} is within the interval of {CONTROL}, which uses no gradient, on "
                f"{', '.join(within)}: there it shows no more than noise of these steps does."
            )
    return lines
