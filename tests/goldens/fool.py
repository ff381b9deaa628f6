"""What `fool` must give: the first digits, changed so that the net of `saliency.py` is wrong about them, in float64."""

import numpy as np
import torch
import torch.nn.functional as F

from lenet import start
from saliency import CLASSES, COUNT, DEVIATION, MEAN, SHAPES, WHITE, digits, scores

# The aim of the attacks toward a class.
AIM = 7
EPS, STEPS, STEP = 0.1, 4, 0.04
OVERSHOOT, MOST = 0.02, 50


def slope(p, raw, labels):
    raw = raw.clone().requires_grad_()
    F.cross_entropy(scores(p, raw), labels).backward()
    return raw.grad


def by_signs(p, first, labels, steps, step, way=1):
    raw = first.clone()
    for _ in range(steps):
        moved = raw + way * step * slope(p, raw, labels).sign()
        raw = torch.clamp(first + torch.clamp(moved - first, -EPS, EPS), 0, 1)
    return raw


def deepfool(p, first, label):
    """Algorithm 2 of the paper, with the overshoot and the 1e-4 of its authors' program, and the picture kept in 0..1."""
    order = scores(p, first)[0].argsort(descending=True).tolist()
    others = [k for k in order if k != label][:9]
    total = torch.zeros_like(first)
    raw = first
    for _ in range(MOST):
        raw = raw.detach().requires_grad_()
        value = scores(p, raw)[0]
        if value.argmax() != label:
            break
        grad = lambda k: torch.autograd.grad(value[k], raw, retain_graph=True)[0]
        own = grad(label)
        ways = []
        for k in others:
            w, f = grad(k) - own, (value[k] - value[label]).detach()
            ways.append((abs(f) / w.norm(), w))
        distance, w = min(ways, key=lambda way: way[0])
        total = total + (distance + 1e-4) * w / w.norm()
        raw = torch.clamp(first + (1 + OVERSHOOT) * total, 0, 1)
    return raw.detach()


def cases():
    random = np.random.default_rng(1312)
    p = {name: torch.tensor(start(random, shape).astype(np.float32).astype(np.float64)) for name, shape in SHAPES.items()}
    raw = torch.tensor(digits()[..., None] / WHITE)
    # Of their own class each, as far as the net tells one: otherwise DeepFool has nothing to do.
    labels = scores(p, raw).argmax(1)
    aim = torch.full((COUNT,), AIM)
    assert CLASSES > AIM and MEAN and DEVIATION
    return {
        "labels": labels.numpy().astype(np.uint8),
        "slope": slope(p, raw, labels).numpy(),
        "fgsm": by_signs(p, raw, labels, 1, EPS).numpy(),
        "pgd": by_signs(p, raw, labels, STEPS, STEP).numpy(),
        "toward": by_signs(p, raw, aim, STEPS, STEP, -1).numpy(),
        "deepfool": torch.cat([deepfool(p, raw[i : i + 1], labels[i]) for i in range(COUNT)]).numpy(),
    }
