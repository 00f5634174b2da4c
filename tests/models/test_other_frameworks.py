"""A demo network written as ONNX and as TFLite says what the original says."""

import numpy as np
import onnx
import pytest
import tensorflow as tf
from onnx import TensorProto, helper, numpy_helper

import models
import models.input_form
from data import read_image
from models.checkpoints import Checkpoint
from models.external import parse_external, split_names
from models.folding import fold
from models.graph import folded_shapes
from models.preprocessing import MEAN_RGB
from utils.errors import ModelError, UnknownNetwork

NAME = "demo_vgg"
# What VGG takes, as mean and std of white 1.
FORM = "mean={}&std={}".format(
    ",".join(repr(mean / 255) for mean in MEAN_RGB), ",".join([repr(1 / 255)] * 3)
)


@pytest.fixture(scope="module")
def images(demo):
    paths = sorted((demo / "images").glob("*.png"))[:200]
    return np.stack([read_image(path) for path in paths]).astype(np.float32) / 127.5 - 1


@pytest.fixture(scope="module")
def original(demo, images):
    classifier = models.load_classifier(NAME, demo / "checkpoints")
    return classifier, tf.nn.softmax(classifier(images)).numpy()


@pytest.fixture(scope="module")
def weights(demo):
    """Layer -> kernel [h, w, in, out] and what is added, batch norm folded in."""
    row = models.NETWORKS[NAME]
    shapes = folded_shapes(row)
    tensors = Checkpoint(models.find_checkpoint(NAME, demo / "checkpoints")).read(shapes, row)
    values = {
        name.removeprefix(row.scope + "/"): np.float32(value)
        for name, value in fold(shapes, tensors, row.batch_norm_epsilon)
    }
    layers = [name.removesuffix("/weights") for name in values if name.endswith("/weights")]
    return {
        layer: (
            values[f"{layer}/weights"],
            values.get(f"{layer}/BatchNorm/shift", values.get(f"{layer}/biases")),
        )
        for layer in layers
    }


@pytest.fixture(scope="module")
def write_onnx(weights, tmp_path_factory):
    """Writes it with the onnx package's helpers and returns the file."""

    def write(batch="N", layout="nchw", softmax=False):
        tensors, nodes, last = [], [], "images"
        if layout == "nhwc":
            nodes.append(helper.make_node("Transpose", [last], ["nchw"], perm=[0, 3, 1, 2]))
            last = "nchw"
        for stage in range(1, 6):
            for layer in (f"conv{stage}/conv{stage}_{part}" for part in (1, 2)):
                kernel, shift = weights[layer]
                tensors += [
                    numpy_helper.from_array(kernel.transpose(3, 2, 0, 1).copy(), f"{layer}/W"),
                    numpy_helper.from_array(shift, f"{layer}/B"),
                ]
                given = [last, f"{layer}/W", f"{layer}/B"]
                nodes.append(helper.make_node("Conv", given, [layer], pads=[1] * 4))
                last = f"{layer}/relu"
                nodes.append(helper.make_node("Relu", [layer], [last]))
            if stage < 5:
                pool = f"pool{stage}"
                nodes.append(
                    helper.make_node("MaxPool", [last], [pool], kernel_shape=[2, 2], strides=[2, 2])
                )
                last = pool
        kernel, bias = weights["fc8"]
        tensors += [
            numpy_helper.from_array(kernel[0, 0], "fc8/W"),
            numpy_helper.from_array(bias, "fc8/B"),
        ]
        nodes += [
            helper.make_node("GlobalAveragePool", [last], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["flat"]),
            helper.make_node("Gemm", ["flat", "fc8/W", "fc8/B"], ["logits"]),
        ]
        output = "logits"
        if softmax:
            nodes.append(helper.make_node("Softmax", ["logits"], ["probabilities"]))
            output = "probabilities"
        shape = [batch, 3, 64, 64] if layout == "nchw" else [batch, 64, 64, 3]
        graph = helper.make_graph(
            nodes,
            NAME,
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, 10])],
            tensors,
        )
        opsets = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, ir_version=8, opset_imports=opsets)
        path = tmp_path_factory.mktemp("onnx") / "vgg.onnx"
        onnx.save(model, path)
        return path

    return write


def check(name, images, original, tolerance=1e-4):
    found = models.find_checkpoint(name, "nowhere")
    classifier = models.load_classifier(name, found)
    assert (classifier.num_classes, classifier.label_offset) == (10, 1)
    probabilities = tf.nn.softmax(tf.function(classifier)(tf.constant(images))).numpy()
    np.testing.assert_array_equal(probabilities.argmax(1), original[1].argmax(1))
    np.testing.assert_allclose(probabilities, original[1], atol=tolerance)


@pytest.mark.parametrize(
    "options", [{}, {"softmax": True}, {"batch": 7}, {"layout": "nhwc"}], ids=str
)
def test_onnx_says_what_the_original_says(options, write_onnx, images, original):
    check(f"onnx:{write_onnx(**options)}?{FORM}", images, original)


@pytest.fixture(scope="module")
def write_tflite(original, images, tmp_path_factory):
    def write(classifier=original[0], quantised=False):
        @tf.function(input_signature=[tf.TensorSpec([1, 64, 64, 3])])
        def call(pixels):
            return classifier(pixels)

        converter = tf.lite.TFLiteConverter.from_concrete_functions([call.get_concrete_function()])
        if quantised:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([image[None]] for image in images[:50])
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = tf.uint8
            converter.inference_output_type = tf.uint8
        path = tmp_path_factory.mktemp("tflite") / "vgg.tflite"
        path.write_bytes(converter.convert())
        return path

    return write


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_tflite_says_what_the_original_says(write_tflite, images, original):
    check(f"tflite:{write_tflite()}?range=-1,1", images, original)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_quantised_tflite_nearly_does(write_tflite, images, demo):
    classifier = models.load_classifier("demo_mobilenet", demo / "checkpoints")
    expected = classifier(images).numpy()
    name = f"tflite:{write_tflite(classifier, quantised=True)}?range=-1,1"
    found = models.load_classifier(name, models.find_checkpoint(name, "nowhere"))(images).numpy()
    assert np.mean(found.argmax(1) == expected.argmax(1)) >= 0.97
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.999


def test_presets_crop_and_scale_as_their_frameworks_do(images):
    form = parse_external("onnx:m?as=torchvision")
    assert form.options == {"as": "torchvision"} and not form.has_gradient
    torchvision = models.input_form.PRESETS["torchvision"]
    flat = np.full([1, 299, 299, 3], 0.485 * 2 - 1, np.float32)
    found = torchvision(tf.constant(flat)).numpy()
    assert found.shape == (1, 3, 224, 224)
    expected = (0.485 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(found[0, :, 0, 0], expected, atol=1e-5)
    # 256 pixels of which the middle 224 are left.
    ramp = np.broadcast_to(np.linspace(-1, 1, 256)[:, None, None], [256, 256, 3])[None]
    rows = torchvision(tf.constant(ramp, tf.float32)).numpy()[0, 0, :, 0] * 0.229 + 0.485
    np.testing.assert_allclose(rows, np.linspace(0, 1, 256)[16:240], atol=1e-5)


def test_names_with_lists_of_numbers_are_split():
    text = "vgg_16,onnx:a.onnx?mean=0.485,0.456,0.406&std=1,1,1+jpeg75,tflite:b?range=-1,1,vgg_19"
    assert split_names(text) == (
        "vgg_16", "onnx:a.onnx?mean=0.485,0.456,0.406&std=1,1,1+jpeg75", "tflite:b?range=-1,1",
        "vgg_19",
    )  # fmt: skip


def test_the_digest_covers_weights_beside_an_onnx_file(tmp_path):
    for name in ("m.onnx", "m.onnx.data", "other.onnx"):
        (tmp_path / name).write_bytes(name.encode())
    found = models.checkpoint_sha256(tmp_path / "m.onnx")
    assert list(found) == ["m.onnx", "m.onnx.data"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "doesn't say what its input means: add as=torchvision"),
        (f"?{FORM}&side=32", "64 x 64 pixels, not squares of side 32"),
        (f"?{FORM}&layout=nhwc", "which is nchw: leave layout=nhwc out"),
        (f"?{FORM}&classes=1000", r"exactly one of them must be \[N, 1000\]"),
    ],
)
def test_what_an_onnx_name_says_wrongly_is_named(query, says, write_onnx):
    name = f"onnx:{write_onnx()}{query}"
    with pytest.raises(ModelError, match=says):
        models.load_classifier(name, "nowhere")


@pytest.mark.parametrize("kind", ["onnx", "tflite"])
def test_a_file_that_is_cut_short_is_refused(kind, request):
    path = request.getfixturevalue(f"write_{kind}")()
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match="cannot be read as a"):
        models.load_classifier(f"{kind}:{path}?range=-1,1", "nowhere")


@pytest.mark.parametrize(
    "query", ["as=keras", "mean=1,2", "std=0,1,1", "crop=0", "crop=1.5", "layout=hwc", "side=0"]
)
def test_options_that_can_not_be_are_refused_by_name(query):
    with pytest.raises(UnknownNetwork, match=f"{query} is not valid"):
        parse_external(f"onnx:m.onnx?{query}")
