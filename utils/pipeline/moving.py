"""Paths in run.json, which move along with the run's folder where they can."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Flags that name a place.
PATH_FLAGS = (
    *("input_csv", "input_dir", "checkpoint_path", "output_dir"),
    *("image", "class_names"),
)
_RELATIVE = (f".{os.sep}", f"..{os.sep}")


def as_written(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Returns run.json's content as it is written into a folder.

    An absolute path is written as seen from there ("../../images"), so that a tree that moves as a
    whole stays sound, unless nothing but the file system's root holds both.
    """
    place = os.path.realpath(folder)

    def leaving(path: str) -> str:
        if not os.path.isabs(path) or os.path.commonpath([path, place]) == os.sep:
            return path
        seen = os.path.relpath(path, place)
        return seen if seen.startswith(_RELATIVE) else os.path.join(".", seen)

    return _with_paths(content, leaving) | {"written_in": place}


def as_read(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Returns run.json's content with paths that hold wherever the folder is now.

    Where what a path leads to did not move along, it is taken from where the folder was. A
    run.json from before paths were relative is returned as it is.
    """
    was = content.get("written_in")
    if not was or not isinstance(was, str):
        return content
    here = os.path.realpath(folder)

    def arriving(path: str) -> str:
        if not path.startswith(_RELATIVE):
            return path
        now, before = (os.path.normpath(os.path.join(place, path)) for place in (here, was))
        return before if not _is_there(now) and _is_there(before) else now

    return _with_paths(content, arriving) | {"written_in": ""}


def _is_there(path: str) -> bool:
    # A checkpoint in two files is called by what their names share.
    return os.path.exists(path) or os.path.exists(f"{path}.index")


def _with_paths(content: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """Returns a copy with every path in it changed; what is of the wrong type stays for others."""

    def changed(holder: Any, names: tuple[str, ...]) -> Any:
        if not isinstance(holder, dict):
            return holder
        paths = {name: holder[name] for name in names if isinstance(holder.get(name), str)}
        return holder | {name: change(path) for name, path in paths.items()}

    made = dict(content)
    if "flags" in made:
        made["flags"] = changed(made["flags"], PATH_FLAGS)
    for kind in ("sources", "victims"):
        if isinstance(made.get(kind), dict):
            networks = made[kind].items()
            made[kind] = {name: changed(each, ("checkpoint",)) for name, each in networks}
    return made
