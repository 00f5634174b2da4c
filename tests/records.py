"""Records of runs that were never made."""

from utils.pipeline.config import RunConfig
from utils.pipeline.record import Identity, RecordedFlags, RecordedNetwork, RunRecord


def record_of(config=None, sources=("net",), victims=(), **fields):
    """The record that a run of this configuration would begin with, but for what is given.

    Sources and victims are names alone, or the recorded networks by name.
    """
    config = config or RunConfig()

    def networks(names):
        if isinstance(names, dict):
            return names
        return {name: RecordedNetwork(checkpoint="x", sha256={}) for name in names}

    begun = {
        "status": "unfinished",
        "zoo": "demo",
        "identity": Identity(flags=config.recipe(), content={"--input_csv": "abc"}),
        "flags": RecordedFlags(**config.all_flags()),
        "modes": list(config.modes),
        "sources": networks(sources),
        "victims": networks(victims),
        "images": 4,
        "side": 10,
    }
    return RunRecord(**begun | fields)
