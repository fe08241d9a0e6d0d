"""fixtures/golden/ops/elementwise.json: PyTorch's values and gradients of functions of single elements, in float64.

    python make_elementwise.py > ../../../fixtures/golden/ops/elementwise.json        (PyTorch 2.5, CPU)

Operands are float32 numbers over the range that a function is used on; results are computed in float64 and kept to 9
digits. NaN and infinities: packages/testing/test/hostile/make_values.py.
"""

import json

import torch
import torch.nn.functional as F

cases = []


def digits(t):
    return [float(f"{v:.9g}") for v in t.detach().double().flatten().tolist()]


def case(name, inputs, fn):
    leaves = {k: v.double().requires_grad_(True) for k, v in inputs.items()}
    y = fn(**leaves)
    g = torch.linspace(0.5, 2, y.numel()).reshape(y.shape).float()
    y.backward(g.double())
    cases.append({
        "case": name,
        "inputs": {k: [list(v.shape), digits(v)] for k, v in inputs.items()},
        "g": digits(g),
        "y": [list(y.shape), digits(y)],
        "d": {k: digits(v.grad) for k, v in leaves.items()},
    })


def span(low, high, count=48):
    """Numbers over the range in an order that mixes them, as [2, 6, 4]."""
    line = torch.linspace(low, high, count)
    return line[torch.arange(count) * 37 % count].reshape(2, 6, count // 12)


near, far, positive = span(-4.97, 5.03), span(-87, 87), torch.exp(span(-30, 30))
for name, fn in {
    "silu": F.silu, "gelu": F.gelu, "geluTanh": lambda x: F.gelu(x, approximate="tanh"), "mish": F.mish, "softplus": F.softplus,
    "softplusBeta": lambda x: F.softplus(x, 2.5, 4), "elu": lambda x: F.elu(x, 0.75), "tanh": torch.tanh, "relu6": F.relu6,
    "hardsigmoid": F.hardsigmoid, "hardswish": F.hardswish, "clamp": lambda x: torch.clamp(x, -0.5, 1.5), "abs": torch.abs,
    "erf": torch.erf, "square": lambda x: x**2, "pow3": lambda x: x**3,
}.items():
    case(name, {"x": near}, lambda x, fn=fn: fn(x))
case("elu over its whole range", {"x": far}, lambda x: F.elu(x, 0.75))
case("exp", {"x": far}, lambda x: torch.exp(x))
case("sin", {"x": span(-1e3, 1e3)}, lambda x: torch.sin(x))
case("cos", {"x": span(-3e7, 3e7)}, lambda x: torch.cos(x))
for name, fn in {"log": torch.log, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt}.items():
    case(name, {"x": positive}, lambda x, fn=fn: fn(x))
case("log near 1", {"x": span(0.6, 1.7)}, lambda x: torch.log(x))
case("powFraction", {"x": torch.exp(span(-5, 5))}, lambda x: x**-3.7)
case("pow", {"a": torch.exp(span(-5, 5)), "b": span(-11, 11).flip(0)}, lambda a, b: a**b)
a, b = span(-4.97, 5.03), span(-5, 5).flip(0)
case("minimum", {"a": a, "b": b}, lambda a, b: torch.minimum(a, b))
case("maximum", {"a": a, "b": b[:, :, :1]}, lambda a, b: torch.maximum(a, b))
case("where", {"a": a, "b": b[:1]}, lambda a, b: torch.where(a > b, a, b))
case("prelu", {"x": a, "slope": torch.linspace(-0.5, 0.7, 6)}, lambda x, slope: F.prelu(x, slope))
case("prelu1", {"x": a, "slope": torch.tensor([0.25])}, lambda x, slope: F.prelu(x, slope))
print(json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":")).replace('{"case"', '\n{"case"'))
