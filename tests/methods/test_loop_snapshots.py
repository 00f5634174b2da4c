"""What the loop keeps of earlier iterations."""

import numpy as np
import pytest
import tensorflow as tf
import toy

import methods

STEP = dict(step_size=4.0, vt_samples=2)


@pytest.mark.parametrize("word", ["vn", "pi"])
def test_a_snapshot_is_what_fewer_iterations_give_and_costs_no_gradient(word):
    seen = []

    def counted(batch):
        tf.numpy_function(lambda images: seen.append(len(images)), [batch], [])
        return toy.linear()(batch)

    def attack(num_iter, snapshots):
        chosen = methods.AttackSettings(num_iter=num_iter, **STEP)
        parsed = methods.parse_method(word)
        made = methods.Attack(parsed, chosen, counted, snapshots=snapshots)
        seen.clear()
        crafted = made(toy.images(), toy.labels(), toy.keys(), ["sign", "affine"])
        return crafted, sum(seen)

    crafted, cost = attack(4, (1, 3))
    alone, same_cost = attack(4, ())
    assert cost == same_cost
    for mode in crafted:
        assert crafted[mode].snapshots.shape == (4, 2, toy.SIDE, toy.SIDE, 3)
        assert alone[mode].snapshots.shape == (4, 0)
        assert (crafted[mode].images.numpy() == alone[mode].images.numpy()).all()
    for place, number in enumerate((1, 3)):
        shorter, _ = attack(number, ())
        for mode, expected in shorter.items():
            taken = crafted[mode].snapshots[:, place].numpy()
            np.testing.assert_array_equal(taken, expected.images.numpy())
            np.testing.assert_array_equal(crafted[mode].cosine[:, :number], expected.cosine)
