"""Every network with public reference numbers computes them, through the program's own loader."""

import numpy as np
import pytest
import reference_rule
import tensorflow as tf

import models
from models.graph import load_network

NAMES = (
    "inception_v3", "inception_v4", "inception_resnet_v2", "resnet_v2_50", "resnet_v2_101",
    "resnet_v2_152", "vgg_16", "densenet121", "densenet161",
)  # fmt: skip
# Relative to the largest logit. The folded Inception v3 lies 1.5e-6 from its float64 value on one
# processor, the reference 1.3e-6. VGG has longer sums: both lie 2.2e-6 from the float64 value.
LOGITS = 2e-6
VGG_LOGITS = 4e-6
GRADIENT_NORM = 1e-4
# ReLU ties move its float32 gradient by as much, on one processor beyond it and on another not:
# what is held to the bound is the gradient in float64, which is the same on all.
IN_FLOAT64 = ("inception_v4",)
SIGNS = 0.003


@pytest.fixture
def load(shared, tmp_path):
    """Writes a network's checkpoint by the rule, loads it, and gives its reference too."""

    def load(name, stored_as=None, version="V2", rename=None):
        reference = reference_rule.Reference(shared / "reference", name)
        stored_as = stored_as or name
        tensors = reference.tensors()
        if rename:
            tensors = ((rename + tensor[tensor.index("/") :], value) for tensor, value in tensors)
        file = tmp_path / models.NETWORKS[stored_as].files[0]
        reference_rule.write_checkpoint(file, tensors, version)
        # The references were fed [-1, 1], whatever the network was trained on.
        return models.load_classifier(stored_as, tmp_path, preprocessing="as_published"), reference

    return load


def evaluate(forward, images, labels):
    """Returns the heads, the loss and its gradient, each an array."""

    @tf.function
    def traced(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            heads = [x for x in forward(images) if x is not None]
            loss = tf.add_n(
                [tf.nn.sparse_softmax_cross_entropy_with_logits(labels, head) for head in heads]
            )
        return heads, loss, tape.gradient(loss, images)

    return traced(tf.constant(images))


@pytest.mark.parametrize("name", NAMES)
def test_logits_and_gradient_are_the_public_ones(name, load, tmp_path):
    classifier, reference = load(name)
    numbers, images = reference.numbers, reference.images(classifier.side)
    labels = tf.constant(numbers["labels"])
    heads, loss, gradient = evaluate(classifier.logits_and_aux, images, labels)
    bound = VGG_LOGITS if name.startswith("vgg") else LOGITS
    reference_rule.check(heads[0], numbers["logits"], bound)
    reference_rule.check(loss, numbers["loss"], bound)
    assert ("aux_logits" in numbers) == (len(heads) == 2)
    if len(heads) == 2:
        reference_rule.check(heads[1], numbers["aux_logits"], LOGITS)

    gradient = gradient.numpy().astype(np.float64)
    exact = gradient
    if name in IN_FLOAT64:
        forward = load_network(models.NETWORKS[name], tmp_path / f"{name}.ckpt", "float64")
        exact = evaluate(forward, images.astype(np.float64), labels)[2].numpy()
    norms = np.abs(exact).sum((1, 2, 3)), np.sqrt((exact**2).sum((1, 2, 3)))
    np.testing.assert_allclose(norms[0], numbers["grad_l1"], rtol=GRADIENT_NORM)
    np.testing.assert_allclose(norms[1], numbers["grad_l2"], rtol=GRADIENT_NORM)
    sample, expected = gradient[:, ::16, ::16], numbers["grad_sample"].astype(np.float64)
    cosine = (sample * expected).sum() / np.linalg.norm(sample) / np.linalg.norm(expected)
    assert cosine > 0.9999
    assert (np.sign(sample) != np.sign(expected)).mean() <= SIGNS


@pytest.mark.parametrize(
    ("name", "stored_as", "scope"),
    [
        ("inception_v3", "ens3_adv_inception_v3", "Ens3AdvInceptionV3"),
        ("resnet_v2_50", "resnet_v2_50", "copies/ResNet50"),
    ],
)
def test_a_v1_file_under_another_scope_is_the_same_network(name, stored_as, scope, load, tmp_path):
    classifier, reference = load(name, stored_as, version="V1", rename=scope)
    assert models.find_checkpoint(stored_as, tmp_path).is_file()
    logits = classifier(reference.images(classifier.side))
    reference_rule.check(logits, reference.numbers["logits"], LOGITS)
    # Inception v3 takes up to 330 pixels as they are: its grid stays 8 x 8.
    largest = classifier.largest_side
    assert largest == {"inception_v3": 330, "resnet_v2_50": 299}[name]
    assert np.all(np.isfinite(classifier(np.zeros((1, largest, largest, 3), np.float32))))
