"""The zoo as a Markdown table, for the README: `python -m models.table` prints it."""

from models.zoo import NETWORKS

COLUMNS = ("Name", "Family", "Trained", "File", "Side", "Classes")


def markdown_table() -> str:
    """One line a network, below a header."""
    lines = [COLUMNS, ("---",) * len(COLUMNS)]
    for row in NETWORKS.values():
        lines.append(
            (
                f"`{row.name}`",
                row.family,
                row.trained,
                f"`{row.files[0]}`",
                str(row.side),
                str(row.num_classes),
            )
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(markdown_table())
