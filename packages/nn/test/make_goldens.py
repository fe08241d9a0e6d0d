"""PyTorch's norms, reductions, softmax and layouts: norm, reduction, layout (.json, .safetensors) in fixtures/golden/ops.

    python packages/nn/test/make_goldens.py        (PyTorch 2.5, CPU; from the root of the repository)

Inputs are rounded to eighths of float32; values and gradients are computed in float64 and written as float32.
"""

import json
import struct

import torch
import torch.nn.functional as F

torch.manual_seed(15)
torch.set_num_threads(1)


class Golden:
    """Cases of a file: tensors are "<case>/<name>"; g_y is y's gradient, d_<name> the gradient with respect to it."""

    def __init__(self):
        self.tensors, self.cases = {}, []

    def case(self, name, inputs, fn, fixed=None, **figures):
        leaves = {k: v.double().requires_grad_() for k, v in inputs.items()}
        others = {k: v.double() for k, v in (fixed or {}).items()}
        y = fn(**leaves, **others)
        g = randn(*y.shape)
        y.backward(g.double())
        found = {**inputs, **(fixed or {}), "y": y, "g_y": g, **{f"d_{k}": v.grad for k, v in leaves.items()}}
        found.update({f"{k}_after": v for k, v in others.items()})
        for k, v in found.items():
            self.tensors[f"{name}/{k}"] = v.detach().float().contiguous()
        self.cases.append({"case": name, **figures})

    def write(self, path):
        header, at, data = {}, 0, []
        for name, t in self.tensors.items():
            raw = struct.pack(f"<{t.numel()}f", *t.flatten().tolist())
            header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [at, at + len(raw)]}
            at += len(raw)
            data.append(raw)
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        with open(f"{path}.safetensors", "wb") as f:
            f.write(struct.pack("<Q", len(text)) + text + b"".join(data))
        with open(f"{path}.json", "w") as f:
            json.dump({"torch": torch.__version__.split("+")[0], "cases": self.cases}, f, indent=1)
            f.write("\n")


def randn(*shape):
    return (torch.randn(shape) * 8).round() / 8


norm = Golden()


def affine(*shape):
    return {"weight": randn(*shape), "bias": randn(*shape)}


for name, shape, groups in [("a", (2, 6, 5, 7), 3), ("b", (3, 26, 4, 4), 2), ("c", (1, 52, 3, 3), 13), ("d", (4, 6), 2)]:
    norm.case(f"group_{name}", {"x": randn(*shape), **affine(shape[1])}, lambda x, weight, bias, k=groups: F.group_norm(x, k, weight, bias), groups=groups)
norm.case("group_plain", {"x": randn(2, 8, 3, 5)}, lambda x: F.group_norm(x, 4, eps=1e-3), groups=4, eps=1e-3)
for name, shape in [("a", (2, 3, 6, 7)), ("b", (3, 26, 4, 4)), ("far", (2, 3, 8, 8))]:
    x = randn(*shape) + (100 if name == "far" else 0)
    norm.case(f"instance_{name}", {"x": x, **affine(shape[1])}, lambda x, weight, bias: F.instance_norm(x, weight=weight, bias=bias))
norm.case("instance_plain", {"x": randn(2, 5, 5, 3)}, lambda x: F.instance_norm(x, eps=1e-3), eps=1e-3)
for name, training in [("training", True), ("inference", False)]:
    running = {"running_mean": randn(5), "running_var": randn(5).abs() + 0.5}
    norm.case(
        f"running_{name}",
        {"x": randn(3, 5, 4, 6), **affine(5)},
        lambda x, weight, bias, running_mean, running_var, t=training: F.instance_norm(x, running_mean, running_var, weight, bias, t, 0.3, 1e-5),
        running,
    )
    if training:  # Keeps what they were before the batch moved them.
        for k, v in running.items():
            norm.tensors[f"running_{name}/{k}"] = v
for name, shape, normalized in [("a", (2, 5, 26), (26,)), ("b", (2, 3, 4, 7), (4, 7)), ("c", (3, 4, 52), (4, 52)), ("all", (4, 6), (4, 6))]:
    norm.case(f"layer_{name}", {"x": randn(*shape), **affine(*normalized)}, lambda x, weight, bias, s=normalized: F.layer_norm(x, s, weight, bias), normalized=normalized)
norm.case("layer_plain", {"x": randn(3, 2, 9)}, lambda x: F.layer_norm(x, (9,), eps=1e-3), normalized=(9,), eps=1e-3)
norm.case("layer_weight", {"x": randn(3, 2, 9), "weight": randn(9)}, lambda x, weight: F.layer_norm(x, (9,), weight), normalized=(9,))
for name, shape in [("a", (2, 26, 3, 5)), ("b", (1, 52, 4, 4)), ("c", (3, 3, 1, 1))]:
    norm.case(f"layer2d_{name}", {"x": randn(*shape), **affine(shape[1])},
              lambda x, weight, bias: F.layer_norm(x.permute(0, 2, 3, 1), (x.shape[1],), weight, bias).permute(0, 3, 1, 2))
norm.write("fixtures/golden/ops/norm")


reduction = Golden()
values = randn(2, 5, 3, 4)  # Eighths: some tie.
for axes in [(0,), (1,), (3,), (1, 2), (0, 3), (2, 3), (0, 1, 2, 3)]:
    for keep in (False, True):
        name = f"{''.join(map(str, axes))}{'_kept' if keep else ''}"
        for op, fn in {"max": torch.amax, "min": torch.amin, "sum": torch.sum, "mean": torch.mean}.items():
            reduction.case(f"{op}_{name}", {"x": values}, lambda x, f=fn, a=axes, k=keep: f(x, a, keepdim=k), op=op, axes=axes, keepDims=keep)
        for c in (0, 1):
            reduction.case(f"variance_{name}_{c}", {"x": values}, lambda x, a=axes, k=keep, c=c: x.var(a, correction=c, keepdim=k), op="variance", axes=axes, keepDims=keep, correction=c)
for axis in range(4):
    for op, fn in {"softmax": torch.softmax, "logSoftmax": torch.log_softmax}.items():
        reduction.case(f"{op}_{axis}", {"x": 3 * values}, lambda x, f=fn, a=axis: f(x, a), op=op, axis=axis)
for axis in (0, 1, 2, 3, None):
    for op, fn in {"argmax": torch.argmax, "argmin": torch.argmin}.items():
        reduction.tensors[f"{op}_{axis}/y"] = fn(values, axis).float()
        reduction.cases.append({"case": f"{op}_{axis}", "op": op, **({} if axis is None else {"axis": axis})})
# One x for all of them; softmax has three times that.
for name in [n for n in reduction.tensors if n.endswith("/x")]:
    del reduction.tensors[name]
reduction.tensors["x"] = values
reduction.write("fixtures/golden/ops/reduction")


layout = Golden()
maps = {"even": (2, 4, 4, 2), "odd": (2, 4, 5, 3), "six": (2, 3, 1, 5, 2, 3), "line": (7,)}
for shape, axes in [("even", (0, 2, 3, 1)), ("odd", (3, 1, 0, 2)), ("six", (0, 1, 4, 2, 5, 3)), ("six", (5, 4, 3, 2, 1, 0)), ("line", (0,))]:
    layout.case(f"permute_{shape}_{axes[-1]}", {"x": randn(*maps[shape])}, lambda x, a=axes: x.permute(a), op="permute", axes=axes)
for shape, axes in [("even", (3,)), ("odd", (0, 2)), ("six", (1, 5)), ("line", (0,))]:
    layout.case(f"flip_{shape}", {"x": randn(*maps[shape])}, lambda x, a=axes: x.flip(a), op="flip", axes=axes)
for shape, shifts, axes in [("even", (1, -1), (2, 3)), ("odd", (9,), (3,)), ("six", (1, 2), (1, 3)), ("line", (-3,), (0,))]:
    layout.case(f"roll_{shape}", {"x": randn(*maps[shape])}, lambda x, s=shifts, a=axes: x.roll(s, a), op="roll", shifts=shifts, axes=axes)
for shape, repeats in [("even", (1, 2, 1, 3)), ("odd", (2, 2)), ("line", (2, 3))]:
    layout.case(f"tile_{shape}", {"x": randn(*maps[shape])}, lambda x, r=repeats: x.tile(r), op="tile", repeats=repeats)
for shape, axis, start, end, step in [("even", 2, 1, 6, 2), ("odd", 3, 0, 7, 3), ("odd", 1, 2, 7, 4), ("six", 5, 1, 3, 1), ("line", 0, 1, 7, 5)]:
    layout.case(f"step_{shape}_{axis}", {"x": randn(*maps[shape])}, lambda x, a=axis, s=slice(start, end, step): x[(slice(None),) * a + (s,)],
                op="step", range={"axis": axis, "start": start, "end": end, "step": step})
layout.case("shuffle", {"x": randn(*maps["odd"])}, lambda x: F.pixel_shuffle(x, 2), op="pixelShuffle", factor=2)
layout.case("unshuffle", {"x": randn(*maps["even"])}, lambda x: F.pixel_unshuffle(x, 2), op="pixelUnshuffle", factor=2)
layout.write("fixtures/golden/ops/layout")
