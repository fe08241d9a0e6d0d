"""fixtures/golden/ops/overlap_losses.json: PyTorch's values and gradients of Dice and Tversky losses on class indices.

    python make_overlap_losses.py > ../../../fixtures/golden/ops/overlap_losses.json        (PyTorch 2.5, CPU)

The formulas stand here as MONAI's DiceLoss, TverskyLoss and nnU-Net's soft Dice with a mask have them. Logits are
float32 numbers [2, 4, 5, 6], classes [2, 5, 6] with 255 where a pixel does not count; class 3 is nowhere in the second
image. Computed in float64, kept to 9 digits.
"""

import json

import torch
import torch.nn.functional as F

CLASSES, IGNORED = 4, 255
k = torch.arange(2 * CLASSES * 5 * 6)
logits = (4 * torch.sin(k * 1.37 + 0.003 * k * k)).float().reshape(2, CLASSES, 5, 6)
pixel = torch.arange(2 * 5 * 6).reshape(2, 5, 6)
full = pixel * 7 // 3 % torch.tensor([CLASSES, CLASSES - 1]).reshape(2, 1, 1)
holes = torch.where(pixel % 6 == 2, IGNORED, full)

cases = []


def digits(t):
    return [float(f"{v:.9g}") for v in t.detach().double().flatten().tolist()]


def case(name, fn, labels=holes):
    x = logits.double().requires_grad_(True)
    y = fn(x, labels)
    y.backward()
    cases.append({"case": name, "labels": labels.flatten().tolist(), "y": digits(y), "d": digits(x.grad)})


def sums(x, t, squared, batch, background):
    """I, the sum of predictions (or their squares) and of pixels of the class: [N, C], or [C] over the batch."""
    counts = (t != IGNORED)[:, None]
    p = F.softmax(x, 1)
    truth = F.one_hot(torch.where(t == IGNORED, 0, t), CLASSES).movedim(-1, 1)
    axes = (0, 2, 3) if batch else (2, 3)
    found = [(v * counts).sum(axes) for v in (p * truth, p**2 if squared else p, truth)]
    return found if background else [v[..., 1:] for v in found]


def dice(x, t, smooth=1e-5, squared=False, batch=False, background=True):
    hit, predicted, there = sums(x, t, squared, batch, background)
    return (1 - (2 * hit + smooth) / (predicted + there + smooth)).mean()


def tversky(x, t, alpha, beta, smooth=1e-5, batch=False):
    hit, predicted, there = sums(x, t, False, batch, True)
    return (1 - (hit + smooth) / (hit + alpha * (predicted - hit) + beta * (there - hit) + smooth)).mean()


case("classDiceLoss", dice)
case("classDiceLoss smooth", lambda x, t: dice(x, t, smooth=2))
case("classDiceLoss batch without background", lambda x, t: dice(x, t, batch=True, background=False))
case("classDiceLoss squared", lambda x, t: dice(x, t, squared=True))
case("classDiceLoss squared batch", lambda x, t: dice(x, t, squared=True, batch=True))
case("classDiceLoss without background", lambda x, t: dice(x, t, background=False), full)
case("tverskyLoss", lambda x, t: tversky(x, t, 0.3, 0.7, 1))
case("tverskyLoss batch", lambda x, t: tversky(x, t, 0.8, 0.4, batch=True))
case("nnU-Net", lambda x, t: dice(x, t, batch=True, background=False) + F.cross_entropy(x, t, ignore_index=IGNORED))

print(json.dumps({"shape": list(logits.shape), "logits": digits(logits), "cases": cases}))
