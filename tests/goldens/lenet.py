"""Twenty steps of SGD on LeNet, in float64.

28x28x1 - conv 6 5x5 - relu - pool - conv 16 5x5 valid - relu - pool - (fc {120,84} - relu)^2, softmax 10
"""

import numpy as np
import torch
import torch.nn.functional as F

from ops import channels_first, channels_last

STEPS, BATCH = 20, 8
LEARNING_RATE, MOMENTUM, DECAY = 0.05, 0.9, 5e-4

# Filters K, R, S, C and weights of K rows, as the graph has them.
SHAPES = {
    "conv1.filter": (6, 5, 5, 1),
    "conv1.bias": (6,),
    "conv2.filter": (16, 5, 5, 6),
    "conv2.bias": (16,),
    "fc1.weight": (120, 400),
    "fc1.bias": (120,),
    "fc2.weight": (84, 120),
    "fc2.bias": (84,),
    "fc3.weight": (10, 84),
    "fc3.bias": (10,),
}


def start(random, shape):
    """He's normal numbers, biases small but not zero; multiples of 2^-10, which float32 holds exactly."""
    deviation = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.05
    return np.round(random.standard_normal(shape) * deviation * 1024) / 1024


def pictures(random):
    """A bright bar on noise; its place tells the class, except for a share of wrong labels that keeps the loss from
    vanishing. Grey levels 0..255, which stand for multiples of 1/256."""
    labels = random.integers(0, 10, (STEPS, BATCH))
    wrong = random.random(labels.shape) < 0.4
    images = random.integers(0, 64, (STEPS, BATCH, 28, 28, 1))
    for place in np.ndindex(labels.shape):
        row = 2 + 5 * (labels[place] % 5)
        column = 3 + 12 * (labels[place] // 5)
        images[place][row : row + 4, column : column + 10] += 160
    labels = np.where(wrong, random.integers(0, 10, labels.shape), labels)
    return images.astype(np.uint8), labels.astype(np.uint8)


def loss(p, images, labels):
    x = channels_first(images)
    x = F.conv2d(x, channels_first(p["conv1.filter"]), p["conv1.bias"], padding=2)
    x = F.max_pool2d(F.relu(x), 2)
    x = F.conv2d(x, channels_first(p["conv2.filter"]), p["conv2.bias"])
    x = F.max_pool2d(F.relu(x), 2)
    x = channels_last(x).flatten(1)  # in the order H, W, C
    x = F.relu(F.linear(x, p["fc1.weight"], p["fc1.bias"]))
    x = F.relu(F.linear(x, p["fc2.weight"], p["fc2.bias"]))
    return F.cross_entropy(F.linear(x, p["fc3.weight"], p["fc3.bias"]), labels)


def trajectory():
    random = np.random.default_rng(20)
    first = {name: start(random, shape) for name, shape in SHAPES.items()}
    images, labels = pictures(random)
    p = {name: torch.tensor(x, requires_grad=True) for name, x in first.items()}
    optimizer = torch.optim.SGD(p.values(), lr=LEARNING_RATE, momentum=MOMENTUM, weight_decay=DECAY)
    losses = []
    for x, y in zip(images, labels):
        optimizer.zero_grad()
        value = loss(p, torch.tensor(x / 256), torch.tensor(y.astype(np.int64)))
        value.backward()
        optimizer.step()
        losses.append(value.item())
    stored = {name: x.astype(np.float32) for name, x in first.items()}
    stored |= {"images": images, "labels": labels, "losses": np.array(losses)}
    # The large matrices are left out of the last values: whatever went wrong in them shows in all others.
    last = {f"{name}.last": w.detach().numpy() for name, w in p.items() if w.numel() < 5000}
    return stored | {name: np.ascontiguousarray(w) for name, w in last.items()}
