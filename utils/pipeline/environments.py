"""What tells the environment of one command in a folder from that of another."""

from utils.pipeline.record import Environment


def changes(before: Environment, now: Environment) -> list[str]:
    """Returns what differs, such as "numpy 2.0 -> 2.1"; hardware counts where both name it."""
    then, today = (
        {**each.versions, "device": each.device, "hardware": each.hardware}
        for each in (before, now)
    )
    if not before.hardware:
        # Folders from before it was recorded: nothing says that it was another.
        del today["hardware"]
    return [
        f"{name} {then.get(name)} -> {value}"
        for name, value in today.items()
        if then.get(name) != value
    ]
