"""How a perturbation is made; knows nothing of files, flags or checkpoints."""

from methods.directions import MODES, parse_mode
from methods.draws import image_key
from methods.loop import Attack, Crafted, Evaluation, group_modes
from methods.registry import PARTS, Method, parse_method
from methods.settings import AttackSettings

__all__ = [
    "MODES",
    "PARTS",
    "Attack",
    "AttackSettings",
    "Crafted",
    "Evaluation",
    "Method",
    "group_modes",
    "image_key",
    "parse_method",
    "parse_mode",
]
