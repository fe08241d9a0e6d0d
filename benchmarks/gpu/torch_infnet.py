"""Inf-Net with a Res2Net-50 backbone in plain PyTorch: the yardstick of benchmarks/gpu.

Written from the paper (Fan et al., IEEE TMI 2020, arXiv 2004.14133), the Res2Net paper (arXiv 1904.01169), the layer shapes of
@infnet/inf-net and the notes on the goldens. Module names give the reference's state-dict keys, so that torch_check.py
can fill the net by the goldens' recipe and compare its outputs with the recorded ones.
"""
import torch
import torch.nn.functional as F
from torch import nn

PARAMETERS = 33_121_721
BLOCKS = (3, 4, 6, 3)
PLANES = (64, 128, 256, 512)
SCALE = 4


class ConvBN(nn.Module):
    """Convolution without bias, then batch norm, no ReLU."""

    def __init__(self, inputs, outputs, kernel, padding=0, dilation=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=padding, dilation=dilation, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.bn(self.conv(x))


class Res2NetBlock(nn.Module):
    """Bottleneck whose 3x3 convolution is a ladder over four channel ranges."""

    def __init__(self, inputs, planes, stride, first):
        super().__init__()
        self.width = planes * 26 // 64
        self.first = first
        outputs = planes * 4
        self.conv1 = nn.Conv2d(inputs, self.width * SCALE, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(self.width * SCALE)
        self.convs = nn.ModuleList(
            nn.Conv2d(self.width, self.width, 3, stride=stride, padding=1, bias=False) for _ in range(SCALE - 1)
        )
        self.bns = nn.ModuleList(nn.BatchNorm2d(self.width) for _ in range(SCALE - 1))
        self.conv3 = nn.Conv2d(self.width * SCALE, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.pool = nn.AvgPool2d(3, stride=stride, padding=1) if first else nn.Identity()
        self.downsample = (
            nn.Sequential(
                nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )
            if first
            else nn.Identity()
        )

    def forward(self, x):
        parts = torch.split(F.relu(self.bn1(self.conv1(x))), self.width, dim=1)
        results = []
        for i, (conv, bn) in enumerate(zip(self.convs, self.bns)):
            step = parts[i] if self.first or i == 0 else results[-1] + parts[i]
            results.append(F.relu(bn(conv(step))))
        joined = torch.cat([*results, self.pool(parts[-1])], dim=1)
        return F.relu(self.bn3(self.conv3(joined)) + self.downsample(x))


class Res2Net50(nn.Module):
    """Feature maps with 256, 512, 1024, 2048 channels at strides 4, 8, 16, 32."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1, bias=False),
        )
        self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        for level, (count, planes) in enumerate(zip(BLOCKS, PLANES), start=1):
            blocks = []
            for i in range(count):
                stride = 2 if level > 1 and i == 0 else 1
                blocks.append(Res2NetBlock(inputs, planes, stride, first=i == 0))
                inputs = planes * 4
            setattr(self, f"layer{level}", nn.Sequential(*blocks))
        # The reference has this classifier, counts it, and never calls it.
        self.fc = nn.Linear(2048, 1000)

    def forward(self, image):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(image))), 3, stride=2, padding=1)
        maps = []
        for level in (1, 2, 3, 4):
            x = getattr(self, f"layer{level}")(x)
            maps.append(x)
        return maps


class ReceptiveField(nn.Module):
    """Four branches with windows of growing size, joined with a shortcut."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.branch0 = nn.Sequential(ConvBN(inputs, outputs, 1))
        for i, size in enumerate((3, 5, 7), start=1):
            half = size // 2
            branch = nn.Sequential(
                ConvBN(inputs, outputs, 1),
                ConvBN(outputs, outputs, (1, size), (0, half)),
                ConvBN(outputs, outputs, (size, 1), (half, 0)),
                ConvBN(outputs, outputs, 3, size, size),
            )
            setattr(self, f"branch{i}", branch)
        self.conv_cat = ConvBN(4 * outputs, outputs, 3, 1)
        self.conv_res = ConvBN(inputs, outputs, 1)

    def forward(self, x):
        seen = torch.cat([self.branch0(x), self.branch1(x), self.branch2(x), self.branch3(x)], dim=1)
        return F.relu(self.conv_cat(seen) + self.conv_res(x))


def enlarge(x):
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


class PartialDecoder(nn.Module):
    def __init__(self, n):
        super().__init__()
        for i, width in enumerate((n, n, n, n, 2 * n), start=1):
            setattr(self, f"conv_upsample{i}", ConvBN(width, width, 3, 1))
        self.conv_concat2 = ConvBN(2 * n, 2 * n, 3, 1)
        self.conv_concat3 = ConvBN(3 * n, 3 * n, 3, 1)
        self.conv4 = ConvBN(3 * n, 3 * n, 3, 1)
        self.conv5 = nn.Conv2d(3 * n, 1, 1)

    def forward(self, deep, middle, fine):
        up = enlarge(deep)
        middle2 = self.conv_upsample1(up) * middle
        fine2 = self.conv_upsample2(enlarge(up)) * self.conv_upsample3(enlarge(middle)) * fine
        joined2 = self.conv_concat2(torch.cat([middle2, self.conv_upsample4(up)], dim=1))
        joined3 = self.conv_concat3(torch.cat([fine2, self.conv_upsample5(enlarge(joined2))], dim=1))
        return self.conv5(self.conv4(joined3))


def resize(x, size):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class InfNet(nn.Module):
    """[N, 3, H, W] to the logits of maps 5, 4, 3, 2 and the edge, each [N, 1, H, W]; H and W multiples of 32."""

    def __init__(self, channels=32):
        super().__init__()
        self.resnet = Res2Net50()
        self.rfb2_1 = ReceptiveField(512, channels)
        self.rfb3_1 = ReceptiveField(1024, channels)
        self.rfb4_1 = ReceptiveField(2048, channels)
        self.ParDec = PartialDecoder(channels)
        self._branch(4, 2048, 256, depth=3, kernel=5, side=1)
        self._branch(3, 1024, 64, depth=2, kernel=3, side=3)
        self._branch(2, 512, 64, depth=2, kernel=3, side=3)
        self.edge_conv1 = ConvBN(256, 64, 1)
        self.edge_conv2 = ConvBN(64, 64, 3, 1)
        self.edge_conv3 = ConvBN(64, 64, 3, 1)
        self.edge_conv4 = ConvBN(64, 1, 3, 1)

    def _branch(self, level, inputs, hidden, depth, kernel, side):
        layers = [ConvBN(inputs, hidden, 1), ConvBN(hidden + 64, hidden, kernel, kernel // 2)]
        layers += [ConvBN(hidden, hidden, kernel, kernel // 2) for _ in range(depth - 1)]
        layers.append(ConvBN(hidden, 1, side, side // 2))
        for i, layer in enumerate(layers, start=1):
            setattr(self, f"ra{level}_conv{i}", layer)

    def _reverse(self, level, features, previous, guidance):
        size = features.shape[-2:]
        crop = resize(previous, size)
        last = 5 if level == 4 else 4
        layer = lambda i: getattr(self, f"ra{level}_conv{i}")
        x = layer(1)((1 - torch.sigmoid(crop)) * features)
        x = torch.cat([x, resize(guidance, size)], dim=1)
        for i in range(2, last):
            x = F.relu(layer(i)(x))
        return layer(last)(x) + crop

    def forward(self, image):
        full = image.shape[-2:]
        x1, x2, x3, x4 = self.resnet(image)
        guidance = self.edge_conv3(self.edge_conv2(self.edge_conv1(x1)))
        edge = self.edge_conv4(guidance)
        map5 = self.ParDec(self.rfb4_1(x4), self.rfb3_1(x3), self.rfb2_1(x2))
        map4 = self._reverse(4, x4, map5, guidance)
        map3 = self._reverse(3, x3, map4, guidance)
        map2 = self._reverse(2, x2, map3, guidance)
        return tuple(resize(m, full) for m in (map5, map4, map3, map2, edge))


def joint_loss(logits, mask):
    """Mean cross entropy plus the mean over images of the weighted IoU, as the released code computes it."""
    weight = 1 + 5 * torch.abs(F.avg_pool2d(mask, 31, stride=1, padding=15) - mask)
    entropy = F.binary_cross_entropy_with_logits(logits, mask)
    p = torch.sigmoid(logits)
    both = (p * mask * weight).sum(dim=(1, 2, 3))
    either = ((p + mask) * weight).sum(dim=(1, 2, 3)) - both
    return entropy + (1 - (both + 1) / (either + 1)).mean()


def inf_net_loss(maps, mask, edge):
    *lesions, edge_map = maps
    return F.binary_cross_entropy_with_logits(edge_map, edge) + sum(joint_loss(m, mask) for m in lesions)


def training_step(net, optimizer, image, mask, edge, clip=0.5):
    """Forward, loss, gradients, clamp, Adam. Returns the loss as a tensor, so that nothing waits for it."""
    optimizer.zero_grad(set_to_none=True)
    loss = inf_net_loss(net(image), mask, edge)
    loss.backward()
    torch.nn.utils.clip_grad_value_(net.parameters(), clip)
    optimizer.step()
    return loss.detach()
