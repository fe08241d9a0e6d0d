"""Peak memory of PyTorch's training step of Inf-Net: python3 torch_memory.py [batch] [size].

On a card the allocator's own peak; on the CPU the growth of the process's peak resident size over two steps, which includes what the
convolutions of oneDNN take for themselves. Parameters, gradients and Adam's moments count in both.
"""
import resource
import sys

import torch

from torch_infnet import InfNet, training_step

batch, size = (int(text) for text in (sys.argv[1:] + ["8", "352"])[:2])
on_card = torch.cuda.is_available()
device = "cuda" if on_card else "cpu"
image = torch.rand(batch, 3, size, size, device=device)
mask = (torch.rand(batch, 1, size, size, device=device) > 0.8).float()


def peak():
    return torch.cuda.max_memory_allocated() if on_card else 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


before = peak()
net = InfNet().to(device).train()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
for _ in range(2):
    training_step(net, optimizer, image, mask, mask)
print(f"{device}, PyTorch {torch.__version__}: {(peak() - before) / 1e6:.0f} MB for a step of {batch} x {size} x {size}")
