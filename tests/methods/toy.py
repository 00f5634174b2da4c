"""Small sources and images, and an attack written out in NumPy to hold the program against."""

import numpy as np
import scipy.signal
import tensorflow as tf

import methods

SIDE, CLASSES = 12, 7


def images(count=4, side=SIDE, seed=0):
    """float32 [count, side, side, 3] in [-1, 1], some entries at its ends."""
    drawn = np.random.default_rng(seed).uniform(-1.2, 1.2, (count, side, side, 3))
    return np.clip(drawn, -1, 1).astype(np.float32)


def labels(count=4):
    return (np.arange(count) % CLASSES).astype(np.int32)


def keys(count=4, seed=0):
    return np.stack([methods.image_key(seed, f"image {i}") for i in range(count)])


def weights(seed=1, side=SIDE):
    drawn = np.random.default_rng(seed).standard_normal((side * side * 3, CLASSES))
    return (drawn / side).astype(np.float32)


def linear(matrix=None):
    """A source whose logits are a matrix product; images of any side are resized to its own."""
    matrix = weights() if matrix is None else matrix
    side = round((len(matrix) / 3) ** 0.5)

    def source(batch):
        batch = tf.image.resize(batch, [side, side]) if batch.shape[1] != side else batch
        return tf.reshape(batch, [-1, len(matrix)]) @ matrix, None

    return source


def run(method, modes, source=None, count=4, batch=None, jit_compile=False, **settings):
    attack = methods.Attack(
        methods.parse_method(method),
        methods.AttackSettings(**settings),
        source or linear(),
        jit_compile,
    )
    batch = images(count) if batch is None else batch
    return attack(batch, labels(len(batch)), keys(len(batch)), modes)


# The rest is the formulas of the papers, one image at a time, in float64.


def gradient_of_linear(matrix, image, label):
    """Of the cross-entropy of a linear source."""
    logits = image.reshape(-1) @ matrix.astype(np.float64)
    share = np.exp(logits - logits.max())
    share /= share.sum()
    share[label] -= 1
    return (matrix.astype(np.float64) @ share).reshape(image.shape)


def convolve(tensor, kernel):
    layers = [scipy.signal.convolve2d(tensor[..., c], kernel, mode="same") for c in range(3)]
    return np.stack(layers, axis=-1)


def gaussian(side, reach):
    line = np.exp(-(np.linspace(-reach, reach, side) ** 2) / 2)
    return np.outer(line, line) / line.sum() ** 2


def rescaled(g):
    """FGRM's direction: two times the sign times the logistic function of the standardised log2."""
    sizes = np.log2(np.abs(g[g != 0]))
    d = np.zeros_like(g)
    d[g != 0] = 2 / (1 + np.exp(-(sizes - sizes.mean()) / sizes.std(ddof=1)))
    return d * np.sign(g)


DIRECTIONS = {
    "sign": np.sign,
    "affine": lambda g: g * np.sqrt(np.count_nonzero(g)) / np.linalg.norm(g),
    "raw": lambda g: g,
    "rescale": rescaled,
}


def stated(letters, mode, image, label, noise, settings, iterations):
    """The adversarial image; `noise(iteration, neighbour, purpose)` is uniform in [0, 1)."""
    matrix, s = weights(), settings
    eps = 2 * s.max_epsilon / 255
    alpha = eps / iterations
    direction = DIRECTIONS[mode]
    clean = image.astype(np.float64)
    x, momentum, variance, amplified = clean, np.zeros_like(clean), 0.0, np.zeros_like(clean)

    def gradient(point):
        if "s" not in letters:
            return gradient_of_linear(matrix, point, label)
        copies = [
            gradient_of_linear(matrix, point / 2**i, label) / 2**i for i in range(s.num_scales)
        ]
        return sum(copies) / s.num_scales

    def sampled(point, t):
        found = []
        if "x" in letters:
            for j in range(1, s.walk_points + 1):
                point = point + s.walk_radius * eps * (2 * noise(t, j, "walk") - 1)
                found.append(gradient(point))
        elif "g" in letters:
            for j in range(1, s.pgn_samples + 1):
                near = point + s.pgn_radius * eps * (2 * noise(t, j, "pgn") - 1)
                first = gradient(near)
                second = gradient(near - alpha * first / np.abs(first).mean())
                found.append(0.5 * first + 0.5 * second)
        return sum(found) / len(found) if found else gradient(point)

    z = np.zeros_like(clean)
    for t in range(iterations):
        point = x + alpha * s.momentum * momentum if "n" in letters else x
        raw = sampled(point, t)
        g = raw
        if "v" in letters:
            g = g + variance
            around = [
                gradient(point + s.vt_radius * eps * (2 * noise(t, j) - 1))
                for j in range(1, s.vt_samples + 1)
            ]
            variance = sum(around) / s.vt_samples - raw
        after = s.ti_position == "after_momentum" and set(letters) & set("mn")
        if "t" in letters and not after:
            g = convolve(g, gaussian(s.ti_kernel, s.ti_nsig))
        if set(letters) & set("mn"):
            g = momentum = s.momentum * momentum + g / np.abs(g).mean()
        if "t" in letters and after:
            g = momentum = convolve(g, gaussian(s.ti_kernel, s.ti_nsig))
        step = alpha * direction(g)
        if "p" in letters:
            beta = s.pi_factor * alpha
            amplified = amplified + beta * direction(g)
            cut = np.clip(np.abs(amplified) - eps, 0, None) * np.sign(amplified)
            kernel = np.full((3, 3), 1 / 8)
            kernel[1, 1] = 0
            spread = convolve(cut, kernel)
            projected = beta * np.sign(np.where(np.abs(spread) < 1e-5 * eps, 0, spread))
            amplified = amplified + projected
            step = beta * direction(g) + projected
        if "r" in letters:
            z = z + step
            x = np.clip(clean + np.clip(z, -eps, eps), -1, 1)
            continue
        x = np.clip(x + step, np.maximum(clean - eps, -1), np.minimum(clean + eps, 1))
    return x
