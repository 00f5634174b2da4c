"""Which operations a SavedModel may hold: read from its file before TensorFlow runs any of it."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.framework import op_def_registry

from utils.errors import DataError, ModelError
from utils.files import open_regular

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
# What a SavedModel's own restorer is made of, and its saver, which nothing here ever runs.
_OF_RESTORER = {"RestoreV2", "ShardedFilename"}
_OF_SAVER = _OF_RESTORER | {"SaveV2", "MergeV2Checkpoints"}


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
        for path in sorted(folder.rglob("*")):
            if not path.is_dir():
                # TensorFlow would wait for a pipe, and read a device without end.
                open_regular(path).close()
        with open_regular(folder / "saved_model.pb") as file:
            model.ParseFromString(file.read())
    except (OSError, DataError, DecodeError) as error:
        raise ModelError(f"{name}: {folder} cannot be loaded as a SavedModel ({error})") from error
    for graph in model.meta_graphs:
        for node, excepted in _nodes(graph):
            if node.op not in excepted and not _is_harmless(node.op):
                raise ModelError(
                    f"{name}: {folder} holds the operation {node.op} (node {node.name}), which may "
                    "reach files, processes or Python; only computation is run: export it without"
                )


def _is_harmless(operation: str) -> bool:
    known = op_def_registry.get(operation)
    if known is None or _REACHING.search(operation):
        return False
    return not known.is_stateful or operation in _STATEFUL


def _nodes(graph: MetaGraphDef) -> Iterator[tuple[NodeDef, set[str]]]:
    """All nodes, and what operations each may be beside harmless ones.

    None where an answer to images, a gradient or loading may run it, but for what restores the
    variables in loading; those of a saver elsewhere.
    """
    library = graph.graph_def.library
    functions = {each.signature.name: each for each in library.function}
    nodes = {node.name: node for node in graph.graph_def.node}

    def within(roots: Iterable[str]) -> set[str]:
        return _reached(roots, lambda name: nodes[name].input if name in nodes else ())

    def called_from(running: set[str], others: Iterable[str] = ()) -> set[str]:
        roots = [name for each in running & nodes.keys() for name in _called(nodes[each])]
        return _reached(
            [*roots, *others],
            lambda name: (
                callee
                for node in (functions[name].node_def if name in functions else ())
                for callee in _called(node)
            ),
        )

    answers = [
        tensor.name
        for signature in graph.signature_def.values()
        for tensor in (*signature.inputs.values(), *signature.outputs.values())
    ]
    # Graphs of TensorFlow 1 name there what is run once they are loaded.
    listed = [name for each in graph.collection_def.values() for name in each.node_list.value]
    gradients = [each.gradient_func for each in (*library.gradient, *library.registered_gradients)]
    running, restoring = within(answers + listed), within([graph.saver_def.restore_op_name])
    called = called_from(running, [*graph.object_graph_def.concrete_functions, *gradients])
    restored = called_from(restoring)

    def excepted(name: str, runs: set[str], restores: set[str]) -> set[str]:
        return set() if name in runs else _OF_RESTORER if name in restores else _OF_SAVER

    for name, node in nodes.items():
        yield node, excepted(name, running, restoring)
    for name, function in functions.items():
        for node in function.node_def:
            yield node, excepted(name, called, restored)


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
