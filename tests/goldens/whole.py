"""Five steps of SGD of two whole nets, small but with all that the large ones are made of, in float64:

resnet18: 48x48x3 - conv 4 7x7/2 - bn - relu - pool 3x3/2 pad 1
    - (basic({4, 5, 6, 8}, {1, 2, 2, 2}) - basic({4, 5, 6, 8}))^4 - pool avg global, softmax 10
unet: 32x32x1 - ((conv {3, 4, 5, 6} - relu)^{2, 2, 2, 2} as e - pool)^4 - (conv 8 - relu)^2
    - (concat(deconv {6, 5, 4, 3} 2x2/2 | e{4, 3, 2, 1}) - (conv {6, 5, 4, 3} - relu)^{2, 2, 2, 2})^4 - conv 2 1x1 - softmax
"""

import numpy as np
import torch
import torch.nn.functional as F

from lenet import start
from ops import channels_first, channels_last

STEPS = 5
LEARNING_RATE, MOMENTUM, DECAY = 0.01, 0.9, 5e-4


class Layers:
    """Layers with their parameters, which are numbered as they come and drawn where they are not there yet."""

    def __init__(self, states, random):
        self.states, self.random, self.counts, self.block = states, random, {}, ""

    def name(self, kind):
        kind = self.block + kind
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{kind}{self.counts[kind]}"

    def parameter(self, name, shape):
        if name not in self.states:
            self.states[name] = torch.tensor(start(self.random, shape), requires_grad=True)
        return self.states[name]

    def statistic(self, name, channels, value):
        return self.states.setdefault(name, torch.full((channels,), value, dtype=torch.float64))

    def conv(self, x, filters, size, stride=1, bias=True, name=None):
        name = name or self.name("conv")
        w = self.parameter(f"{name}.filter", (filters, size, size, x.shape[1]))
        b = self.parameter(f"{name}.bias", (filters,)) if bias else None
        return F.conv2d(x, channels_first(w), b, stride, size // 2)

    def deconv(self, x, filters):
        name = self.name("deconv")
        w = self.parameter(f"{name}.filter", (x.shape[1], 2, 2, filters))
        return F.conv_transpose2d(x, channels_first(w), self.parameter(f"{name}.bias", (filters,)), 2)

    def bn(self, x, name=None):
        name, channels = name or self.name("bn"), x.shape[1]
        if f"{name}.scale" not in self.states:
            scale = 1 + start(self.random, (channels,))
            self.states[f"{name}.scale"] = torch.tensor(scale, requires_grad=True)
        scale, shift = self.states[f"{name}.scale"], self.parameter(f"{name}.shift", (channels,))
        running = [self.statistic(f"{name}.{what}", channels, value) for what, value in [("mean", 0.0), ("variance", 1.0)]]
        return F.batch_norm(x, *running, scale, shift, training=True, momentum=0.1, eps=1e-5)

    def fc(self, x, outputs):
        name = self.name("fc")
        w = self.parameter(f"{name}.weight", (outputs, x.shape[1]))
        return F.linear(x, w, self.parameter(f"{name}.bias", (outputs,)))

    def basic(self, x, filters, stride):
        block = self.name("basic")
        self.block = f"{block}."
        y = F.relu(self.bn(self.conv(x, filters, 3, stride, bias=False)))
        y = self.bn(self.conv(y, filters, 3, bias=False))
        self.block = ""
        if stride > 1 or filters != x.shape[1]:
            x = self.conv(x, filters, 1, stride, bias=False, name=f"{block}.shortcut")
            x = self.bn(x, f"{block}.shortcut.bn")
        return F.relu(x + y)


def resnet18(layers, images):
    x = F.relu(layers.bn(layers.conv(channels_first(images), 4, 7, 2, bias=False)))
    x = F.max_pool2d(x, 3, 2, 1)
    for filters, stride in [(4, 1), (5, 2), (6, 2), (8, 2)]:
        x = layers.basic(layers.basic(x, filters, stride), filters, 1)
    return layers.fc(x.mean((2, 3)), 10)


def unet(layers, images):
    def two(x, filters):
        return F.relu(layers.conv(F.relu(layers.conv(x, filters, 3)), filters, 3))

    x, twins = channels_first(images), []
    for filters in [3, 4, 5, 6]:
        twins.append(two(x, filters))
        x = F.max_pool2d(twins[-1], 2)
    x = two(x, 8)
    for filters in [6, 5, 4, 3]:
        x = two(torch.cat([layers.deconv(x, filters), twins.pop()], 1), filters)
    return layers.conv(x, 2, 1)


def classes(random):
    """Noise of eight grey levels, brighter where the class says, and 30 % of wrong classes."""
    labels = random.integers(0, 10, (STEPS, 4))
    images = random.integers(0, 8, (STEPS, 4, 48, 48, 3)) * 24
    for place in np.ndindex(labels.shape):
        row, column = 4 + 9 * (labels[place] % 5), 6 + 22 * (labels[place] // 5)
        images[place][row : row + 7, column : column + 14] += 64
    wrong = random.random(labels.shape) < 0.3
    return images, np.where(wrong, random.integers(0, 10, labels.shape), labels)


def masks(random):
    """A bright disc on noise, and which pixels are the disc's."""
    centre, radius = random.uniform(8, 24, (2, STEPS, 2, 1, 1)), random.uniform(4, 9, (STEPS, 2, 1, 1))
    down, across = np.mgrid[:32, :32]
    labels = np.hypot(down - centre[0], across - centre[1]) < radius
    return (random.integers(0, 128, (STEPS, 2, 32, 32)) + 120 * labels)[..., np.newaxis], labels.astype(int)


def trajectory(net, pictures, seed):
    """Before each step all states, one behind the other (float32, which holds the first exactly), and behind the last
    (float64), in the order of the names: those of parameters and running statistics, then of the velocities."""
    random = np.random.default_rng(seed)
    images, labels = pictures(random)
    given = [torch.tensor(x / 256) for x in images]
    states, losses, before = {}, [], []
    with torch.no_grad():
        net(Layers(states, random), given[0])
    # The pass that has drawn the parameters has moved the running statistics.
    for name, x in states.items():
        if name.endswith((".mean", ".variance")):
            x.fill_(float(name.endswith(".variance")))
    parameters = {name: x for name, x in states.items() if x.requires_grad}
    optimizer = torch.optim.SGD(parameters.values(), lr=LEARNING_RATE, momentum=MOMENTUM, weight_decay=DECAY)

    def now():
        velocities = [optimizer.state[p].get("momentum_buffer", torch.zeros_like(p)) for p in parameters.values()]
        return np.concatenate([x.detach().numpy().ravel() for x in [*states.values(), *velocities]])

    for x, y in zip(given, labels):
        before.append(now().astype(np.float32))
        optimizer.zero_grad()
        value = F.cross_entropy(net(Layers(states, random), x), torch.tensor(y))
        value.backward()
        optimizer.step()
        losses.append(value.item())
    names = "\n".join([*states, *(f"{name}.velocity" for name in parameters)])
    return {
        "names": np.frombuffer(names.encode(), np.uint8),
        "images": images.astype(np.uint8),
        "labels": labels.astype(np.uint8),
        "losses": np.array(losses),
        "before": np.array(before),
        "last": now(),
    }


def trajectories():
    return {"resnet18": trajectory(resnet18, classes, 18), "unet": trajectory(unet, masks, 4)}
