"""What `deconvnet` must carry back to the pixels of the first digits, in float64 (Zeiler and Fergus 2013): the largest value of
a map alone, what is not positive being no signal, through the filters transposed, max pooling undone at its switches, and
rectifiers. Of maps behind a rectifier and before one.

8x8x1 - conv 6 3x3 - relu - pool - conv 8 3x3 - relu - pool - conv 5 3x3, softmax 10
"""

import numpy as np
import torch
import torch.nn.functional as F

from lenet import start
from ops import channels_first, channels_last
from saliency import COUNT, DEVIATION, MEAN, WHITE, digits

SHAPES = {
    "conv1.filter": (6, 3, 3, 1),
    "conv1.bias": (6,),
    "conv2.filter": (8, 3, 3, 6),
    "conv2.bias": (8,),
    "conv3.filter": (5, 3, 3, 8),
    "conv3.bias": (5,),
    "fc1.weight": (10, 20),
    "fc1.bias": (10,),
}
# Which map of a layer is carried back.
MAPS = {"conv1": 2, "relu2": 3, "conv3": 1}


def alone(maps, map):
    """The largest value of a map `[N, C, H, W]`, where it is positive, and zero elsewhere."""
    of = maps[:, map].flatten(1)
    most, at = of.max(1)
    signal = torch.zeros_like(maps)
    signal[:, map].view(len(maps), -1)[torch.arange(len(maps)), at] = most.clamp(min=0)
    return signal, most


def carried(p, raw):
    """By layer, what comes back, `[N, H, W, 1]`, and the largest values."""
    filters = {number: channels_first(p[f"conv{number}.filter"]) for number in (1, 2, 3)}

    def conv(x, number):
        return F.conv2d(x, filters[number], p[f"conv{number}.bias"], padding=1)

    def back(x, number):
        return F.conv_transpose2d(x, filters[number], padding=1)

    x = channels_first((raw - MEAN) / DEVIATION)
    conv1 = conv(x, 1)
    pool1, switches1 = F.max_pool2d(F.relu(conv1), 2, return_indices=True)
    relu2 = F.relu(conv(pool1, 2))
    pool2, switches2 = F.max_pool2d(relu2, 2, return_indices=True)
    conv3 = conv(pool2, 3)

    def from_relu2(signal):
        return back(F.relu(F.max_unpool2d(back(F.relu(signal), 2), switches1, 2)), 1)

    def from_conv3(signal):
        return from_relu2(F.max_unpool2d(back(signal, 3), switches2, 2))

    ways = {"conv1": (conv1, lambda signal: back(signal, 1)), "relu2": (relu2, from_relu2), "conv3": (conv3, from_conv3)}
    found = {}
    for layer, (maps, way) in ways.items():
        signal, most = alone(maps, MAPS[layer])
        found |= {layer: channels_last(way(signal)).numpy(), f"{layer}.most": most.numpy()}
    return found


def cases():
    random = np.random.default_rng(1311)
    first = {name: start(random, shape).astype(np.float32) for name, shape in SHAPES.items()}
    pictures = digits()
    p = {name: torch.tensor(x.astype(np.float64)) for name, x in first.items()}
    stored = first | {"pictures": pictures, "standardisation": np.array([MEAN, DEVIATION], np.float32)}
    return stored | carried(p, torch.tensor(pictures[..., None] / WHITE))
