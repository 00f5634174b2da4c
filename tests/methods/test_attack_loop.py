"""The loop as a whole: against the formulas, and what must hold for every method and mode."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

import methods
from methods.draws import Draws

MODES = list(methods.MODES)
EPSILON = 2 * 16 / 255
# Every mode with the longest chain of tensors, and the other chains with the modes that do most.
CHAINS = [("m", MODES), ("pi", MODES), ("sdtvn", ["matched"])]
SHORT = dict(num_iter=2, vt_samples=2, num_scales=2, max_l2=100.0)
# Of so many images all modes share one batch of the source, and so one trace.
FEW = 2


def noise_of(key):
    def noise(iteration, neighbour, purpose="neighbour"):
        draws = Draws(tf.constant(key[np.newaxis]), iteration, neighbour)
        return draws.uniform(purpose, [toy.SIDE, toy.SIDE, 3])[0].numpy().astype(np.float64)

    return noise


@pytest.mark.parametrize(
    ("word", "position"),
    [(word, "before_momentum") for word in ("fgsm", "if", "m", "n", "t", "s", "v", "pi", "vnts")]
    + [(word, "before_momentum") for word in ("mr", "gn", "mx")]
    + [(word, "after_momentum") for word in ("t", "tm", "vtn")],
)
def test_the_loop_computes_the_formulas(word, position):
    chosen = dict(num_iter=4, vt_samples=3, ti_kernel=5, momentum=0.9, ti_position=position)
    chosen |= dict(pgn_samples=2, walk_points=3)
    batch, keys = toy.images(2), toy.keys(2)
    crafted = toy.run(word, list(toy.DIRECTIONS), batch=batch, **chosen)
    numbers = methods.AttackSettings(**chosen)
    iterations = 1 if word == "fgsm" else 4
    for mode, i in itertools.product(toy.DIRECTIONS, range(2)):
        letters = "" if word in ("fgsm", "if") else word
        label = toy.labels()[i]
        expected = toy.stated(
            letters, mode, batch[i], label, noise_of(keys[i]), numbers, iterations
        )
        got = crafted[mode].images[i].numpy()
        close = np.abs(got - expected) < 2e-5
        assert close.mean() > (0.99 if mode == "sign" or word == "pi" else 0.9999), (mode, i)
        assert np.abs(got - batch[i]).max() > 1e-4


def test_a_linear_model_has_a_closed_form():
    matrix = toy.weights()
    batch = toy.images() * 0.5  # no entry near the ends of [-1, 1]
    crafted = toy.run("fgsm", ["sign", "affine"], batch=batch, loss="logit")
    gradient = -matrix.T[toy.labels()].reshape(batch.shape)
    expected = batch + EPSILON * np.sign(gradient)
    np.testing.assert_allclose(crafted["sign"].images, expected, atol=1e-6)
    length = np.linalg.norm(matrix.T[toy.labels()], axis=1).reshape(-1, 1, 1, 1)
    zeta = np.sqrt(matrix.shape[0]) / length
    expected = batch + np.clip(EPSILON * zeta * gradient, -EPSILON, EPSILON)
    np.testing.assert_allclose(crafted["affine"].images, expected, atol=1e-6)


def test_cosine_is_one_where_nothing_is_clipped_and_the_signs_where_it_is_the_sign():
    batch = toy.images() * 0.5
    crafted = toy.run("if", ["sign", "raw"], batch=batch, loss="logit", num_iter=3)
    np.testing.assert_allclose(crafted["raw"].cosine, 1, atol=1e-5)
    gradient = -toy.weights().T[toy.labels()]
    share = np.abs(gradient).sum(1) / np.linalg.norm(gradient, axis=1) / np.sqrt(gradient.shape[1])
    np.testing.assert_allclose(
        crafted["sign"].cosine, np.repeat(share[:, np.newaxis], 3, axis=1), atol=1e-5
    )


def test_targeted_runs_approach_the_label_and_the_cosine_stays_that_of_the_ascent():
    for loss in ("ce", "logit"):
        crafted = toy.run("m", ["affine"], targeted=True, loss=loss)["affine"]
        rows = np.arange(4), toy.labels()
        before = tf.nn.log_softmax(toy.linear()(toy.images())[0]).numpy()[rows]
        after = tf.nn.log_softmax(toy.linear()(crafted.images)[0]).numpy()[rows]
        assert (after > before).all()
        assert (crafted.cosine.numpy()[:, 0] > 0.5).all()


def test_no_variance_and_no_difference_of_look_ahead_on_a_constant_gradient():
    by_word = {
        word: toy.run(word, ["affine"], loss="logit", vt_samples=2)["affine"].images.numpy()
        for word in ("m", "vm", "n")
    }
    np.testing.assert_allclose(by_word["vm"], by_word["m"], atol=1e-5)
    np.testing.assert_allclose(by_word["n"], by_word["m"], atol=1e-5)


@pytest.mark.parametrize(("word", "norm"), [("dvm", "linf"), ("m", "l2")])
def test_the_result_does_not_depend_on_batch_order_or_company(word, norm):
    count, chosen = 5, methods.AttackSettings(**SHORT | {"norm": norm})
    attack = methods.Attack(methods.parse_method(word), chosen, toy.linear())
    batch, labels, keys = toy.images(count), toy.labels(count), toy.keys(count)
    modes = ["random", "matched"]
    together = attack(batch, labels, keys, modes)
    padded = np.r_[0:count, 0, 0]
    longer = attack(batch[padded], labels[padded], keys[padded], modes)
    order = np.array([3, 0, 4, 2, 1])
    mixed = attack(batch[order], labels[order], keys[order], modes)
    alone = attack(batch[2:3], labels[2:3], keys[2:3], modes)
    for mode in modes:
        expected = together[mode].images.numpy()
        for got, rows in ((longer, slice(count)), (alone, slice(1)), (mixed, slice(count))):
            which = {id(longer): np.arange(count), id(alone): [2], id(mixed): order}[id(got)]
            np.testing.assert_allclose(
                got[mode].images.numpy()[rows], expected[which], atol=2e-5, err_msg=mode
            )


def test_one_seed_gives_one_result_and_another_seed_another():
    attack = methods.Attack(
        methods.parse_method("d"), methods.AttackSettings(num_iter=3), toy.linear()
    )
    batch, labels = toy.images(), toy.labels()
    results = [attack(batch, labels, toy.keys(seed=s), ["affine"]) for s in (0, 0, 1)]
    first, again, other = (result["affine"].images.numpy() for result in results)
    assert (first == again).all()
    assert not (first == other).all()


@pytest.mark.parametrize(
    ("word", "modes", "norm"), [(*c, "linf") for c in CHAINS] + [(*c, "l2") for c in CHAINS[:1]]
)
def test_a_zero_gradient_gives_no_perturbation_and_nothing_else(word, modes, norm):
    flat = toy.linear(np.zeros_like(toy.weights()))
    for mode, crafted in toy.run(word, modes, flat, FEW, norm=norm, **SHORT).items():
        assert (crafted.images.numpy() == toy.images(FEW)).all(), mode
        assert (crafted.cosine.numpy() == 0).all()
        assert crafted.finite.numpy().all()
        assert (crafted.zero_share.numpy() == 1).all()


@pytest.mark.parametrize(("word", "modes"), CHAINS)
def test_a_non_finite_gradient_is_flagged_and_leaves_the_others_alone(word, modes):
    poison = tf.Variable(1.0)

    def poisoned(batch):
        # Images whose first entry is above 1/4 get a gradient that is not finite.
        factor = tf.where(batch[:, 0, 0, 0] > 0.25, poison, 1.0)
        return toy.linear()(batch)[0] * factor[:, tf.newaxis], None

    chosen = methods.AttackSettings(**SHORT | {"num_scales": 1, "prob": 0.0})
    batch, labels, keys = toy.images(FEW), toy.labels(FEW), toy.keys(FEW)
    batch[:, 0, 0, 0] = [0.9, -0.9]
    attack = methods.Attack(methods.parse_method(word), chosen, poisoned)
    healthy = attack(batch, labels, keys, modes)
    for bad in (np.nan, np.inf):
        poison.assign(bad)
        for mode, crafted in attack(batch, labels, keys, modes).items():
            assert crafted.finite.numpy().tolist() == [False, True], mode
            assert np.isfinite(crafted.images).all() and np.isfinite(crafted.cosine).all()
            assert (crafted.images.numpy()[0] == batch[0]).all()
            np.testing.assert_array_equal(
                crafted.images.numpy()[1], healthy[mode].images.numpy()[1]
            )


@pytest.fixture(scope="module")
def scaled_attacks():
    """Attacks on a linear source whose gradient a variable scales, and that variable."""
    scale = tf.Variable(1.0)

    def source(batch):
        return toy.linear()(batch)[0] * scale, None

    def attack(word, norm):
        chosen = methods.AttackSettings(loss="logit", norm=norm, **SHORT)
        return methods.Attack(methods.parse_method(word), chosen, source)

    return scale, {key: attack(*key) for key in itertools.product(("m", "pi"), ("linf", "l2"))}


@given(
    key=st.sampled_from(list(itertools.product(("m", "pi"), ("linf", "l2")))),
    scale=st.sampled_from([1e-34, 1e-25, 1.0, 1e25, 1e37]),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_every_image_moves_is_finite_and_stays_within_the_ball(scaled_attacks, key, scale, seed):
    variable, attacks = scaled_attacks
    variable.assign(scale)
    batch = toy.images(FEW, seed=seed)
    for mode, crafted in attacks[key](batch, toy.labels(FEW), toy.keys(FEW), MODES).items():
        got = crafted.images.numpy()
        moved = (got - batch).astype(np.float64)
        assert np.isfinite(got).all() and np.abs(got).max() <= 1, mode
        assert np.isfinite(crafted.cosine).all() and crafted.finite.numpy().all()
        if key[1] == "linf":
            assert np.abs(moved).max() <= EPSILON + 1e-6
        else:
            assert np.linalg.norm(moved.reshape(FEW, -1), axis=1).max() <= 100 / 127.5 + 1e-5
        # The two modes that measure the gradient in absolute terms may see nothing in it.
        if key[0] == "m" or mode not in ("raw", "test"):
            assert moved.any(), mode


def test_modes_share_the_first_gradient_and_then_fill_the_batch_up():
    seen = []

    def counted(batch):
        tf.numpy_function(lambda images: seen.append(len(images)), [batch], [])
        return toy.linear()(batch)

    attack = methods.Attack(methods.parse_method("if"), methods.AttackSettings(num_iter=3), counted)
    for seed in range(3):
        batch = toy.images(8, seed=seed)
        modes = ["sign", "fgnm_n", "raw", "sign"]
        crafted = attack(batch, toy.labels(8), toy.keys(8), modes)
        assert list(crafted) == ["sign", "affine", "raw"]
    # Each group is traced once, and of a batch's 3 x 3 gradients the three first are one.
    loops = attack._programs.values()
    assert sum(loop.experimental_get_tracing_count() for loop in loops) == 2
    assert seen == 3 * ([8] + 2 * [16] + 2 * [8])


def test_groups_have_at_most_16_images_or_one_mode():
    modes = ["sign", "affine", "raw"]
    assert methods.group_modes(modes, 4) == methods.group_modes(modes, 1) == [tuple(modes)]
    assert methods.group_modes(modes, 8) == [("sign", "affine"), ("raw",)]
    assert methods.group_modes(modes, 16) == methods.group_modes(modes, 9) == [(m,) for m in modes]


@pytest.mark.parametrize("method", ["if", "n", "vmd", "pi", "stm"])
def test_a_mode_comes_out_the_same_whatever_group_it_is_in(method):
    numbers = SHORT | {"num_iter": 4}
    grouped = toy.run(method, ["sign", "random", "affine"], count=FEW, **numbers)
    for mode, crafted in grouped.items():
        single = toy.run(method, [mode], count=FEW, **numbers)[mode]
        np.testing.assert_allclose(crafted.images, single.images, atol=2e-6, err_msg=mode)
        np.testing.assert_allclose(crafted.cosine, single.cosine, atol=1e-5, err_msg=mode)


def test_a_source_traced_for_any_batch_size_serves_every_mode():
    spec = tf.TensorSpec([None, toy.SIDE, toy.SIDE, 3])
    traced = tf.function(lambda batch: toy.linear()(batch)[0], input_signature=[spec])
    got = toy.run("m", MODES, lambda batch: (traced(batch), None), FEW, num_iter=3)
    expected = toy.run("m", MODES, count=FEW, num_iter=3)
    for mode in MODES:
        np.testing.assert_allclose(got[mode].images, expected[mode].images, atol=1e-5)


def test_variance_costs_its_samples_at_every_iteration_but_the_last():
    gradients_taken = []

    def counted(batch):
        tf.py_function(lambda: gradients_taken.append(1), [], [])
        return toy.linear()(batch)

    toy.run("v", ["sign"], source=counted, num_iter=3, vt_samples=4)
    assert len(gradients_taken) == 3 + 2 * 4


@pytest.mark.parametrize(
    ("method", "modes", "numbers"),
    [
        ("dm", ["matched", "random"], {}),
        ("rg", ["affine"], {"pgn_samples": 2}),
        ("x", ["rescale"], {"walk_points": 2}),
    ],
)
def test_xla_gives_the_same_images(method, modes, numbers):
    plain = toy.run(method, modes, num_iter=2, **numbers)
    compiled = toy.run(method, modes, num_iter=2, jit_compile=True, **numbers)
    for mode in modes:
        difference = np.abs(plain[mode].images.numpy() - compiled[mode].images.numpy())
        assert np.quantile(difference, 0.99) < 1e-4, mode


def test_the_auxiliary_head_counts_by_its_weight():
    def two_heads(batch):
        return toy.linear()(batch)[0], toy.linear(toy.weights(5))(batch)[0]

    def summed(batch):
        return toy.linear(toy.weights() + 0.4 * toy.weights(5))(batch)

    with_aux = toy.run("if", ["affine"], source=two_heads, loss="logit", aux_weight=0.4)
    expected = toy.run("if", ["affine"], source=summed, loss="logit")
    np.testing.assert_allclose(with_aux["affine"].images, expected["affine"].images, atol=1e-5)
    without = toy.run("if", ["affine"], source=two_heads, aux_weight=0.0)
    np.testing.assert_array_equal(
        without["affine"].images, toy.run("if", ["affine"])["affine"].images
    )
