"""What judging others' images says at its end."""

import pandas as pd

from utils.pipeline.judge import Judged
from utils.pipeline.plausibility import doubts
from utils.pipeline.run import Run
from utils.pipeline.summary import SSIM_TOLD, ssim_text


def summarise_images(run: Run, judged: Judged) -> str:
    """Returns the closing text: rates, gains over the first folder, and what was spent."""
    record, transfer = run.record, judged.transfer
    rate = "target" if record.flags.targeted else "success"
    rows = [
        {
            "victim": row["victim"],
            "images": row["mode"],
            "clean error %": f"{100 * row['clean_errors'] / row['images']:.1f}",
            f"{rate} %": _rate(row, rate),
            f"gain over {record.reference}": _gain(row),
            "p": "" if pd.isna(row["mcnemar_p"]) else f"{row['mcnemar_p']:.2g}",
        }
        for row in transfer.sort_values("victim", kind="stable").to_dict("records")
    ]
    spent = {
        mode: {
            "mean |x|": f"{group['mean_abs'].iloc[0]:.2f}",
            "mean L2": f"{group['mean_l2'].iloc[0]:.0f}",
            "RMS": f"{group['mean_rms'].iloc[0]:.2f}",
            "max |x|": f"{group['max_linf'].iloc[0]}",
            "SSIM": ssim_text(group["mean_ssim"].iloc[0]),
        }
        for mode, group in transfer.groupby("mode", sort=False)
    }
    lines = [
        "",
        f"{record.images} images in {len(record.modes)} folder(s), {record.bound}. Rates with 95 % "
        "intervals; gains in points, with the exact McNemar p:",
        "",
        pd.DataFrame(rows).to_string(index=False),
        "",
        f"What it cost, in [0, 255] units{SSIM_TOLD}:",
        "",
        pd.DataFrame(spent).T.to_string(),
        "",
    ]
    for mode, count in judged.unchanged.items():
        lines.append(f"Note: {mode} left {count} of {record.images} images unchanged.")
    published = {name: network.published_accuracy for name, network in record.victims.items()}
    lines += [f"WARNING: {doubt}" for doubt in doubts(judged.per_image, published)]
    lines.append(f"Files: {run.folder.path}/ (transfer.csv, per_image.csv, run.json, PNGs)")
    return "\n".join(lines)


def _rate(row: dict, rate: str) -> str:
    if rate == "target":
        return f"{row['target_rate']:.1f}"
    return f"{row['success_rate']:.1f} [{row['success_low']:.1f}, {row['success_high']:.1f}]"


def _gain(row: dict) -> str:
    if pd.isna(row["gain_over_sign"]):
        return ""
    return f"{row['gain_over_sign']:+.1f} [{row['gain_low']:+.1f}, {row['gain_high']:+.1f}]"
