"""PyTorch's values and gradients where operands hold NaN, infinities, zeros and large numbers: values.ts.

    python make_values.py > values.ts        (PyTorch 2.15, CPU)
    python make_values.py groupNorm layerNorm    puts only the cases whose names begin so into values.ts (norms,
                                                 reductions, softmax over axes, pixelEntropy,
                                                 focalLoss, boundaryLoss, classDiceLoss and
                                                 tverskyLoss: PyTorch 2.5)
"""

import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
nan, inf = float("nan"), float("inf")
cases = {}


def data(t):
    return [v if math.isfinite(v) else str(v) for v in [float(f"{v:.7g}") for v in t.detach().float().flatten().tolist()]]


def case(name, inputs, fn, gradients=True, dtype=torch.float32, upstream=None):
    """inputs: tensors by name. Kept are the result, and the gradients under a fixed upstream
    (a norm takes its mean and slope away: it needs another than the usual ramp, of which nothing is left). Losses are computed in float64, because
    PyTorch's float32 loses the digits of small ones."""
    leaves = {k: v.detach().to(dtype, copy=True).requires_grad_(gradients) for k, v in inputs.items()}
    y = fn(**leaves)
    entry = {"inputs": {k: [list(v.shape), data(v)] for k, v in inputs.items()}, "y": [list(y.shape), data(y)]}
    if gradients:
        g = torch.linspace(0.5, 2, y.numel()).reshape(y.shape) if y.dim() else torch.tensor(1.0)
        g = g if upstream is None else upstream
        y.backward(g.to(dtype))
        entry["g"] = [list(g.shape), data(g)]
        entry["d"] = {k: data(v.grad) for k, v in leaves.items() if v.grad is not None}
    cases[name] = entry


def t(values, *shape):
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


special = t([nan, inf, -inf, 0.0, -0.0, 1.5, -2.0, 90.0, -90.0, 3e38, -3e38, 1e-20, 0.25, -0.5, 7.0, nan], 1, 2, 2, 4)
other = t([1, 0, 0, inf, 2, nan, -inf, 3, -1, 3e38, 3e38, 1e-20, 0, -4, 0.5, inf], 1, 2, 2, 4)
channel = t([nan, 2.0], 1, 2, 1, 1)

case("relu", {"x": special}, lambda x: F.relu(x))
case("leakyRelu", {"x": special}, lambda x: F.leaky_relu(x, 0.125))
case("sigmoid", {"x": special}, torch.sigmoid)
for i, row in enumerate([[nan, 0, 1], [inf, 0, 1], [-inf, 0, 1], [-inf, -inf, -inf], [inf, inf, 0], [3e38, -3e38, 0], [50, 0, -60]]):
    case(f"softmax {i}", {"x": t(row, 1, 3, 1)}, lambda x: F.softmax(x, 1))
for name, fn in {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div}.items():
    case(name, {"a": special, "b": other}, lambda a, b, fn=fn: fn(a, b))
    case(f"{name} of a channel", {"a": special, "b": channel}, lambda a, b, fn=fn: fn(a, b))
case("addRelu", {"a": special, "b": other}, lambda a, b: F.relu(a + b))
case("addScalar", {"x": special}, lambda x: x + 2.5)
case("mulScalar", {"x": special}, lambda x: x * 0.0)
case("sum", {"x": special}, lambda x: x.sum((2, 3)))
case("mean", {"x": special}, lambda x: x.mean((1,), keepdim=True))

pointwise = {
    "silu": F.silu, "gelu tanh": lambda x: F.gelu(x, approximate="tanh"), "mish": F.mish, "softplus": F.softplus,
    "elu": lambda x: F.elu(x, 0.75), "tanh": torch.tanh, "relu6": F.relu6, "hardsigmoid": F.hardsigmoid, "hardswish": F.hardswish,
    "clamp": lambda x: torch.clamp(x, -0.5, 1.5), "clamp min": lambda x: torch.clamp(x, min=0.25), "clamp max": lambda x: torch.clamp(x, max=0.25),
    "abs": torch.abs, "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt, "sin": torch.sin, "cos": torch.cos,
    "erf": torch.erf, "square": lambda x: x**2, "pow 3": lambda x: x**3.0, "pow -2": lambda x: x**-2.0, "pow 2.5": lambda x: x**2.5,
    "pow 0": lambda x: x**0.0,
}
for name, fn in pointwise.items():
    case(name, {"x": special}, lambda x, fn=fn: fn(x))
# In float32 oneDNN's gelu, which is another program, has NaN at Infinity.
case("gelu", {"x": special}, lambda x: F.gelu(x), dtype=torch.float64)
ties = torch.where(torch.arange(16).reshape(1, 2, 2, 4) % 5 == 3, special, other)
for name, fn in {"minimum": torch.minimum, "maximum": torch.maximum, "pow": torch.pow}.items():
    case(name, {"a": special, "b": other}, lambda a, b, fn=fn: fn(a, b))
    case(f"{name} of a channel", {"a": special, "b": channel}, lambda a, b, fn=fn: fn(a, b))
    case(f"{name} with ties", {"a": special, "b": ties}, lambda a, b, fn=fn: fn(a, b))
comparisons = {"equal": torch.eq, "notEqual": torch.ne, "less": torch.lt, "lessEqual": torch.le, "greater": torch.gt, "greaterEqual": torch.ge}
for name, fn in comparisons.items():
    case(name, {"a": special, "b": ties}, lambda a, b, fn=fn: fn(a, b).float(), gradients=False)
    case(f"{name} 1.5", {"a": special}, lambda a, fn=fn: fn(a, 1.5).float(), gradients=False)
case("where", {"c": special, "a": other, "b": special}, lambda c, a, b: torch.where(c.bool(), a, b))
case("prelu", {"a": special, "b": t([nan, 0.5], 2)}, lambda a, b: F.prelu(a, b))

image = t(
    [nan, 1, 2, 3, -inf, -inf, 4, 5, inf, 6, -inf, -inf, 7, 8, 9, -1, -inf, -inf, 0, -2, -3, 4, 1, 1, 2, -inf, 5, 6, 7, 3]
    + [-1, -2, -3, -4, -5, -6, -7, -8, -9, -1, -2, -3, -4, -5, -6, nan, -8, -9, -1, -2, -3, -4, -5, -inf, -7, -8, -9, -1, nan, -3],
    1, 2, 5, 6,
)
low = torch.full((1, 1, 4, 4), -inf)
low[0, 0, 3, 3] = 1
for name, args in {
    "2 1": dict(kernel_size=2, stride=1),
    "3 1 1": dict(kernel_size=3, stride=1, padding=1),
    "3 2 1 ceil": dict(kernel_size=3, stride=2, padding=1, ceil_mode=True),
    "2 1 dilated": dict(kernel_size=2, stride=1, dilation=2),
    "row": dict(kernel_size=(1, 5), stride=1, padding=(0, 2)),
    "column": dict(kernel_size=(3, 1), stride=1),
    "5 1 2": dict(kernel_size=5, stride=1, padding=2),
}.items():
    case(f"maxPool2d {name}", {"x": image}, lambda x, args=args: F.max_pool2d(x, **args))
case("maxPool2d of -Infinity", {"x": low}, lambda x: F.max_pool2d(x, 2))
for name, args in {
    "2 2": dict(kernel_size=2),
    "3 1 1 without padding": dict(kernel_size=3, stride=1, padding=1, count_include_pad=False),
    "5 1 2": dict(kernel_size=5, stride=1, padding=2),
}.items():
    case(f"avgPool2d {name}", {"x": image}, lambda x, args=args: F.avg_pool2d(x, **args))

small = t([1, nan, 3, inf, 5, 6, -inf, 8, 9, 10, 11, 12], 1, 1, 3, 4)
for name, args in {
    "2": dict(scale_factor=2),
    "same": dict(size=(3, 4)),
    "wider": dict(size=(3, 7)),
    "taller, aligned": dict(size=(5, 4), align_corners=True),
    "smaller": dict(size=(2, 2)),
}.items():
    case(f"interpolate {name}", {"x": small}, lambda x, args=args: F.interpolate(x, mode="bilinear", **args), gradients=False)
case("interpolate by 1.1 of 5", {"x": t([0, 1, 4, 9, 16, 1, 1, 2, 3, 5, 8, 13, 0, 1, 0, 1, 0, 2, 0, 2, 0, 3, 0, 3, 0], 1, 1, 5, 5)},
     lambda x: F.interpolate(x, scale_factor=1.1, mode="bilinear"))

torch.manual_seed(1)


def randn(*shape):
    return (torch.randn(*shape) * 8).round() / 8


features = randn(2, 4, 3, 3)
features[0, 0, 1, 1] = nan
features[1, 1, 0, 2] = inf
parameters = {"w": t([1, 2, -0.5, 0], 4), "b": t([0.5, 0, 1, nan], 4)}
case("batchNorm2d in training", {"x": features, **parameters}, lambda x, w, b: F.batch_norm(x, None, None, w, b, True))
case("batchNorm2d in training, relu", {"x": features, **parameters}, lambda x, w, b: F.relu(F.batch_norm(x, None, None, w, b, True)))
running = {"m": t([0, 1, nan, 0], 4), "v": t([1, inf, 1, 0], 4)}
case("batchNorm2d", {"x": features, **parameters, **running}, lambda x, w, b, m, v: (x - m.view(4, 1, 1)) / (v.view(4, 1, 1) + 1e-5).sqrt() * w.view(4, 1, 1) + b.view(4, 1, 1), gradients=False)
case("batchNorm2d, residual, relu", {"x": features, "r": features.flip(0), **parameters, **running}, lambda x, r, w, b, m, v: F.relu((x - m.view(4, 1, 1)) / (v.view(4, 1, 1) + 1e-5).sqrt() * w.view(4, 1, 1) + b.view(4, 1, 1) + r), gradients=False)

x = randn(1, 4, 5, 5)
x[0, 0, 2, 2] = nan
x[0, 3, 4, 0] = inf
w = randn(5, 4, 3, 3)
bias = t([0, 1, nan, -100, inf], 5)
case("conv2d", {"x": x, "w": w, "b": bias}, lambda x, w, b: F.conv2d(x, w, b, padding=1))
case("conv2d, relu", {"x": x, "w": w, "b": bias}, lambda x, w, b: F.relu(F.conv2d(x, w, b, padding=1)))
case("conv2d 1x1, relu", {"x": x, "w": randn(5, 4, 1, 1), "b": bias}, lambda x, w, b: F.relu(F.conv2d(x, w, b)))
deep = randn(4, 1, 3, 3)
deep[2, 0, 1, 1] = nan
case("conv2d depthwise, relu", {"x": x, "w": deep, "b": t([0, 0, 0, 0], 4)}, lambda x, w, b: F.relu(F.conv2d(x, w, b, padding=1, groups=4)))
case("conv2d stride 2 with a residual, relu", {"x": x, "w": w, "r": t([nan, inf, -inf] + [0.5] * 42, 1, 5, 3, 3)}, lambda x, w, r: F.relu(F.conv2d(x, w, stride=2, padding=1) + r))

case("product of 2", {"a": special, "b": other}, lambda a, b: a * b)
case("product of 3", {"a": special, "b": other, "c": other.flip(3)}, lambda a, b, c: a * b * c)
weights = t([nan, inf, -inf, 0, 2, -3, 200, -200], 1, 1, 2, 4)
case("reverseAttention", {"x": special, "z": weights}, lambda x, z: x * (1 - torch.sigmoid(z)), gradients=False)
case("reverseAttention resized", {"x": t([1, nan, -inf, 2, 3, inf, 4, 5], 1, 1, 2, 4), "z": t([nan, 1, 2, 3], 1, 1, 2, 2)}, lambda x, z: x * (1 - torch.sigmoid(F.interpolate(z, size=(2, 4), mode="bilinear"))), gradients=False)
case("addResized", {"x": special, "z": t([nan, 1, 2, -inf, 1, 2, 3, 4], 1, 2, 2, 2)}, lambda x, z: x + F.interpolate(z, size=(2, 4), mode="bilinear"), gradients=False)

for i, (z, target) in enumerate([(nan, 0), (nan, 1), (inf, 0), (inf, 1), (-inf, 0), (-inf, 1), (90, 0), (-90, 1), (16, 1), (-16, 0), (16, 0.3)]):
    case(f"bceWithLogits {i}", {"x": t([z], 1, 1), "t": t([target], 1, 1)}, lambda x, t: F.binary_cross_entropy_with_logits(x, t), dtype=torch.float64)
for i, (p, target) in enumerate([(0.25, 1), (0.0, 0), (1.0, 0), (1.0, 1), (0.0, 1)]):
    case(f"bce {i}", {"x": t([p], 1, 1), "t": t([target], 1, 1)}, lambda x, t: F.binary_cross_entropy(x, t.detach()))


def class_overlap(p, alpha, beta, smooth, power):
    truth = torch.tensor([1, 0, 0]).reshape(1, 3, 1)
    hit = p * truth
    return (1 - (hit + smooth) / (hit + alpha * (p**power - hit) + beta * (truth - hit) + smooth)).mean()


for i, row in enumerate([[nan, 0, 1], [inf, 0, 1], [-inf, 0, 1], [0, -inf, 1], [-inf, -inf, -inf], [1e38, -1e38, 0], [90, 0, -90], [16, 0, -inf]]):
    case(f"crossEntropy {i}", {"x": t(row, 1, 3, 1)}, lambda x: F.cross_entropy(x, torch.zeros(1, 1, dtype=torch.int64)), dtype=torch.float64)
    case(f"crossEntropy of a distribution {i}", {"x": t(row, 1, 3, 1), "t": t([0.5, 0.25, 0.25], 1, 3, 1)}, lambda x, t: F.cross_entropy(x, t), dtype=torch.float64)
    case(f"pixelEntropy {i}", {"x": t(row, 1, 3, 1)}, lambda x: F.cross_entropy(x, torch.zeros(1, 1, dtype=torch.int64), weight=torch.tensor([0.5, 2, 1], dtype=torch.float64), label_smoothing=0.3), dtype=torch.float64)
    case(f"focalLoss {i}", {"x": t(row, 1, 3, 1)}, lambda x: -((1 - F.softmax(x, 1)[0, 0]) ** 2 * F.log_softmax(x, 1)[0, 0]).sum(), dtype=torch.float64)
    case(f"boundaryLoss {i}", {"x": t(row, 1, 3, 1), "t": t([-2, 1, 0.5], 1, 3, 1)}, lambda x, t: (F.softmax(x, 1) * t.detach()).mean())
    if i == 7:
        continue  # A loss of 5e-8 is made of 1 - p, whose digits softmax in float32 does not have.
    case(f"classDiceLoss {i}", {"x": t(row, 1, 3, 1)}, lambda x: class_overlap(F.softmax(x, 1), 0.5, 0.5, 0.5, 1), dtype=torch.float64)
    case(f"tverskyLoss {i}", {"x": t(row, 1, 3, 1)}, lambda x: class_overlap(F.softmax(x, 1), 0.3, 0.7, 1, 2), dtype=torch.float64)


def dice(x, t):
    p = torch.sigmoid(x)
    return (1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)).mean()


for i, z in enumerate([nan, inf, -inf, 90.0]):
    case(f"diceLoss {i}", {"x": t([z, 1, -1, 0], 1, 1, 2, 2), "t": t([1, 0, 1, 0], 1, 1, 2, 2)}, dice)


def joint(x, t):
    w = 1 + 5 * (F.avg_pool2d(t, 31, 1, 15) - t).abs()
    p = torch.sigmoid(x)
    inter, union = ((p * t) * w).sum((2, 3)), ((p + t) * w).sum((2, 3))
    return F.binary_cross_entropy_with_logits(x, t) + (1 - (inter + 1) / (union - inter + 1)).mean()


for i, z in enumerate([nan, inf, -inf, 90.0]):
    case(f"jointLoss {i}", {"x": t([z, 1, -1, 0], 1, 1, 2, 2), "t": t([1, 0, 1, 0], 1, 1, 2, 2)}, lambda x, t: joint(x, t.detach()))

image = randn(2, 4, 3, 3)
image[0, 0, 1, 1] = nan
image[1, 1, 0, 2] = inf
plane = {"w": t([1, 2, -0.5, 0, 1, 1, 3, -1, 0.5], 3, 3), "b": t([0.5, 0, 1, nan, 0, 0, 1, 2, 3], 3, 3)}
case("groupNorm", {"x": image, **parameters}, lambda x, w, b: F.group_norm(x, 2, w, b))
case("groupNorm, relu", {"x": image, **parameters}, lambda x, w, b: F.relu(F.group_norm(x, 2, w, b)))
case("instanceNorm2d", {"x": image, **parameters}, lambda x, w, b: F.instance_norm(x, weight=w, bias=b), upstream=randn(2, 4, 3, 3))
case("layerNorm", {"x": image, **plane}, lambda x, w, b: F.layer_norm(x, (3, 3), w, b))
case("layerNorm2d", {"x": image, **parameters}, lambda x, w, b: F.layer_norm(x.permute(0, 2, 3, 1), (4,), w, b).permute(0, 3, 1, 2))

rows = [[nan, 0, 1], [inf, 0, 1], [-inf, 0, 1], [-inf, -inf, -inf], [inf, inf, 0], [3e38, -3e38, 0], [50, 0, -60]]
for i, row in enumerate(rows):
    case(f"softmax of a row {i}", {"x": t(row, 1, 1, 1, 3)}, lambda x: F.softmax(x, 3))
    case(f"logSoftmax {i}", {"x": t(row, 1, 3, 1)}, lambda x: F.log_softmax(x, 1))
tied = t([1, 5, 5, -1, nan, 2, inf, 0, -inf, -inf, 3, 3, 0, -0.0, 0, -2], 1, 2, 2, 4)
case("max", {"x": tied}, lambda x: x.amax((2, 3)))
case("min", {"x": tied}, lambda x: x.amin(1, keepdim=True))
case("argmax", {"x": tied}, lambda x: x.argmax(3), gradients=False)
case("argmin", {"x": tied}, lambda x: x.argmin(), gradients=False)
case("variance", {"x": t([1, 5, 5, -1, nan, 2, 4, 0, -inf, 1, 3, 3, 0, -0.0, 0, -2], 1, 2, 2, 4)}, lambda x: x.var(3))

generator = torch.Generator().manual_seed(2)
steps = lambda *shape: (torch.randn(*shape, generator=generator) * 8).round() / 8
case("convTranspose2d", {"x": x, "w": steps(4, 5, 3, 3), "b": bias}, lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1))
case("convTranspose2d of groups, relu", {"x": x, "w": steps(4, 2, 2, 3), "b": bias[:4]}, lambda x, w, b: F.relu(F.conv_transpose2d(x, w, b, groups=2)))

rows = steps(2, 3, 5)
rows[0, 1, 2], rows[1, 0, 0], rows[1, 2, 4] = nan, inf, -inf
factor = steps(2, 5, 4)
factor[0, 0, 0], factor[1, 0, 1], factor[1, 0, 2] = nan, 0, inf
shared = steps(3, 5)
shared[1, 3] = inf
case("linear", {"x": rows, "w": shared, "b": t([0, nan, -1], 3)}, lambda x, w, b: F.linear(x, w, b))
case("matmul", {"a": rows, "b": factor}, lambda a, b: a @ b)
case("matmul of transposed", {"a": rows.mT.contiguous(), "b": factor.mT.contiguous()}, lambda a, b: a.mT @ b.mT)

file = pathlib.Path(__file__).with_name("values.ts")
if len(sys.argv) > 1:
    kept = json.loads(file.read_text().split("=\n  '", 1)[1].rsplit("'", 1)[0])
    cases = {**kept, **{k: v for k, v in cases.items() if k.startswith(tuple(sys.argv[1:]))}}
text = "/** Made by make_values.py: PyTorch's values. Do not edit. */\nexport const values: string =\n"
text += "  '" + json.dumps(cases, separators=(",", ":")) + "';\n"
if len(sys.argv) > 1:
    file.write_text(text)
else:
    print(text, end="")
