"""The goldens' recipe for parameters and inputs (fixtures/golden/README, section 1), with numpy: the same bits as ours."""
import math

import numpy as np


def fnv1a32(name):
    value = 0x811C9DC5
    for byte in name.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def fmix32(x):
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x85EBCA6B)
    x = x ^ (x >> np.uint32(13))
    x = x * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def uniform(name, indices):
    """u(name, i) in [-1, 1) for an array of uint32 indices, as float64."""
    with np.errstate(over="ignore"):
        mixed = fmix32(fmix32(indices + np.uint32(1)) ^ np.uint32(fnv1a32(name)))
    return (mixed >> np.uint32(8)).astype(np.float64) * 2.0**-23 - 1


def fill(name, shape, mul=1.0, add=0.0):
    count = math.prod(shape)
    values = add + mul * uniform(name, np.arange(count, dtype=np.uint32))
    return values.astype(np.float32).reshape(shape)


def image(name, shape):
    """Half noise, half a constant per 16 x 16 cell."""
    n, c, h, w = shape
    noise = 0.5 * uniform(name, np.arange(n * c * h * w, dtype=np.uint32)).reshape(shape)
    rows, columns = -(-h // 16), -(-w // 16)
    cells = uniform(name + "/cell", np.arange(n * c * rows * columns, dtype=np.uint32)).reshape(n, c, rows, columns)
    return (noise + cells.repeat(16, axis=2)[:, :, :h].repeat(16, axis=3)[:, :, :, :w]).astype(np.float32)


def disc_mask(discs, height, width):
    """Union of discs (cy2, cx2, r2), in half pixels: inside where (2y - cy2)^2 + (2x - cx2)^2 <= r2."""
    y, x = 2 * np.arange(height)[:, None], 2 * np.arange(width)[None, :]
    mask = np.zeros((height, width), dtype=bool)
    for cy2, cx2, r2 in discs:
        mask |= (y - cy2) ** 2 + (x - cx2) ** 2 <= r2
    return mask.astype(np.float32)


def edge_map(mask):
    """1 where a mask pixel is 1 and one of its 4 neighbours inside the image is 0."""
    padded = np.pad(mask, 1, constant_values=1)
    lowest = np.minimum.reduce([padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
    return ((mask == 1) & (lowest == 0)).astype(np.float32)


def parameter(name, shape, batch_norms, gain):
    """Value of one state-dict entry; None for the counters of batch norm. `batch_norms`: prefixes of the batch norms."""
    prefix, leaf = name.rsplit(".", 1)
    if leaf == "num_batches_tracked":
        return None
    if leaf == "running_mean":
        return fill(name, shape, 0.1)
    if leaf == "running_var":
        return fill(name, shape, 0.25, 1)
    if prefix in batch_norms:
        return fill(name, shape, 0.1, 1 if leaf == "weight" else 0)
    if leaf == "bias":
        return fill(name, shape, 0.05)
    return fill(name, shape, gain * math.sqrt(6 / math.prod(shape[1:])))


def parameters(shapes, gain=0.72):
    """All values of a net by name, given the shapes of its state dict."""
    norms = {name.rsplit(".", 1)[0] for name in shapes if name.endswith(".running_mean")}
    values = {name: parameter(name, tuple(shape), norms, gain) for name, shape in shapes.items()}
    return {name: value for name, value in values.items() if value is not None}
