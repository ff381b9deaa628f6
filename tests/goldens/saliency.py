"""What `saliency` must give: the gradient of a class's score by the raw pixels of the first digits, in float64.

8x8x1 - conv 4 3x3 - relu - pool - conv 6 3x3 valid - tanh - fc 12 - relu, softmax 10
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from lenet import start
from ops import channels_first, channels_last

DIGITS = Path(__file__).parents[2] / "train/data/digits.safetensors"
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


def scores(p, raw):
    x = channels_first((raw - MEAN) / DEVIATION)
    x = F.max_pool2d(F.relu(F.conv2d(x, channels_first(p["conv1.filter"]), p["conv1.bias"], padding=1)), 2)
    x = torch.tanh(F.conv2d(x, channels_first(p["conv2.filter"]), p["conv2.bias"]))
    x = channels_last(x).flatten(1)  # in the order H, W, C
    x = F.relu(F.linear(x, p["fc1.weight"], p["fc1.bias"]))
    return F.linear(x, p["fc2.weight"], p["fc2.bias"])


def cases():
    """The weights, the pictures (bytes), for each a class and the gradient of its score, and what they are standardised by."""
    random = np.random.default_rng(1312)
    first = {name: start(random, shape) for name, shape in SHAPES.items()}
    pictures = digits()
    classes = np.arange(COUNT) * 3 % CLASSES
    raw = torch.tensor(pictures[..., None] / WHITE, requires_grad=True)
    value = scores({name: torch.tensor(x) for name, x in first.items()}, raw)
    value[torch.arange(COUNT), torch.tensor(classes)].sum().backward()
    stored = {name: x.astype(np.float32) for name, x in first.items()}
    stored |= {"pictures": pictures, "classes": classes.astype(np.uint8), "gradients": raw.grad.numpy()}
    return stored | {"standardisation": np.array([MEAN, DEVIATION], np.float32)}
