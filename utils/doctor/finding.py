"""What one check found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing about the machine.

    Attributes:
      what: it is about.
      says: how it is.
      cure: what to do about it; empty where nothing need be done.
    """

    what: str
    says: str
    cure: str = ""

    @property
    def well(self) -> bool:
        """Whether nothing need be done."""
        return not self.cure

    def __str__(self) -> str:
        if self.well:
            return f"{self.what}: {self.says}"
        return f"{self.what}: WRONG: {self.says}\n  cure: {self.cure}"
