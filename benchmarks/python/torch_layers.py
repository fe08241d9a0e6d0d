"""The convolutions of Inf-Net by cuDNN, pass by pass: python3 torch_layers.py FOLDER [--seconds 40] [--rounds 5] [--device cuda].

Reads the table of shapes from FOLDER/gradients-*.json, which `npm run bench -- --gradients` writes, and leaves beside each
FOLDER/cudnn-<batch>x<size>.json: seconds of every pass without and with TensorFloat-32, by CUDA events, heaviest layers first.
What time does not suffice for is counted. Without a card the file says why; `--device cpu` rehearses with PyTorch's CPU kernels.
"""
import argparse
import glob
import json
import math
import os
import time

try:
    import torch
except ModuleNotFoundError:
    raise SystemExit("cannot: this python3 has no PyTorch")

from cudnn import PASSES, Convolution, timed, why_not

# A sample should last so long that the clock's steps do not matter.
SAMPLE_SECONDS = 5e-3
MODES = {"fp32": False, "tf32": True}
# <y, g> = <x, dX> = <w, dW>, relative to the norms: float32 sums stay far below.
TOLERANCE = 1e-4


def seconds_of(run, device):
    """Mean of several runs one after the other, long enough together."""
    once = timed(run, 1, device)
    repeats = max(1, min(32, math.ceil(SAMPLE_SECONDS / max(once, 1e-6))))
    return once if repeats == 1 else timed(run, repeats, device) / repeats


def adjoint_error(convolution, results):
    """How far the three inner products are apart that have to be equal, relative to the norms of y and g."""
    dot = lambda a, b: (a.double() * b.double()).sum().item()
    y, g = results["forward"], convolution.gradient
    products = [dot(y, g), dot(convolution.weight, results["weightGradient"])]
    if "inputGradient" in results:
        products.append(dot(convolution.x, results["inputGradient"]))
    return (max(products) - min(products)) / (y.double().norm().item() * g.double().norm().item())


def relative(a, b):
    return ((a.double() - b.double()).norm() / b.double().norm()).item()


def measure_layer(layer, rounds, device):
    shape = layer["shape"]
    generator = torch.Generator().manual_seed(1)
    values = lambda size: (2 * torch.rand(size, generator=generator) - 1).to(device)
    x, weight = values(shape["input"]), values(shape["weight"])
    convolution = Convolution(x, weight, None, shape)
    convolution.gradient = values(list(convolution.run("forward").shape))
    passes = [name for name in PASSES if name in layer["passes"]]
    # The first run of each lets cuDNN choose; its results are those that are checked.
    results = {mode: {name: convolution.run(name, tf32) for name in passes} for mode, tf32 in MODES.items()}
    error = adjoint_error(convolution, results["fp32"])
    if not error < TOLERANCE:
        raise ArithmeticError(f"<y, g>, <x, dX> and <w, dW> differ by {error:.1e} without TensorFloat-32")
    difference = {name: relative(results["tf32"][name], results["fp32"][name]) for name in passes}
    modes = {mode: {name: [] for name in passes} for mode in MODES}
    for _ in range(rounds):
        for mode, tf32 in MODES.items():
            for name in passes:
                modes[mode][name].append(seconds_of(lambda: convolution.run(name, tf32), device))
    return {"modes": modes, "tf32Difference": difference}


def measure(table, rounds, device, end):
    """Figures of one table. A layer's error is its figure; layers behind `end` are counted only."""
    layers = sorted(table["layers"], key=lambda layer: -layer["gflop"] * layer["count"])
    found, left_out = [], 0
    for layer in layers:
        if time.perf_counter() >= end:
            left_out += 1
            continue
        figures = {name: layer[name] for name in ("label", "count", "gflop")}
        try:
            figures.update(measure_layer(layer, rounds, device))
        except Exception as error:  # noqa: BLE001 - whatever it is, it stands in the table
            figures["cannot"] = f"{type(error).__name__}: {error}"
        found.append(figures)
    return {"layers": found, "leftOut": left_out}


def about(device):
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    version = torch.backends.cudnn.version() if device == "cuda" else None
    return {"device": name, "torch": torch.__version__, "cudnn": version}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    options = parser.parse_args()
    paths = sorted(glob.glob(os.path.join(options.folder, "gradients-*.json")))
    if not paths:
        parser.error(f"no gradients-*.json in {options.folder}: run npm run bench -- --gradients --out {options.folder}")
    reason = why_not() if options.device == "cuda" else None
    begin = time.perf_counter()
    for i, path in enumerate(paths):
        with open(path) as file:
            table = json.load(file)
        figures = {"batch": table["batch"], "size": table["size"]}
        if reason is None:
            end = begin + options.seconds * (i + 1) / len(paths)
            figures.update(about(options.device), **measure(table, options.rounds, options.device, end))
        else:
            figures["cannot"] = reason
        name = f"cudnn-{table['batch']}x{table['size']}.json"
        with open(os.path.join(options.folder, name), "w") as file:
            json.dump(figures, file, indent=1)
        done = reason or f"{len(figures['layers'])} layers, {figures['leftOut']} left out for lack of time"
        print(f"{name}: {done}", flush=True)


if __name__ == "__main__":
    main()
