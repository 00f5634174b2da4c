"""Which operations a SavedModel may hold: read from its file before TensorFlow runs any of it."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.framework import op_def_registry

from utils.errors import ModelError

# Operations with state that compute or keep variables; any other with state is refused.
_STATEFUL = {
    *("VarHandleOp", "ReadVariableOp", "AssignVariableOp", "VarIsInitializedOp", "VariableV2"),
    *("DisableCopyOnRead", "Placeholder", "PlaceholderV2", "Assert", "ResourceGather"),
    *("PartitionedCall", "StatefulPartitionedCall", "If", "While", "Case"),
    *("RandomUniform", "RandomStandardNormal", "RandomUniformInt", "TruncatedNormal"),
    *("AssignAddVariableOp", "AssignSubVariableOp"),
}
# Without state by their declaration, and yet they reach files, other processes or Python.
_REACHING = re.compile(
    "File|PyFunc|Print|Dataset|Iterator|Save|Restore|Checkpoint|Debug|Summary|Send|Recv|Socket|"
    "Remote|Rpc|XlaCallModule|Custom|Matching"
)
# Those that a SavedModel's own saver and restorer are made of.
_OF_SAVER = {"SaveV2", "MergeV2Checkpoints", "RestoreV2", "ShardedFilename"}


def refuse_reaching_graph(name: str, folder: Path) -> None:
    """Refuses a SavedModel that holds more than computation.

    An operation is let through where it is registered without state, or is among the few with
    state that networks need. A list of what is forbidden would let through what it forgot.

    Args:
      name: the network's.
      folder: holds saved_model.pb.

    Raises:
      ModelError: it can't be read, or holds an operation on files, processes or Python.
    """
    model = SavedModel()
    try:
        model.ParseFromString((folder / "saved_model.pb").read_bytes())
    except (OSError, DecodeError) as error:
        raise ModelError(f"{name}: {folder} cannot be loaded as a SavedModel ({error})") from error
    for graph in model.meta_graphs:
        for node, runs in _nodes(graph):
            if not _is_harmless(node.op, runs):
                raise ModelError(
                    f"{name}: {folder} holds the operation {node.op} (node {node.name}), which may "
                    "reach files, processes or Python; only computation is run: export it without"
                )


def _is_harmless(operation: str, runs: bool) -> bool:
    if operation in _OF_SAVER:
        return not runs
    known = op_def_registry.get(operation)
    if known is None or _REACHING.search(operation):
        return False
    return not known.is_stateful or operation in _STATEFUL


def _nodes(graph: MetaGraphDef) -> Iterator[tuple[NodeDef, bool]]:
    """All nodes, and whether an answer to images, or loading, may run them (not just the saver)."""
    functions = {each.signature.name: each for each in graph.graph_def.library.function}
    nodes = {node.name: node for node in graph.graph_def.node}
    answers = [
        tensor.name
        for signature in graph.signature_def.values()
        for tensor in (*signature.inputs.values(), *signature.outputs.values())
    ]
    running = _reached(answers, lambda name: nodes[name].input if name in nodes else ())
    roots = [*graph.object_graph_def.concrete_functions]
    for each in running & nodes.keys():
        roots += _called(nodes[each])
    called = _reached(
        roots,
        lambda name: (
            callee
            for node in (functions[name].node_def if name in functions else ())
            for callee in _called(node)
        ),
    )
    for name, node in nodes.items():
        yield node, name in running
    for name, function in functions.items():
        for node in function.node_def:
            yield node, name in called


def _reached(roots: Iterable[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    found, waiting = set(), list(roots)
    while waiting:
        name = waiting.pop().removeprefix("^").partition(":")[0]
        if name not in found:
            found.add(name)
            waiting += following(name)
    return found


def _called(node: NodeDef) -> list[str]:
    """The functions that a node's attributes name, and one that is called as an operation."""
    attributes = node.attr.values()
    listed = [function.name for each in attributes for function in each.list.func]
    return [*(each.func.name for each in attributes if each.func.name), *listed, node.op]
