"""What `stylize` must give, in float64: Gram matrices of a painting's maps, the losses of a picture and their gradient by its raw
pixels (Gatys et al. 2015, each over the mean square of its aim), a few steps of Adam from the photograph, and how L-BFGS descends.

12x10x3 - conv 4 3x3 - relu - pool - conv 6 3x3 - tanh - conv 5 3x3 valid - relu - fc 3, softmax
"""

import numpy as np
import torch
import torch.nn.functional as F

from lenet import start
from ops import channels_first, channels_last

# float32 holds these exactly.
MEAN, DEVIATION = np.array([0.5, 0.4375, 0.375]), np.array([0.25, 0.3125, 0.375])
PHOTO, PAINTING, WHITE = (12, 10, 3), (9, 14, 3), 255

SHAPES = {
    "conv1.filter": (4, 3, 3, 3),
    "conv1.bias": (4,),
    "conv2.filter": (6, 3, 3, 4),
    "conv2.bias": (6,),
    "conv3.filter": (5, 3, 3, 6),
    "conv3.bias": (5,),
}
CONTENT, STYLE = ["tanh1"], ["relu1", "relu2"]
WEIGHTS = {"content": 2.0, "style": 50.0, "variation": 3.0}
STEPS, RATE = 6, 0.03


def maps(p, raw):
    x = channels_first((raw - torch.tensor(MEAN)) / torch.tensor(DEVIATION))
    conv = lambda x, layer, pad: F.conv2d(x, channels_first(p[f"{layer}.filter"]), p[f"{layer}.bias"], padding=pad)
    relu1 = F.relu(conv(x, "conv1", 1))
    tanh1 = torch.tanh(conv(F.max_pool2d(relu1, 2), "conv2", 1))
    relu2 = F.relu(conv(tanh1, "conv3", 0))
    return {"relu1": relu1, "tanh1": tanh1, "relu2": relu2}


def gram(x):
    flat = x[0].flatten(1)
    return flat @ flat.T / flat.shape[1]


def losses(p, raw, aims):
    found = maps(p, raw)
    relative = lambda x, aim: ((x - aim) ** 2).mean() / (aim**2).mean()
    content = sum(relative(found[layer], aims["content"][layer]) for layer in CONTENT) / len(CONTENT)
    style = sum(relative(gram(found[layer]), aims["style"][layer]) for layer in STYLE) / len(STYLE)
    down, across = raw[:, 1:] - raw[:, :-1], raw[:, :, 1:] - raw[:, :, :-1]
    variation = (down**2).mean() + (across**2).mean()
    parts = {"content": content, "style": style, "variation": variation}
    return parts | {"loss": sum(WEIGHTS[name] * part for name, part in parts.items())}


def uneven(x):
    """A convex function whose second derivatives differ by direction and place."""
    slopes = torch.linspace(0.5, 20, x.numel(), dtype=torch.float64)
    return (slopes * x**2).sum() / 2 + torch.logsumexp(3 * x, 0) + torch.logsumexp(-2 * x, 0)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def descent(function, first, steps, **how):
    """Where L-BFGS is after so many steps, and how often it asked for the function."""
    x = torch.tensor(first, requires_grad=True)
    asked = 0

    def closure():
        nonlocal asked
        asked += 1
        optimizer.zero_grad()
        value = function(x)
        value.backward()
        return value

    optimizer = torch.optim.LBFGS([x], max_iter=steps, max_eval=10**6, tolerance_grad=0, tolerance_change=0, **how)
    optimizer.step(closure)
    return x.detach(), asked


def cases():
    random = np.random.default_rng(1508)
    p = {name: torch.tensor(start(random, shape).astype(np.float32).astype(np.float64)) for name, shape in SHAPES.items()}
    photo, painting, other = (random.integers(0, WHITE + 1, shape).astype(np.uint8) for shape in (PHOTO, PAINTING, PHOTO))
    raw = lambda picture: torch.tensor(picture[None] / WHITE)
    aims = {
        "content": {layer: value for layer, value in maps(p, raw(photo)).items() if layer in CONTENT},
        "style": {layer: gram(value) for layer, value in maps(p, raw(painting)).items() if layer in STYLE},
    }
    stored = {name: value.numpy().astype(np.float32) for name, value in p.items()}
    stored |= {"mean": MEAN.astype(np.float32), "deviation": DEVIATION.astype(np.float32)}
    stored |= {"photo": photo, "painting": painting, "other": other}
    stored |= {f"maps of {layer}": channels_last(value).numpy() for layer, value in aims["content"].items()}
    stored |= {f"gram of {layer}": value.numpy() for layer, value in aims["style"].items()}

    x = raw(other).requires_grad_()
    found = losses(p, x, aims)
    found["loss"].backward()
    stored |= {name: value.detach().numpy() for name, value in found.items()} | {"gradient": x.grad.numpy()}

    x = raw(photo).clone().requires_grad_()
    optimizer = torch.optim.Adam([x], lr=RATE)
    course = []
    for step in range(STEPS + 1):
        optimizer.zero_grad()
        found = losses(p, x, aims)
        course.append([found[name].item() for name in ("content", "style", "variation", "loss")])
        if step < STEPS:
            found["loss"].backward()
            optimizer.step()
            with torch.no_grad():
                x.clamp_(0, 1)
    stored |= {"adam.course": np.array(course), "adam.picture": x.detach().numpy()}

    first = np.linspace(-1, 1, 9)
    places = [descent(uneven, first, steps, history_size=4, lr=1)[0].numpy() for steps in range(1, 13)]
    stored |= {"uneven.first": first, "uneven.places": np.array(places)}
    for name, first in (("two", np.array([-1.2, 1.0])), ("twenty", np.tile([-1.2, 1.0], 10))):
        for steps in range(1, 200):
            place, asked = descent(rosenbrock, first, steps, history_size=10, lr=1, line_search_fn="strong_wolfe")
            if rosenbrock(place) < 1e-8:
                break
        else:
            raise AssertionError(name)
        stored |= {f"rosenbrock.{name}": first, f"rosenbrock.{name}.asked": np.array(float(asked))}
    return stored
