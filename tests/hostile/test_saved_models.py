"""A SavedModel that does more than compute is refused before anything of it runs."""

import os
import signal
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

import models
from utils.errors import ModelError

SQUEEZENET = Path(__file__).resolve().parents[3] / "shared/imagenet/squeezenet_v1.0"


def export(folder, effect):
    """A linear network that has an effect beside its logits."""
    module = tf.Module()
    module.kernel = tf.Variable(tf.ones([3, 10]))

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.float32)])
    def serve(images):
        effect(images)
        return {"logits": tf.reduce_mean(images, [1, 2]) @ module.kernel}

    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve})
    return f"saved_model:{folder}"


EFFECTS = {
    "WriteFile": lambda images, path: tf.io.write_file(path, "x"),
    "ReadFile": lambda images, path: tf.print(tf.io.read_file("/etc/hostname")),
    "EagerPyFunc": lambda images, path: tf.py_function(lambda: 1.0, [], tf.float32),
    "PyFunc": lambda images, path: tf.numpy_function(lambda: 1.0, [], tf.float64),
    "PrintV2": lambda images, path: tf.print("x", output_stream=f"file://{path}"),
    "SaveV2": lambda images, path: tf.raw_ops.SaveV2(
        prefix=path, tensor_names=["x"], shape_and_slices=[""], tensors=[images]
    ),
    "RestoreV2": lambda images, path: tf.raw_ops.RestoreV2(
        prefix=path, tensor_names=["x"], shape_and_slices=[""], dtypes=[tf.float32]
    ),
}


@pytest.mark.parametrize("operation", EFFECTS)
def test_what_reaches_beyond_computation_is_refused_by_name(operation, tmp_path):
    path = str(tmp_path / "made")
    name = export(tmp_path / "m", lambda images: EFFECTS[operation](images, path))
    with pytest.raises(ModelError, match="holds the operation|cannot be loaded") as caught:
        models.load_classifier(name, tmp_path)
    assert "holds the operation" in str(caught.value)
    assert not any(each.startswith("made") for each in os.listdir(tmp_path))


def export_tf1(folder, how, path):
    """A linear network of TensorFlow 1 that has a file written while it is loaded."""
    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session:
        images = tf1.placeholder(tf.float32, [None, 8, 8, 3])
        kernel = tf1.get_variable("v", [3, 10], initializer=tf1.ones_initializer())
        logits = tf.reduce_mean(images, [1, 2]) @ kernel
        write = tf.raw_ops.SaveV2(
            prefix=path, tensor_names=["x"], shape_and_slices=[""], tensors=[tf.constant([1.0])]
        )
        session.run(tf1.global_variables_initializer())
        if how == "collection":
            tf1.add_to_collection("legacy_init_op", write)
        told = tf1.saved_model.utils.build_tensor_info
        signature = tf1.saved_model.build_signature_def({"x": told(images)}, {"y": told(logits)})
        builder = tf1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(
            *(session, ["serve"], {"serving_default": signature}),
            main_op=write if how == "main_op" else None,
        )
        builder.save()
    if how == "restorer":
        model = SavedModel.FromString((folder / "saved_model.pb").read_bytes())
        model.meta_graphs[0].saver_def.restore_op_name = write.name
        (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    return f"saved_model:{folder}"


@pytest.mark.parametrize("how", ["main_op", "collection", "restorer"])
def test_what_loading_would_run_is_refused(how, tmp_path):
    name = export_tf1(tmp_path / "m", how, str(tmp_path / "made"))
    with pytest.raises(ModelError, match="holds the operation SaveV2"):
        models.load_classifier(name, tmp_path)
    assert os.listdir(tmp_path) == ["m"]


def test_a_network_of_tensorflow_1_passes(tmp_path):
    name = export_tf1(tmp_path / "m", "nothing", str(tmp_path / "made"))
    assert models.load_classifier(name, tmp_path).num_classes == 10


@pytest.mark.parametrize("place", ["variables/pipe", "saved_model.pb", "assets/a/pipe"])
def test_a_pipe_inside_it_is_not_waited_for(place, tmp_path):
    name = export(tmp_path / "m", lambda images: None)
    pipe = tmp_path / "m" / place
    pipe.parent.mkdir(exist_ok=True, parents=True)
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    signal.alarm(60)  # whatever hangs fails
    with pytest.raises(ModelError, match="not a regular file"):
        models.saved_model.load_saved_model(name, tmp_path / "m", 8, 10, (-1.0, 1.0))
    signal.alarm(0)


def test_networks_as_they_are_exported_pass(tmp_path):
    name = export(tmp_path / "module", lambda images: None)
    assert models.load_classifier(name, tmp_path).num_classes == 10
    layers = tf.keras.layers
    network = tf.keras.Sequential(
        [
            layers.Input((16, 16, 3)),
            *(layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Dropout(0.2)),
            *(layers.GlobalAveragePooling2D(), layers.Dense(10, activation="softmax")),
        ]
    )
    network.export(tmp_path / "keras", verbose=False)
    assert models.load_classifier(f"saved_model:{tmp_path / 'keras'}", tmp_path).num_classes == 10


@pytest.mark.skipif(not SQUEEZENET.is_dir(), reason="needs the published SqueezeNet")
def test_the_published_squeezenet_passes(tmp_path):
    name = f"saved_model:{SQUEEZENET}"
    assert models.load_classifier(name, SQUEEZENET).num_classes in (1000, 1001)
