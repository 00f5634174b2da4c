"""The page's settings: with which flags, versions and commands a family was run."""

import html
import json
import re

from utils.analysis.families import Family


def settings_html(family: Family) -> list[str]:
    """Returns HTML of what the runs agree in, and of the commands that made them."""
    return [_settings(family), _commands(family)]


def _settings(family: Family) -> str:
    records = [run.record for run in family.runs]
    flags = [record.flags.model_dump() for record in records]
    values = {
        "methods": family.method_titles,
        "modes": family.modes,
        f"{family.quantity}s": [f"{size:g}" for size in family.sizes],
        "seeds": [str(seed) for seed in sorted({run.seed for run in family.runs})],
        "victims": family.victims,
        "device": sorted({name for record in records for name in record.device}),
        "versions": [f"{name} {number}" for name, number in records[0].versions.items()],
    }
    rows = {name: ", ".join(found) for name, found in values.items()}
    rows["computing time"] = f"{sum(sum(r.seconds.values()) for r in records) / 60:.0f} min"
    for name, value in flags[0].items():
        if all(other.get(name) == value for other in flags):
            rows[f"--{name}"] = json.dumps(value)
    lines = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(value)}</td></tr>'
        for name, value in rows.items()
    )
    return (
        "<details><summary>Flags and versions</summary>"
        f'<div class="table"><table class="settings"><tbody>{lines}</tbody></table></div></details>'
    )


def _commands(family: Family) -> str:
    commands = dict.fromkeys(
        # The folder of attack.py is of this machine and says nothing.
        re.sub(r"^\S*attack\.py", "python attack.py", command)
        for run in family.runs
        for command in run.record.commands
    )
    text = html.escape("\n".join(commands))
    return f"<details><summary>Commands that made it</summary><pre>{text}</pre></details>"
