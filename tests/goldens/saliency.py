"""What `saliency` must give of a class's score on the first digits, by the raw pixels, in float64: its gradient; guided
backpropagation (Springenberg et al. 2014: a rectifier passes back what is positive, where its input was); integrated gradients
(Sundararajan et al. 2017: from a black picture, 50 steps of Gauss and Legendre); Grad-CAM (Selvaraju et al. 2016: of the last
maps, those of the tanh, and of the first rectifier's, enlarged bilinearly between the middles of pixels).

8x8x1 - conv 4 3x3 - relu - pool - conv 6 3x3 valid - tanh - fc 12 - relu, softmax 10
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from lenet import start
from ops import channels_first, channels_last

DIGITS = Path(__file__).parents[2] / "data/assets/digits.safetensors"
COUNT, CLASSES, WHITE = 24, 10, 16
# What pictures are standardised by; float32 holds it exactly.
MEAN, DEVIATION = 0.3125, 0.375

# Filters K, R, S, C and weights of K rows, as the graph has them.
SHAPES = {
    "conv1.filter": (4, 3, 3, 1),
    "conv1.bias": (4,),
    "conv2.filter": (6, 3, 3, 4),
    "conv2.bias": (6,),
    "fc1.weight": (12, 24),
    "fc1.bias": (12,),
    "fc2.weight": (10, 12),
    "fc2.bias": (10,),
}


def digits():
    """The first pictures of the file, grey values 0..16."""
    data = DIGITS.read_bytes()
    length = int.from_bytes(data[:8], "little")
    info = json.loads(data[8 : 8 + length])["images"]
    begin, end = info["data_offsets"]
    values = np.frombuffer(data[8 + length :][begin:end], np.uint8)
    return values.reshape(info["shape"])[:COUNT].reshape(COUNT, 8, 8)


class Guided(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(context, back):
        (x,) = context.saved_tensors
        return back.clamp(min=0) * (x > 0)


def scores(p, raw):
    return scores_and_maps(p, raw)[0]


def scores_and_maps(p, raw, relu=F.relu):
    """The scores, and the maps of each layer that Grad-CAM weighs."""
    x = channels_first((raw - MEAN) / DEVIATION)
    first = relu(F.conv2d(x, channels_first(p["conv1.filter"]), p["conv1.bias"], padding=1))
    x = F.max_pool2d(first, 2)
    maps = torch.tanh(F.conv2d(x, channels_first(p["conv2.filter"]), p["conv2.bias"]))
    x = channels_last(maps).flatten(1)  # in the order H, W, C
    x = relu(F.linear(x, p["fc1.weight"], p["fc1.bias"]))
    return F.linear(x, p["fc2.weight"], p["fc2.bias"]), {"relu1": first, "tanh1": maps}


def gradients(p, raw, classes, relu=F.relu):
    raw = raw.clone().requires_grad_()
    value, _ = scores_and_maps(p, raw, relu)
    value[torch.arange(len(raw)), classes].sum().backward()
    return raw.grad


def integrated(p, raw, classes, steps=50):
    places, weights = np.polynomial.legendre.leggauss(steps)
    mean = sum(w / 2 * gradients(p, raw * (1 + x) / 2, classes) for x, w in zip(places, weights))
    return raw * mean


def gradcam(p, raw, classes, layer="tanh1"):
    value, maps = scores_and_maps(p, raw)
    maps = maps[layer]
    (by,) = torch.autograd.grad(value[torch.arange(len(raw)), classes].sum(), maps)
    map = (maps * by.mean((2, 3), keepdim=True)).sum(1, keepdim=True).clamp(min=0)
    return F.interpolate(map, raw.shape[1:3], mode="bilinear", align_corners=False)[:, 0].detach()


def cases():
    """The weights, the pictures (bytes), for each a class and what each map is, and what they are standardised by."""
    random = np.random.default_rng(1312)
    first = {name: start(random, shape) for name, shape in SHAPES.items()}
    pictures = digits()
    classes = np.arange(COUNT) * 3 % CLASSES
    raw = torch.tensor(pictures[..., None] / WHITE)
    p = {name: torch.tensor(x, requires_grad=True) for name, x in first.items()}
    of = torch.tensor(classes)
    maps = {"gradients": gradients(p, raw, of), "guided": gradients(p, raw, of, Guided.apply)}
    maps |= {"integrated": integrated(p, raw, of), "gradcam": gradcam(p, raw, of)}
    maps |= {"gradcam.relu1": gradcam(p, raw, of, "relu1")}
    stored = {name: x.astype(np.float32) for name, x in first.items()}
    stored |= {"pictures": pictures, "classes": classes.astype(np.uint8)}
    stored |= {name: map.detach().numpy() for name, map in maps.items()}
    return stored | {"standardisation": np.array([MEAN, DEVIATION], np.float32)}
