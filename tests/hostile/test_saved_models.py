"""A SavedModel that does more than compute is refused before anything of it runs."""

import os
from pathlib import Path

import pytest
import tensorflow as tf

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
