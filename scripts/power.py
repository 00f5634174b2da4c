"""How many photos are needed to see a gain of so many points.

Two modes attack the same photos, and McNemar's exact test at 5 % compares them. --discordant is the
share of photos that only one of the two misleads a victim on: transfer.csv's runs have it, or a few
photos tell it.

Examples:
  python scripts/power.py --gain 3 --discordant 0.2
  python scripts/power.py --gain 3 --discordant 0.2 --images 300
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.analysis.power import approximate_images, exact_power, half_width, images_needed
from utils.arguments import Parser
from utils.commands import command, positive
from utils.errors import UsageError


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = Parser(description=__doc__)
    parser.add_argument("--gain", type=float, required=True, help="in points")
    parser.add_argument("--discordant", type=float, required=True, help="a share, such as 0.2")
    parser.add_argument(
        "--power", type=float, default=0.8, help="how often the gain shall be seen (0.8)"
    )
    parser.add_argument("--images", type=positive, help="also say what so many photos show")
    return parser.parse_args(arguments)


@command("power.py")
def main(arguments: list[str]) -> int:
    """Prints the number; returns the exit code."""
    options = parse(arguments)
    gain, discordant = options.gain, options.discordant
    if not 0.05 < options.power < 1:
        raise UsageError(f"--power is {options.power:g}; it must lie between 0.05 and 1.")
    needed = images_needed(gain, discordant, options.power)
    print(
        f"{needed} photos: so many show a gain of {gain:g} points in {100 * options.power:g} % of "
        f"all samples, where {100 * discordant:g} % of the photos are discordant (McNemar's exact "
        f"test, 5 %; {approximate_images(gain, discordant, options.power)} by the normal "
        "approximation). Its 95 % interval then reaches "
        f"{half_width(needed, gain, discordant):.1f} points to either side."
    )
    if options.images:
        print(
            f"{options.images} photos show it in "
            f"{100 * exact_power(options.images, gain, discordant):.0f} % of all samples; the "
            f"interval reaches {half_width(options.images, gain, discordant):.1f} points."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
