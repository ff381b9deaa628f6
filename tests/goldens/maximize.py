"""What `maximize` must give: the first digit, changed so that units of the net of `saliency.py` are excited more, in float64.
Steps go along the gradient, brought to a quadratic mean of 1 where it is not 0, and shrink to 0; values stay in 0..1."""

import numpy as np
import torch
import torch.nn.functional as F

from lenet import start
from ops import channels_first, channels_last
from saliency import DEVIATION, MEAN, SHAPES, WHITE, digits, scores

STEPS, RATE, LEAK = 6, 0.05, 0.01
CLASSES, MAPS = [7, 2], [0, 3, 5]
# How much of each there is.
POWER, TV, DECAY, SIGMA, EVERY, SMALL = 1, 0.1, 0.5, 0.6, 2, 5


def layer(p, raw):
    """The second convolution."""
    x = channels_first((raw - MEAN) / DEVIATION)
    x = F.max_pool2d(F.relu(F.conv2d(x, channels_first(p["conv1.filter"]), p["conv1.bias"], padding=1)), 2)
    return channels_last(F.conv2d(x, channels_first(p["conv2.filter"]), p["conv2.bias"]))


def size(x):
    return (x.pow(2).sum((1, 2, 3), keepdim=True) / (x != 0).sum((1, 2, 3), keepdim=True)).sqrt()


def weaker(x):
    """Frequencies divided by themselves; the mean counts as the lowest."""
    height, width = x.shape[1:3]
    f = torch.hypot(torch.fft.fftfreq(height, dtype=x.dtype)[:, None], torch.fft.fftfreq(width, dtype=x.dtype)[None])
    falls = f.clamp(min=1 / max(height, width)) ** -POWER
    return torch.fft.ifft2(torch.fft.fft2(x, dim=(1, 2)) * falls[..., None], dim=(1, 2)).real


def variation(x):
    """Total variation of each channel; differences to the right and down, none beyond the sides."""
    across = F.pad(x[:, :, 1:] - x[:, :, :-1], (0, 0, 0, 1))
    down = F.pad(x[:, 1:] - x[:, :-1], (0, 0, 0, 0, 0, 1))
    return (across**2 + down**2 + 0.01**2).sqrt().sum()


def blurred(x):
    reach = int(np.ceil(3 * SIGMA))
    bell = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, dtype=x.dtype) / SIGMA) ** 2)
    bell = (bell / bell.sum()).view(1, 1, 1, -1)
    x = F.pad(channels_first(x), (reach,) * 4, mode="replicate")
    return channels_last(F.conv2d(F.conv2d(x, bell), bell.transpose(2, 3)))


def resized(x, side):
    return channels_last(F.interpolate(channels_first(x), (side, side), mode="bilinear", align_corners=False))


def climb(value, first, sides=(8,), fourier=False, tv=0, decay=0, blur=False):
    """`value` gives for pictures how much each excites its unit."""
    x, curve = first, []
    for number, side in enumerate(sides):
        x = resized(x, side)
        for step in range(STEPS * number // len(sides), STEPS * (number + 1) // len(sides)):
            x = x.detach().requires_grad_()
            values = value(resized(x, 8))
            curve.append(values.detach())
            (way,) = torch.autograd.grad(values.sum(), x)
            way = weaker(way) if fourier else way
            way = way / size(way)
            (rough,) = torch.autograd.grad(variation(x), x)
            way = way - tv * rough - decay * (x - MEAN)
            x = (x + RATE * (1 - step / STEPS) * way).clamp(0, 1).detach()
            if blur and (step + 1) % EVERY == 0 and step + 1 < STEPS:
                x = blurred(x)
    curve.append(value(x))
    return x, torch.stack(curve)


def cases():
    random = np.random.default_rng(1312)
    p = {name: torch.tensor(start(random, shape).astype(np.float32).astype(np.float64)) for name, shape in SHAPES.items()}
    first = torch.tensor(digits()[:1, ..., None] / WHITE)
    of = lambda units, all: all[torch.arange(len(units)), ..., torch.tensor(units)]
    of_class = lambda x: of(CLASSES, scores(p, x))
    ways = {
        "class": (of_class, len(CLASSES), {}),
        "mean": (lambda x: of(MAPS, F.leaky_relu(layer(p, x), LEAK)).mean((1, 2)), len(MAPS), {}),
        "middle": (lambda x: of(MAPS, layer(p, x))[:, 1, 1], len(MAPS), {}),
        "fourier": (of_class, len(CLASSES), {"fourier": True}),
        "tv": (of_class, len(CLASSES), {"tv": TV}),
        "decay": (of_class, len(CLASSES), {"decay": DECAY}),
        "blur": (of_class, len(CLASSES), {"blur": True}),
        "octaves": (of_class, len(CLASSES), {"sides": (SMALL, 8)}),
    }
    stored = {}
    for name, (value, count, bounds) in ways.items():
        x, curve = climb(value, first.repeat(count, 1, 1, 1), **bounds)
        stored |= {name: x.numpy(), f"{name}.curve": curve.detach().numpy()}
    return stored
