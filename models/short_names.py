"""`NAME=NETWORK`: a short name that tables, folders and figures use instead of a path."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from models.defences import split_defences
from models.external import OPTIONS
from models.zoo import NETWORKS
from utils.errors import UsageError

# Up to the first "=", and without ":" before it: that one belongs to saved_model:PATH?side=28.
_SHORT = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.\-]{0,63})=(.+)", re.DOTALL)
# Stand for something else wherever a victim's or a mode's name may stand.
_TAKEN = {"clean", *OPTIONS}


@dataclass(frozen=True)
class ShortNames:
    """What a command's short names stand for.

    Attributes:
      meanings: short name -> a network as it is named without one.
    """

    meanings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Iterable[str]) -> "ShortNames":
        """Finds those of names as the user wrote them.

        Args:
          texts: `NETWORK`, `NAME=NETWORK`, or NAME where another text says what it stands for; each
            with a chain of defences or without.

        Raises:
          UsageError: a name that another network has, or one network under two names.
          UnknownNetwork: a chain that can't be.
        """
        meanings: dict[str, str] = {}
        plain: set[str] = set()
        for text in texts:
            base, _ = split_defences(text)
            if (found := _SHORT.fullmatch(base)) is None:
                plain.add(base)
                continue
            name, network = found.groups()
            if name in NETWORKS or name.lower() in _TAKEN:
                raise UsageError(f"{text}: {name} is a name already; take another one for it.")
            if meanings.setdefault(name, network) != network:
                raise UsageError(
                    f"{name} can't stand for both {meanings[name]} and {network}: take two names."
                )
        for name, network in meanings.items():
            others = [each for each in meanings if each != name and meanings[each] == network]
            if others or network in plain:
                raise UsageError(
                    f"{network} is named {name} and {others[0] if others else network}, and one "
                    "network is no two: take one name."
                )
        return cls(meanings)

    def name(self, text: str) -> str:
        """Returns what a network is called from here on: its short name, with its defences."""
        base, _ = split_defences(text)
        found = _SHORT.fullmatch(base)
        return f"{found[1]}{text[len(base) :]}" if found else text

    def meaning(self, name: str) -> str:
        """Returns the network that a name stands for, without defences."""
        base, _ = split_defences(name)
        return self.meanings.get(base, base)

    def in_full(self, text: str) -> str:
        """Returns `NAME=NETWORK` of a short name, with its defences; another name as it is."""
        name = self.name(text)
        base, _ = split_defences(name)
        if base not in self.meanings:
            return text
        return f"{base}={self.meanings[base]}{name[len(base) :]}"
