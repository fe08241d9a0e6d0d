"""A convolution and its two gradients, each alone, by cuDNN where the tensors lie on a card; on the CPU by what PyTorch has there."""
import torch

PASSES = ("forward", "inputGradient", "weightGradient")


def why_not():
    """Why cuDNN cannot be measured here, or None."""
    if not torch.cuda.is_available():
        return f"PyTorch {torch.__version__} sees no CUDA device"
    if not torch.backends.cudnn.is_available():
        return f"PyTorch {torch.__version__} has no cuDNN"
    return None


def precision(tf32):
    """Within it cuDNN tries its algorithms and keeps the fastest, with or without TensorFloat-32."""
    return torch.backends.cudnn.flags(enabled=True, benchmark=True, deterministic=False, allow_tf32=tf32)


class Convolution:
    """`x` [n, c, h, w], `weight` [oc, c / groups, kh, kw], `shape` with stride, padding (top, left, bottom, right), dilation, groups."""

    def __init__(self, x, weight, gradient, shape):
        top, left, bottom, right = shape["padding"]
        if (top, left) != (bottom, right):
            raise ValueError(f"padding {shape['padding']} is not the same on both sides")
        self.x, self.weight, self.gradient = x, weight, gradient
        self.stride, self.padding, self.dilation = list(shape["stride"]), [top, left], list(shape["dilation"])
        self.groups = shape["groups"]

    def run(self, name, tf32=False):
        """One of PASSES, as a tensor."""
        with precision(tf32):
            if name == "forward":
                return self._forward(tf32)
            return self._backward(name == "inputGradient")

    def _forward(self, tf32):
        if not self.x.is_cuda:
            return torch.conv2d(self.x, self.weight, None, self.stride, self.padding, self.dilation, self.groups)
        return torch.cudnn_convolution(
            self.x, self.weight, self.padding, self.stride, self.dilation, self.groups, True, False, tf32
        )

    def _backward(self, of_input):
        mask = [of_input, not of_input, False]
        dx, dw, _ = torch.ops.aten.convolution_backward(
            self.gradient, self.x, self.weight, None, self.stride, self.padding, self.dilation, False, [0, 0], self.groups, mask
        )
        return dx if of_input else dw
