"""Checks torch_infnet.py against the goldens, on the CPU or a card: python3 torch_check.py GOLDEN_FOLDER [--device cuda].

Parameter count, state-dict keys, output shapes; with the recipe's weights the eval outputs at 64, 96 and 352 pixels where
those goldens are, and the losses of ten training steps with batch norm in eval mode.
"""
import argparse
import json
import os
import sys

import numpy as np
import torch

import recipe
from torch_infnet import PARAMETERS, InfNet, training_step

OUTPUTS = ("lateral_map_5", "lateral_map_4", "lateral_map_3", "lateral_map_2", "lateral_edge")
FORWARD_TOLERANCE = 2e-5
GAIN = 0.72


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] not in ("F32", "F64", "U8"):
            continue
        begin, end = entry["data_offsets"]
        dtype = {"F32": "<f4", "F64": "<f8", "U8": "u1"}[entry["dtype"]]
        tensors[name] = np.frombuffer(data[begin:end], dtype).reshape(entry["shape"])
    return tensors


def fill_net(net):
    shapes = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    values = recipe.parameters(shapes, GAIN)
    net.load_state_dict({name: torch.from_numpy(value) for name, value in values.items()}, strict=False)


class Checks:
    def __init__(self):
        self.failed = 0

    def check(self, what, ok, figure=""):
        self.failed += not ok
        print(f"{'ok   ' if ok else 'WRONG'} {what} {figure}", flush=True)


def check_structure(net, golden, checks):
    count = sum(p.numel() for p in net.parameters())
    checks.check("parameter count", count == PARAMETERS, f"{count}")
    shapes = {name: list(value.shape) for name, value in net.state_dict().items()}
    known = os.path.join(golden, "nets", "inf_net_res2net_1x3x64x64.json")
    if os.path.exists(known):
        with open(known) as file:
            expected = json.load(file)["params"]
        differ = sorted(set(shapes) ^ set(expected)) + [n for n in shapes if expected.get(n, shapes[n]) != shapes[n]]
        checks.check("state-dict keys and shapes", not differ, f"{len(shapes)} entries {differ[:4]}")


def check_forward(net, golden, device, checks):
    for shape in ((1, 3, 64, 64), (2, 3, 96, 96), (1, 3, 352, 352)):
        name = "inf_net_res2net_" + "x".join(map(str, shape))
        path = os.path.join(golden, "nets", name + ".safetensors")
        if not os.path.exists(path):
            print(f"      {name}: no golden here")
            continue
        expected = read_safetensors(path)
        with torch.no_grad():
            maps = net(torch.from_numpy(recipe.image("input", shape)).to(device))
        for output, value in zip(OUTPUTS, maps):
            reference = expected[output].astype(np.float64)
            error = np.linalg.norm(value.cpu().numpy() - reference) / np.linalg.norm(reference)
            same = tuple(value.shape) == reference.shape
            checks.check(f"{name} {output}", same and error < FORWARD_TOLERANCE, f"{tuple(value.shape)} rel. L2 {error:.2e}")


def check_training(golden, device, checks):
    path = os.path.join(golden, "train", "inf_net_frozen_bn_10steps.json")
    if not os.path.exists(path):
        print("      training: no golden here")
        return
    with open(path) as file:
        expected = json.load(file)
    discs = expected["discs_2cy_2cx_r2"]
    masks = np.stack([recipe.disc_mask(d, 96, 96) for d in discs])
    edges = np.stack([recipe.edge_map(m) for m in masks])
    to = lambda array: torch.from_numpy(array).to(device)
    image = to(recipe.image(expected["input"]["name"], (len(discs), 3, 96, 96)))
    mask, edge = to(masks[:, None]), to(edges[:, None])
    net = InfNet()
    fill_net(net)
    net.to(device).eval()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
    for i, row in enumerate(expected["losses_f32"]):
        loss = training_step(net, optimizer, image, mask, edge).item()
        error = abs(loss - row[-1]) / row[-1]
        checks.check(f"training step {i + 1}", error < (1e-5 if i == 0 else 5e-3), f"loss {loss:.6f}, off by {error:.1e}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("golden")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    # The goldens are float32; TensorFloat-32 is a thousand times coarser.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    checks = Checks()
    net = InfNet()
    fill_net(net)
    net.to(options.device).eval()
    check_structure(net, options.golden, checks)
    check_forward(net, options.golden, options.device, checks)
    check_training(options.golden, options.device, checks)
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
