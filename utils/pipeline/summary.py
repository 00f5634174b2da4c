"""What a run says at its end."""

import pandas as pd

from models import split_defences
from utils.pipeline.control import beside_control
from utils.pipeline.judge import Judged
from utils.pipeline.plausibility import doubts
from utils.pipeline.record import RunRecord
from utils.pipeline.run import Run
from utils.pipeline.tables import gained_and_lost
from utils.pipeline.wide_intervals import power_sentence
from utils.success import ABSTAINED, REFERENCE

SSIM_TOLD = " (SSIM: what an eye sees, 1 is the original)"


def summarise(run: Run, judged: Judged) -> str:
    """Returns the closing text: who won, at what cost, and where the files are."""
    record, transfer = run.record, judged.transfer
    targeted = record.flags.targeted
    first = transfer.iloc[0]
    what = "target-hitting" if targeted else "misclassified"
    lines = [
        "",
        f"On {_where(record)}: {first['source']} attacked by {first['method']}, {record.bound}, "
        f"{first['num_iter']} iteration(s), {first['images']} images. Rates of {what} images with "
        "95 % intervals; gains in points, with the exact McNemar p and the images gained and lost:",
        "",
        _rates(judged, targeted).to_string(),
        "",
        f"What it cost, in [0, 255] units{SSIM_TOLD}, and how well the steps follow the gradient:",
        "",
        _costs(transfer, record.mean_cosine).to_string(),
        "",
        *_verdicts(transfer, targeted),
        *beside_control(transfer, targeted),
        *power_sentence(transfer),
    ]
    for mode, count in judged.unchanged.items():
        lines.append(
            f"Note: {mode} left {count} of {first['images']} images unchanged.{_why(mode)}"
        )
    lines += _abstentions(judged.per_image)
    published = {name: network.published_accuracy for name, network in record.victims.items()}
    lines += [f"WARNING: {doubt}" for doubt in doubts(judged.per_image, published)]
    if record.class_zoo == "demo":
        lines.append(
            "This is the DEMO zoo: small networks that know drawn 64 x 64 images, not ImageNet. It "
            "shows how the experiment runs; cite figures from real networks."
        )
    elif not record.class_zoo:
        lines.append(
            "These are networks of your own: demo, in the folder's name, says that they have ten "
            "classes, as that zoo's have."
        )
    lines.append(f"Files: {run.folder.path}/ (transfer.csv, per_image.csv, run.json, PNGs by mode)")
    lines.append(f"Digest of all results: {record.results_sha256} (verify.py computes it again)")
    return "\n".join(lines)


def _where(record: RunRecord) -> str:
    """The devices, with what they are."""
    names = ", ".join(each.removeprefix("/") for each in record.device) or "an unknown device"
    # The processor stands last, and is what computes where there is no GPU.
    gpus = record.hardware[:-1] or record.hardware
    return f"{names} ({'; '.join(gpus)})" if gpus else names


def _rates(judged: Judged, targeted: bool) -> pd.DataFrame:
    what = "target hit %" if targeted else "success %"
    rows, heads = [], []
    per_image = dict(list(judged.per_image.groupby("victim", sort=False)))
    for victim, group in judged.transfer.groupby("victim", sort=False):
        # Where sign was not run there is nothing to gain over.
        compared = group["gain_over_sign"].notna().any()
        moves = gained_and_lost(per_image[victim], targeted) if compared else {}
        for place, row in enumerate(group.to_dict("records")):
            # A victim is named once, above its modes.
            first = place == 0
            heads.append(f"{victim} ({row['setting']})" if first else "")
            gain = "" if pd.isna(row["gain_over_sign"]) else _gain(row)
            moved = moves[row["mode"]] if gain else ()
            rows.append(
                {
                    "clean error %": f"{_percent_wrong(row):.1f}" if first else "",
                    "mode": row["mode"],
                    what: f"{row['target_rate']:.1f}" if targeted else _success(row),
                    "gain over sign": gain,
                    "p": f"{row['mcnemar_p']:.2g}" if gain else "",
                    "gained": str(moved[0]) if moved else "",
                    "lost": str(moved[1]) if moved else "",
                }
            )
    return pd.DataFrame(rows, index=heads)


def _success(row: dict) -> str:
    return f"{row['success_rate']:.1f} [{row['success_low']:.1f}, {row['success_high']:.1f}]"


def _gain(row: dict) -> str:
    return f"{row['gain_over_sign']:+.1f} [{row['gain_low']:+.1f}, {row['gain_high']:+.1f}]"


def _percent_wrong(row: dict) -> float:
    return 100 * row["clean_errors"] / row["images"]


def _costs(transfer: pd.DataFrame, mean_cosine: dict[str, float]) -> pd.DataFrame:
    rows = {}
    for mode, group in transfer.groupby("mode", sort=False):
        row = group.iloc[0]
        rows[mode] = {
            "mean |x|": f"{row['mean_abs']:.2f}",
            "mean L2": f"{row['mean_l2']:.0f}",
            "RMS": f"{row['mean_rms']:.2f}",
            "max |x|": f"{row['max_linf']}",
            "SSIM": ssim_text(row["mean_ssim"]),
            "cosine with gradient": f"{mean_cosine[mode]:.3f}",
        }
    return pd.DataFrame(rows).T


def ssim_text(mean: float) -> str:
    """Returns a mean SSIM; images smaller than its window have none."""
    return "none" if pd.isna(mean) else f"{mean:.3f}"


def _verdicts(transfer: pd.DataFrame, targeted: bool) -> list[str]:
    """One sentence a corrected mode: its mean black-box rate beside sign's, and its length."""
    rate = "target_rate" if targeted else "success_rate"
    black_box = transfer[transfer["setting"] == "black-box"]
    means = black_box.groupby("mode", sort=False)[[rate, "mean_l2"]].mean()
    if REFERENCE not in means.index:
        return []
    sign = means.loc[REFERENCE]
    if not sign["mean_l2"]:
        return [f"{REFERENCE} left every image as it was: there is no length to compare with."]
    return [
        f"Mean over the black-box victims: {mode} {row[rate]:.1f} %, sign {sign[rate]:.1f} % "
        f"({row[rate] - sign[rate]:+.1f} points), with {row['mean_l2'] / sign['mean_l2']:.2f} "
        "times sign's L2 length."
        for mode, row in means.drop(REFERENCE).iterrows()
    ]


def _abstentions(per_image: pd.DataFrame) -> list[str]:
    """A sentence a victim that may give no answer, as randomised smoothing may."""
    lines = []
    for victim, rows in per_image.groupby("victim", sort=False):
        if not split_defences(str(victim))[1].votes:
            continue
        none = (rows[["clean_label", "adversarial_label"]] == ABSTAINED).groupby(rows["mode"]).sum()
        counts = [f"{none['clean_label'].iloc[0]} clean"]
        counts += [
            f"{none.loc[mode, 'adversarial_label']} {mode}" for mode in rows["mode"].unique()
        ]
        lines.append(
            f"{victim} gave no answer, which counts as wrong, for {', '.join(counts)} of "
            f"{rows['image_id'].nunique()} images each."
        )
    return lines


def _why(mode: str) -> str:
    if mode != "test":
        return ""
    return (
        " FGNM_K scales by an order statistic of the gradient; where so many entries are zero, as "
        "after downsampling to a small source, that scale is nothing."
    )
