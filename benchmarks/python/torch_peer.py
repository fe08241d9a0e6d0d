"""PyTorch as a peer of `npm run bench -- --peers`: walks infnet's traced graph with a table of PyTorch functions.

Started as `python3 torch_peer.py cpu|cuda|cuda-fp32|cuda-compile|cudnn|cudnn-tf32`; the last two take convolutions only, and hand
them to cuDNN's own functions without or with TensorFloat-32. `cuda-fp32` turns TensorFloat-32 off; everything else keeps PyTorch's
default settings. Reads one JSON object per line, answers with one per line:

    {"ask": "load"}                      versions and device
    {"ask": "prepare", "folder": DIR}    reads DIR/graph.json and DIR/values.f32, runs once, writes DIR/results.f32
    {"ask": "run"}                       one timed run: inputs from the host's memory, results back into it
    {"ask": "device_seconds"}            seconds of one run on data that lies on the card, by what ran: "run", or each pass of a
                                         convolution by cuDNN; none on the CPU
    {"ask": "ceilings"}                  FLOP/s of a large float32 product, bytes/s of a large copy; on a card
    {"ask": "release"}
"""

import array
import json
import math
import os
import resource
import sys

import torch
import torch.nn.functional as F

# Runs between two events at least: one alone is shorter than what starting it takes; and seconds that they should take together.
BACK_TO_BACK = 8
SAMPLE_SECONDS = 5e-3


PASSES = ("forward", "inputGradient", "weightGradient")


def pads(top, left, bottom, right):
    return (left, right, top, bottom)


def convolution_pass(name, tf32, x, weight, gradient, a):
    """One of PASSES alone, by cuDNN where the tensors lie on a card, which tries its algorithms and keeps the fastest, with or
    without TensorFloat-32; on the CPU by what PyTorch has there. `x` [n, c, h, w], `weight` [oc, c / groups, kh, kw]."""
    top, left, bottom, right = a["padding"]
    if (top, left) != (bottom, right):
        raise ValueError(f"padding {a['padding']} is not the same on both sides")
    padding, stride, dilation, groups = [top, left], a["stride"], a["dilation"], a["groups"]
    with torch.backends.cudnn.flags(enabled=True, benchmark=True, deterministic=False, allow_tf32=tf32):
        if name == "forward" and x.is_cuda:
            return torch.cudnn_convolution(x, weight, padding, stride, dilation, groups, True, False, tf32)
        if name == "forward":
            return torch.conv2d(x, weight, None, stride, padding, dilation, groups)
        mask = [name == "inputGradient", name == "weightGradient", False]
        back = torch.ops.aten.convolution_backward(
            gradient, x, weight, None, stride, padding, dilation, False, [0, 0], groups, mask
        )
        return back[mask.index(True)]


def conv2d(inputs, a):
    x, weight, *bias = inputs
    top, left, bottom, right = a["padding"]
    if (top, left) == (bottom, right):
        padding = (top, left)
    else:
        x, padding = F.pad(x, pads(top, left, bottom, right)), (0, 0)
    return F.conv2d(x, weight, bias[0] if bias else None, a["stride"], padding, a["dilation"], a["groups"])


def batch_norm(inputs, a):
    """In training F.batch_norm moves the running statistics itself; nothing reads them in the graph."""
    x, weight, bias, mean, variance = inputs
    return F.batch_norm(x, mean, variance, weight, bias, a["training"], a["momentum"], a["eps"])


def resize(x, size, align_corners=False):
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=align_corners)


def joint_loss(inputs, a):
    """Mean cross entropy plus the mean over images of the weighted IoU, as the released code computes it."""
    logits, mask, pooled = inputs
    weight = 1 + 5 * torch.abs(pooled - mask)
    if a["variant"] != "as-released":
        raise TypeError(f"the joint loss is translated as released, not as {a['variant']}")
    p = torch.sigmoid(logits)
    both = (p * mask * weight).sum(dim=(1, 2, 3))
    either = ((p + mask) * weight).sum(dim=(1, 2, 3)) - both
    return F.binary_cross_entropy_with_logits(logits, mask) + (1 - (both + 1) / (either + 1)).mean()


def reduced(function):
    return lambda inputs, a: function(inputs[0], dim=a["axes"], keepdim=a["keepDims"])


OPERATORS = {
    "conv2d": conv2d,
    "batchNorm2d": batch_norm,
    "relu": lambda i, a: F.relu(i[0]),
    "sigmoid": lambda i, a: torch.sigmoid(i[0]),
    "add": lambda i, a: i[0] + i[1],
    "sub": lambda i, a: i[0] - i[1],
    "mul": lambda i, a: i[0] * i[1],
    "div": lambda i, a: i[0] / i[1],
    "addScalar": lambda i, a: i[0] + a["value"],
    "mulScalar": lambda i, a: i[0] * a["value"],
    "product": lambda i, a: math.prod(i[1:], start=i[0]),
    "splitStep": lambda i, a: (i[0] + i[1], i[2]),
    "addResized": lambda i, a: i[0] + resize(i[1], i[0].shape[2:]),
    "reverseAttention": lambda i, a: i[0] * (1 - torch.sigmoid(resize(i[1], i[0].shape[2:]))),
    "interpolate": lambda i, a: resize(i[0], a["size"], a["alignCorners"]),
    "maxPool2d": lambda i, a: F.max_pool2d(
        i[0], a["kernel"], a["stride"], a["padding"], a["dilation"], ceil_mode=a["ceilMode"]
    ),
    "avgPool2d": lambda i, a: F.avg_pool2d(
        i[0], a["kernel"], a["stride"], a["padding"], a["ceilMode"], a["countIncludePad"]
    ),
    "concat": lambda i, a: torch.cat(i, a["axis"]),
    "stack": lambda i, a: torch.cat(i, 0),
    "split": lambda i, a: torch.split(i[0], a["sizes"], a["axis"]),
    "narrow": lambda i, a: i[0].narrow(a["axis"], a["start"], a["length"]),
    "pad2d": lambda i, a: F.pad(i[0], pads(a["top"], a["left"], a["bottom"], a["right"])),
    "reduceMean": reduced(torch.mean),
    "reduceSum": reduced(torch.sum),
    "sum": lambda i, a: sum(i[1:], i[0]),
    "bce": lambda i, a: (F.binary_cross_entropy_with_logits if a["logits"] else F.binary_cross_entropy)(*i),
    "jointLoss": joint_loss,
}


class Net(torch.nn.Module):
    """The graph, with its parameters on the device."""

    def __init__(self, graph, values, device):
        super().__init__()
        self.graph = graph
        self.operators = OPERATORS
        self.weights = {}
        for item in graph["parameters"]:
            tensor = read(values, item).to(device)
            tensor.requires_grad_(item["trained"] and graph["kind"] in ("step", "gradients"))
            self.weights[item["tensor"]] = tensor

    def trained(self):
        return [tensor for tensor in self.weights.values() if tensor.requires_grad]

    def forward(self, inputs):
        found = dict(self.weights)
        for item in self.graph["inputs"]:
            found[item["tensor"]] = inputs[item["name"]]
        for node in self.graph["nodes"]:
            given = [found[k] for k in node["inputs"]]
            results = self.operators[node["operator"]](given, node["attributes"])
            if isinstance(results, torch.Tensor):
                results = (results,)
            found.update(zip(node["outputs"], results))
        return {item["name"]: found[item["tensor"]] for item in self.graph["outputs"]}


def read(values, item):
    shape = item["shape"]
    return torch.frombuffer(values, dtype=torch.float32, offset=4 * item["offset"], count=math.prod(shape)).clone().reshape(shape)


class Peer:
    def __init__(self, device):
        self.cudnn = device.startswith("cudnn")
        self.tf32 = device == "cudnn-tf32"
        self.device = "cuda" if self.cudnn else device.split("-")[0]
        self.compiles = device.endswith("-compile")
        self.run_once = None
        self.run_resident = None
        if device == "cuda-fp32":
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False

    def load(self):
        if self.device == "cuda" and not torch.cuda.is_available():
            raise RuntimeError(f"PyTorch {torch.__version__} sees no CUDA device")
        if self.cudnn and not torch.backends.cudnn.is_available():
            raise RuntimeError(f"PyTorch {torch.__version__} has no cuDNN")
        on = torch.cuda.get_device_name() if self.device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
        how = ", torch.compile" if self.compiles else "" if torch.backends.cudnn.allow_tf32 else ", no TensorFloat-32"
        if self.cudnn:
            how = f", cuDNN {torch.backends.cudnn.version()} with{'' if self.tf32 else 'out'} TensorFloat-32"
        return {"version": torch.__version__, "description": f"PyTorch {torch.__version__}, {on}{how}"}

    def prepare(self, folder):
        with open(os.path.join(folder, "graph.json")) as file:
            graph = json.load(file)
        with open(os.path.join(folder, "values.f32"), "rb") as file:
            values = bytearray(file.read())
        before = self.peak()
        net = Net(graph, values, self.device)
        forward = torch.compile(net) if self.compiles else net
        host = {item["name"]: read(values, item) for item in graph["inputs"]}
        if self.cudnn:
            forward = self.only_convolutions(graph, net)
        make = {"step": self.step, "gradients": self.gradients}.get(graph["kind"], self.forward)
        results, self.run_once, self.run_resident = make(graph, net, forward, host)
        flat = [(name, array.array("f", tensor.detach().cpu().reshape(-1).tolist())) for name, tensor in results.items()]
        with open(os.path.join(folder, "results.f32"), "wb") as file:
            for _, numbers in flat:
                numbers.tofile(file)
        held = self.peak() - (0 if self.device == "cuda" else before)
        return {"lengths": [[name, len(numbers)] for name, numbers in flat], "heldBytes": held}

    def peak(self):
        """Bytes: on a card the allocator's own peak, on the CPU that of the process, with what oneDNN takes for itself."""
        if self.device == "cuda":
            return torch.cuda.max_memory_allocated()
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def only_convolutions(self, graph, net):
        """The net with cuDNN's convolution in the place of PyTorch's; where something else does the work, an error."""
        if graph["kind"] not in ("layer", "gradients"):
            raise TypeError("cuDNN is compared by convolutions alone")
        if graph["kind"] == "gradients":
            return None
        net.operators = {**OPERATORS, "conv2d": lambda given, a: convolution_pass("forward", self.tf32, *given, None, a)}
        return net

    def upload(self, host):
        return {name: tensor.to(self.device) for name, tensor in host.items()}

    def forward(self, graph, net, forward, host):
        resident = self.upload(host)

        def compute(inputs):
            with torch.no_grad():
                return forward(inputs)

        def run(names):
            outputs = compute(self.upload(host))
            return {name: outputs[name].cpu() for name in names}

        names = [item["name"] for item in graph["outputs"] if item["name"] != "rows"]
        return run(names), lambda: run(graph["timed"]), {"run": lambda: compute(resident)}

    def gradients(self, graph, net, forward, host):
        (weight,) = net.trained()
        resident = self.upload(host)

        def alone(name, inputs):
            attributes = graph["nodes"][0]["attributes"]
            return convolution_pass(name, self.tf32, inputs["x"], weight.detach(), inputs["g"], attributes)

        def compute(inputs):
            if self.cudnn:
                return {name: alone(of, inputs) for name, of in zip(("y", "dX", "dW"), PASSES)}
            x = inputs["x"].detach().requires_grad_(True)
            y = forward({**inputs, "x": x})["y"]
            dx, dw = torch.autograd.grad(y, (x, weight), inputs["g"])
            return {"y": y, "dX": dx, "dW": dw}

        run = lambda: compute(self.upload(host))
        passes = {name: lambda name=name: alone(name, resident) for name in PASSES}
        on_device = passes if self.cudnn else {"run": lambda: compute(resident)}
        return run(), lambda: [tensor[0, :1].cpu() for tensor in run().values()], on_device

    def step(self, graph, net, forward, host):
        adam = graph["adam"]
        optimizer = torch.optim.Adam(net.trained(), lr=adam["rate"], betas=tuple(adam["betas"]), eps=adam["eps"])
        resident = self.upload(host)

        def compute(inputs):
            optimizer.zero_grad(set_to_none=True)
            loss = forward(inputs)["loss"]
            loss.backward()
            if adam["clamp"] is not None:
                torch.nn.utils.clip_grad_value_(net.trained(), adam["clamp"])
            optimizer.step()
            return loss.detach()

        run = lambda: compute(self.upload(host)).item()
        losses = [run() for _ in range(adam["steps"])]
        return {"losses": torch.tensor(losses)}, run, {"run": lambda: compute(resident)}

    def run(self):
        self.run_once()
        if self.device == "cuda":
            torch.cuda.synchronize()
        return {}

    def device_seconds(self):
        """By CUDA events around several runs."""
        if self.device != "cuda":
            return {}
        return {"seconds": {name: seconds_on_card(run) for name, run in self.run_resident.items()}}

    def ceilings(self):
        if self.device != "cuda":
            raise RuntimeError("PyTorch's ceilings are those of a card")
        n = 8192
        a, b = torch.randn(n, n, device="cuda"), torch.randn(n, n, device="cuda")
        source = torch.empty(2**30, dtype=torch.uint8, device="cuda")
        target = torch.empty_like(source)
        product = seconds_on_card(lambda: torch.matmul(a, b))
        return {"compute": 2 * n**3 / product, "bandwidth": 2 * 2**30 / seconds_on_card(lambda: target.copy_(source))}

    def release(self):
        self.run_once = self.run_resident = None
        if self.device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        return {}


def seconds_on_card(run):
    """Of one run, several between two events; the first does not count."""
    run()
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)

    def timed(times):
        begin.record()
        for _ in range(times):
            run()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3

    once = timed(1)
    times = max(BACK_TO_BACK, min(32, math.ceil(SAMPLE_SECONDS / max(once, 1e-6))))
    return timed(times) / times


def main():
    peer = Peer(sys.argv[1])
    for line in sys.stdin:
        request = json.loads(line)
        name = request.pop("ask")
        try:
            answer = getattr(peer, name)(**request)
        except Exception as error:  # Whatever it is, it is this peer's result.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
