"""PyTorch as a process that answers one JSON line with one JSON line, like ours.mjs: load, prepare, sample, device, release.

Variants: torch-fp32 (eager, TensorFloat-32 off: the same precision as ours), torch-tf32 (eager with PyTorch's default settings, which
use TensorFloat-32 in convolutions), torch-compile (torch.compile, default settings too). Without a card it runs on the CPU.
"""
import json
import sys
import time

import numpy as np
import torch

import recipe
from torch_infnet import InfNet, training_step

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
# Runs between two events: one alone is shorter than what starting it takes.
BACK_TO_BACK = 8
running = {}
memory_before = 0
# The recipe's weights, made once.
values = None


def synchronize():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


# Of convolutions and of products, as PyTorch was found.
DEFAULTS = (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32)


def set_precision(variant):
    settings = (False, False) if variant == "torch-fp32" else DEFAULTS
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = settings


def filled_net():
    global values
    net = InfNet()
    if values is None:
        values = recipe.parameters({name: tuple(value.shape) for name, value in net.state_dict().items()})
    net.load_state_dict({name: torch.from_numpy(value) for name, value in values.items()}, strict=False)
    return net.to(DEVICE)


def prepare_forward(variant, batch, size):
    net = filled_net().eval()
    call = torch.compile(net) if variant == "torch-compile" else net
    host = torch.from_numpy(recipe.image("input", (batch, 3, size, size)))
    resident = host.to(DEVICE)

    def forward(x):
        with torch.no_grad():
            return call(x)[3]

    return {"run": lambda: forward(host.to(DEVICE)).cpu(), "device": lambda: forward(resident), "results": lambda y: y.flatten().tolist()}


def prepare_step(variant, batch, size):
    net = filled_net().train()
    call = torch.compile(net) if variant == "torch-compile" else net
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
    mask = recipe.disc_mask([(size, size, (size / 2) ** 2)], size, size)
    repeat = lambda plane: torch.from_numpy(np.repeat(plane[None, None], batch, axis=0))
    host = [torch.from_numpy(recipe.image("input", (batch, 3, size, size))), repeat(mask), repeat(recipe.edge_map(mask))]
    resident = [value.to(DEVICE) for value in host]

    class Stepper:
        """The optimiser's parameters are the net's own, compiled or not."""

        parameters = net.parameters

        def __call__(self, image):
            return call(image)

    stepper = Stepper()
    return {
        "run": lambda: training_step(stepper, optimizer, *(value.to(DEVICE) for value in host)).item(),
        "device": lambda: training_step(stepper, optimizer, *resident),
        "results": lambda loss: [loss],
    }


def prepare(request):
    global memory_before
    workload, variant = request["workload"], request["variant"]
    set_precision(variant)
    begin = time.perf_counter()
    if DEVICE == "cuda":
        torch.cuda.reset_peak_memory_stats()
        memory_before = torch.cuda.memory_allocated()
    make = prepare_step if workload["kind"] == "step" else prepare_forward
    made = make(variant, workload["batch"], workload["size"])
    first = made["run"]()
    results = made["results"](first)
    running[variant] = made
    answer = {"first": time.perf_counter() - begin, "results": results}
    if DEVICE == "cuda":
        answer["memory"] = torch.cuda.max_memory_allocated() - memory_before
    return answer


def sample(request):
    set_precision(request["variant"])
    synchronize()
    begin = time.perf_counter()
    running[request["variant"]]["run"]()
    synchronize()
    return {"wall": time.perf_counter() - begin}


def device(request):
    """Seconds of one run on data that lies on the card, by CUDA events around several."""
    if DEVICE != "cuda":
        return {"device": None}
    set_precision(request["variant"])
    run = running[request["variant"]]["device"]
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    begin.record()
    for _ in range(BACK_TO_BACK):
        run()
    end.record()
    end.synchronize()
    return {"device": begin.elapsed_time(end) / 1e3 / BACK_TO_BACK}


def ceilings(_request):
    """FLOP/s of a large float32 product without TensorFloat-32, bytes/s of a large copy (read and written)."""
    if DEVICE != "cuda":
        return {}
    set_precision("torch-fp32")
    n = 8192
    a, b = torch.randn(n, n, device=DEVICE), torch.randn(n, n, device=DEVICE)
    source = torch.empty(2**30, dtype=torch.uint8, device=DEVICE)
    target = torch.empty_like(source)

    def seconds(run, times):
        run()
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(times):
            run()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3 / times

    return {
        "product": 2 * n**3 / seconds(lambda: torch.matmul(a, b), 10),
        "copy": 2 * 2**30 / seconds(lambda: target.copy_(source), 20),
    }


def release(_request):
    running.clear()
    if DEVICE == "cuda":
        torch.cuda.empty_cache()
    return {}


def load(_request):
    name = torch.cuda.get_device_name() if DEVICE == "cuda" else "CPU"
    return {"description": f"PyTorch {torch.__version__} on {name}", "device": DEVICE}


ANSWERS = {"load": load, "prepare": prepare, "sample": sample, "device": device, "release": release, "ceilings": ceilings}


def main():
    # Libraries print to stdout; the answers must stay alone there.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": True, **ANSWERS[request["op"]](request)}
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent shows it
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
