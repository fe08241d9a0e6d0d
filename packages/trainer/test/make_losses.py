"""fixtures/golden/ops/losses.json: PyTorch's values and gradients of losses on class indices, in float64.

    python make_losses.py > ../../../fixtures/golden/ops/losses.json        (PyTorch 2.5, CPU)

Logits are float32 numbers [2, 5, 6, 7], classes [2, 6, 7] with 255 where a pixel does not count. Results are kept to 9
digits.
"""

import json

import torch
import torch.nn.functional as F

CLASSES, IGNORED = 5, 255
k = torch.arange(2 * CLASSES * 6 * 7)
logits = (6 * torch.sin(k * 1.37 + 0.001 * k * k)).float().reshape(2, CLASSES, 6, 7)
pixel = torch.arange(2 * 6 * 7)
full = (pixel * 7 // 3 % CLASSES).reshape(2, 6, 7)
holes = torch.where(pixel.reshape(2, 6, 7) % 6 == 2, IGNORED, full)
WEIGHTS = [0.25, 1.0, 2.0, 0.0, 3.5]

cases = []


def digits(t):
    return [float(f"{v:.9g}") for v in t.detach().double().flatten().tolist()]


def case(name, fn, labels=holes):
    x = logits.double().requires_grad_(True)
    y = fn(x, labels)
    g = torch.linspace(0.5, 2, y.numel()).reshape(y.shape).float()
    y.backward(g.double())
    cases.append({"case": name, "labels": labels.flatten().tolist(), "g": digits(g), "shape": list(y.shape), "y": digits(y), "d": digits(x.grad)})


weights = torch.tensor(WEIGHTS, dtype=torch.float64)
for reduction in ["mean", "sum", "none"]:
    for name, options in {
        "": {},
        " weighted": {"weight": weights},
        " smoothed": {"label_smoothing": 0.1},
        " weighted smoothed": {"weight": weights, "label_smoothing": 0.3},
    }.items():
        case(f"crossEntropy {reduction}{name}", lambda x, t: F.cross_entropy(x, t, ignore_index=IGNORED, reduction=reduction, **options))


def focal(x, t, gamma, weight=None, reduction="mean"):
    """w_t (1 - p_t)^gamma (-log p_t), Lin et al. 2017; the mean over the pixels that count."""
    counts = t != IGNORED
    target = torch.where(counts, t, 0)
    log_p = F.log_softmax(x, 1).gather(1, target[:, None])[:, 0]
    loss = -((1 - log_p.exp()) ** gamma) * log_p * counts
    if weight is not None:
        loss = loss * weight[target]
    return {"mean": loss.sum() / counts.sum(), "sum": loss.sum(), "none": loss}[reduction]


case("focalLoss", lambda x, t: focal(x, t, 2))
case("focalLoss 0.5 weighted", lambda x, t: focal(x, t, 0.5, weights))
case("focalLoss 3.5 none", lambda x, t: focal(x, t, 3.5, None, "none"))
case("focalLoss 1 sum", lambda x, t: focal(x, t, 1, weights, "sum"), full)

print(json.dumps({"shape": list(logits.shape), "logits": digits(logits), "weights": WEIGHTS, "cases": cases}))
