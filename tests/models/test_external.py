"""Networks that are not in the table: Keras applications and SavedModels."""

import numpy as np
import pytest
import tensorflow as tf

import models
from models.external import FETCHED_BY_KERAS, parse_external, split_names
from models.zoo import get_network
from utils.errors import ModelError, UnknownNetwork

IMAGES = np.random.default_rng(1).uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    """A random network of Keras, and a folder with its weights."""
    tf.keras.utils.set_random_seed(5)
    model = tf.keras.applications.MobileNetV2(weights=None, classifier_activation=None)
    folder = tmp_path_factory.mktemp("keras")
    model.save_weights(folder / "MobileNetV2.weights.h5")
    return model, folder


def gradient_of(classifier):
    """The gradient of the cross-entropy of column 3, from inside a tf.function."""

    @tf.function
    def gradient(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            labels = tf.fill([tf.shape(images)[0]], 3)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, classifier(images))
        return tape.gradient(loss, images)

    return gradient(tf.constant(IMAGES)).numpy()


def test_a_keras_application_is_fed_its_own_preprocessing(application):
    model, folder = application
    name = "keras:MobileNetV2"
    found = models.find_checkpoint(name, folder)
    assert found == folder / "MobileNetV2.weights.h5"
    assert list(models.checkpoint_sha256(found)) == ["MobileNetV2.weights.h5"]
    classifier = models.load_classifier(name, found)
    assert (classifier.side, classifier.num_classes, classifier.label_offset) == (224, 1000, 1)
    resized = tf.image.resize(IMAGES, [224, 224])
    preprocess = tf.keras.applications.mobilenet_v2.preprocess_input
    expected = model(preprocess((resized + 1) * 127.5), training=False)
    np.testing.assert_allclose(classifier(IMAGES), expected, rtol=1e-5, atol=1e-6)
    gradient = gradient_of(classifier)
    assert np.all(np.isfinite(gradient)) and np.any(gradient)


def test_keras_weights_may_be_named_or_fetched(application, tmp_path):
    file = application[1] / "MobileNetV2.weights.h5"
    assert models.find_checkpoint(f"keras:MobileNetV2?weights={file}", tmp_path) == file
    missing = f"keras:MobileNetV2?weights={tmp_path}/none.h5"
    assert models.find_checkpoint(missing, tmp_path) is None
    with pytest.raises(ModelError, match="none.h5"):
        models.load_classifier(missing, tmp_path)
    assert models.find_checkpoint("keras:MobileNetV2", tmp_path) == FETCHED_BY_KERAS
    assert models.checkpoint_sha256(FETCHED_BY_KERAS) == {}


def test_weights_that_keras_cannot_fetch_are_an_error_that_says_what_to_do(monkeypatch, tmp_path):
    def make(weights, classifier_activation):
        assert weights == "imagenet" and classifier_activation is None
        raise OSError("URL fetch failure\non https://example.invalid")

    make.__module__ = tf.keras.applications.MobileNetV2.__module__
    monkeypatch.setattr(tf.keras.applications, "MobileNetV2", make)
    with pytest.raises(ModelError, match="URL fetch failure.*MobileNetV2.weights.h5"):
        models.load_classifier("keras:MobileNetV2", tmp_path)


def test_damaged_keras_weights_are_refused(application, tmp_path):
    model, folder = application
    content = (folder / "MobileNetV2.weights.h5").read_bytes()
    file = tmp_path / "MobileNetV2.weights.h5"
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=r"MobileNetV2\.weights\.h5 cannot be used"):
        models.load_classifier("keras:MobileNetV2", tmp_path)
    bias = model.weights[-1]
    kept = bias.numpy()
    bias.assign(np.full_like(kept, np.nan))
    model.save_weights(file)
    bias.assign(kept)
    with pytest.raises(ModelError, match="bias holds NaN"):
        models.load_classifier("keras:MobileNetV2", tmp_path)


class Linear(tf.Module):
    """Class scores that are linear in the mean colour; as logits or as probabilities."""

    def __init__(self, classes=1000, probabilities=False):
        super().__init__()
        kernel = np.random.default_rng(2).standard_normal((3, classes)) * 0.003
        self.kernel = tf.Variable(kernel, dtype=tf.float32)
        self.probabilities = probabilities

    def scores(self, images):
        logits = tf.reduce_mean(images, [1, 2]) @ self.kernel
        return tf.nn.softmax(logits) if self.probabilities else logits


def export(module, folder, shape=(None, None, None, 3), dtype=tf.float32, function=None):
    """Writes it as a SavedModel with one signature."""
    spec = tf.TensorSpec(shape, dtype)
    function = tf.function(function or module.scores, input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures={"serving_default": function})
    return f"saved_model:{folder}"


@pytest.mark.parametrize("probabilities", [False, True])
def test_a_saved_model_of_logits_or_probabilities(probabilities, tmp_path):
    module = Linear(probabilities=probabilities)
    name = export(module, tmp_path / "m") + "?side=48&classes=1000&range=0,255"
    assert models.find_checkpoint(name, tmp_path) == tmp_path / "m"
    classifier = models.load_classifier(name, tmp_path)
    assert (classifier.side, classifier.num_classes, classifier.label_offset) == (48, 1000, 1)
    resized = tf.image.resize((IMAGES + 1) * 127.5, [48, 48])
    expected = tf.nn.log_softmax(tf.reduce_mean(resized, [1, 2]) @ module.kernel)
    found = tf.nn.log_softmax(classifier(IMAGES))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    gradient = gradient_of(classifier)
    assert gradient.shape == IMAGES.shape and np.any(gradient)
    assert "saved_model.pb" in models.checkpoint_sha256(tmp_path / "m")


def test_a_saved_models_own_side_and_classes_are_taken(tmp_path):
    name = export(Linear(classes=11), tmp_path / "m", (None, 40, 40, 3))
    classifier = models.load_classifier(name, tmp_path)
    assert (classifier.side, classifier.num_classes, classifier.label_offset) == (40, 11, 0)
    np.testing.assert_allclose(
        classifier(np.ones((1, 40, 40, 3), np.float32))[0],
        Linear(classes=11).kernel.numpy().sum(0),
        rtol=1e-5,
    )
    with pytest.raises(ModelError, match="40 x 40 pixels, not of side 64"):
        models.load_classifier(name + "?side=64", tmp_path)
    with pytest.raises(ModelError, match="exactly one"):
        models.load_classifier(name + "?classes=10", tmp_path)


@pytest.mark.parametrize(
    ("classes", "shape", "dtype", "match"),
    [
        (7, (None, None, None, 3), tf.float32, "7 classes"),
        (10, (1, 8, 8, 3), tf.float32, "batches of 1 only"),
        (10, (None, 8, 8, 3), tf.uint8, "uint8"),
        (10, (None, 8, 8, 1), tf.float32, "float32 .N, S, S, 3."),
    ],
)
def test_a_saved_model_that_does_not_suit_is_refused(classes, shape, dtype, match, tmp_path):
    module = Linear(classes=classes)

    def scores(images):
        return module.scores(tf.cast(tf.tile(images, [1, 1, 1, 3])[..., :3], tf.float32))

    name = export(module, tmp_path / "m", shape, dtype, scores)
    with pytest.raises(ModelError, match=match):
        models.load_classifier(name, tmp_path)


def test_a_folder_without_a_saved_model_is_refused(tmp_path):
    name = f"saved_model:{tmp_path}"
    assert models.find_checkpoint(name, tmp_path) is None
    with pytest.raises(ModelError, match="there is no saved_model network"):
        models.load_classifier(name, tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"nothing of the kind")
    with pytest.raises(ModelError, match="cannot be loaded as a SavedModel"):
        models.load_classifier(name, tmp_path)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("keras:", "malformed"),
        ("keras:ResNet9000", "no application 'ResNet9000'.*ResNet50"),
        ("keras:ResNet50?side=3", "'side' is no option of keras:"),
        ("saved_model:?side=3", "malformed"),
        ("saved_model:/m?side=big", "side=big is not valid"),
        ("saved_model:/m?side=0", "side=0 is not valid"),
        ("saved_model:/m?range=1,-1", "range=1,-1 is not valid"),
        ("saved_model:/m?range=nan,1", "range=nan,1 is not valid"),
        ("saved_model:/m?range=-inf,1", "range=-inf,1 is not valid"),
        ("saved_model:/m?side=3&side=4", "malformed"),
        ("saved_model:/m?gibberish", "'gibberish' is no option"),
    ],
)
def test_malformed_names_are_refused(name, match):
    with pytest.raises(UnknownNetwork, match=match):
        get_network(name)


def test_a_saved_models_zoo_follows_from_its_classes():
    zoos = {"": "imagenet", "?classes=1001": "imagenet", "?classes=11": "demo"}
    for query, zoo in zoos.items():
        assert parse_external(f"saved_model:/m{query}").zoo == zoo


def test_lists_of_names_are_split_except_inside_a_range():
    text = "vgg_16, saved_model:/m?range=-1,1,keras:ResNet50,saved_model:/n?range=0,255&side=9"
    names = ("vgg_16", "saved_model:/m?range=-1,1", "keras:ResNet50")
    assert split_names(text) == (*names, "saved_model:/n?range=0,255&side=9")
    assert split_names(text.split(",")) == split_names(text)
    assert split_names("") == ()


def test_bfloat16_is_for_the_zoos_own(tmp_path):
    with pytest.raises(ModelError, match="bfloat16"):
        models.load_classifier("keras:ResNet50", tmp_path, dtype="bfloat16")
