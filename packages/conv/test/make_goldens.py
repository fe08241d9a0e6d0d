"""PyTorch's transposed convolution and products of matrices: conv_transpose2d.json, matrix_product.json in
fixtures/golden/ops.

    python packages/conv/test/make_goldens.py        (PyTorch 2.5, CPU; from the root of the repository)

Inputs are eighths, exact in float32; values and gradients are computed in float64 and written with nine digits.
"""

import json

import torch
import torch.nn.functional as F

torch.manual_seed(15)
torch.set_num_threads(1)


def randn(*shape):
    return (torch.randn(shape) * 8).round() / 8


def tensor(value):
    return {"shape": list(value.shape), "data": [float(f"{v:.9g}") for v in value.detach().double().flatten().tolist()]}


def case(inputs, fn, **figures):
    """y, its gradient g, and d_<name>, the gradient with respect to each input."""
    leaves = {k: v.double().requires_grad_() for k, v in inputs.items()}
    y = fn(**leaves)
    g = randn(*y.shape)
    y.backward(g.double())
    found = {**inputs, "y": y, "g": g, **{f"d_{k}": v.grad for k, v in leaves.items()}}
    return {**figures, "tensors": {k: tensor(v) for k, v in found.items()}}


def write(name, cases):
    with open(f"fixtures/golden/ops/{name}.json", "w") as f:
        lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
        f.write(f'{{"torch":"{torch.__version__.split("+")[0]}","cases":[\n{lines}\n]}}\n')


TRANSPOSED = [
    # x, out channels, kernel, then what is not the default
    ((2, 3, 4, 5), 2, (2, 2), dict(stride=2)),
    ((1, 3, 3, 4), 4, (3, 3), dict(stride=2, padding=1, output_padding=1)),
    ((2, 4, 5, 3), 6, (3, 3), dict(padding=1)),
    ((2, 4, 3, 3), 6, (3, 2), dict(stride=(3, 2), padding=(1, 0), output_padding=(2, 1), groups=2)),
    ((1, 5, 4, 3), 5, (3, 3), dict(stride=2, groups=5)),
    ((2, 3, 3, 2), 6, (2, 3), dict(stride=2, padding=1, groups=3, dilation=(1, 2))),
    ((1, 2, 3, 4), 3, (2, 2), dict(dilation=3, output_padding=2)),
    ((2, 2, 2, 3), 3, (3, 3), dict(dilation=(3, 2), output_padding=(2, 1), padding=(0, 3), stride=(1, 3))),
    ((1, 2, 4, 4), 2, (1, 1), dict(stride=3, output_padding=2)),
    ((3, 26, 1, 1), 3, (4, 4), dict(stride=4)),
    ((1, 3, 5, 7), 1, (5, 1), dict(padding=(2, 0), stride=(1, 2), bias=False)),
    ((2, 2, 1, 3), 4, (3, 3), dict(stride=(4, 1), output_padding=(3, 0), padding=(1, 1), groups=2, bias=False)),
]


def transposed(shape, out, kernel, options):
    given = dict(options)
    bias, groups = given.pop("bias", True), given.get("groups", 1)
    inputs = {"x": randn(*shape), "w": randn(shape[1], out // groups, *kernel), **({"b": randn(out)} if bias else {})}
    names = {"output_padding": "outputPadding"}
    return case(
        inputs,
        lambda x, w, b=None: F.conv_transpose2d(x, w, b, **given),
        options={names.get(k, k): v for k, v in given.items()},
    )


write("conv_transpose2d", [transposed(*each) for each in TRANSPOSED])


def linear(shape, out, bias=True):
    inputs = {"x": randn(*shape), "w": randn(out, shape[-1]), **({"b": randn(out)} if bias else {})}
    return case(inputs, lambda x, w, b=None: F.linear(x, w, b), op="linear")


def matmul(lead, m, k, n, transposed_a, transposed_b):
    inputs = {"a": randn(*lead, *((k, m) if transposed_a else (m, k))), "b": randn(*lead, *((n, k) if transposed_b else (k, n)))}
    return case(
        inputs,
        lambda a, b: (a.mT if transposed_a else a) @ (b.mT if transposed_b else b),
        op="matmul",
        options={"transposeA": transposed_a, "transposeB": transposed_b},
    )


write(
    "matrix_product",
    [linear((5,), 3), linear((3, 26), 7), linear((2, 3, 5), 4), linear((2, 1, 3, 13), 3, bias=False), linear((1, 9), 1)]
    + [matmul(lead, *size, a, b) for lead, size in [((), (3, 5, 4)), ((3,), (5, 3, 7)), ((2, 3), (1, 13, 3))] for a in (False, True) for b in (False, True)],
)
