"""Writes ops.npz and lenet.npz: what PyTorch computes, in float64, for the cases of cases.json and for LeNet.

    pip install torch numpy
    python make.py

Written with torch 2.15 on a CPU. See README.md for what the files hold.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import torch

import lenet
from ops import OPS

FOLDER = Path(__file__).parent


def draw(random, shape, how):
    """Random numbers that float32 holds exactly, as float64."""
    if "below" in how:
        x = random.integers(0, how["below"], shape)
    elif "integers" in how:
        x = random.integers(-how["integers"], how["integers"] + 1, shape)
    else:
        x = (random.standard_normal(shape) * how["normal"]).astype(np.float32)
    return x.astype(np.float64)


def generator(name):
    """One generator a case, so that a new case leaves the others as they are."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def op_case(case):
    """Inputs, result and gradients of one case. The gradients are those of the sum of `direction` times the result."""
    random = generator(case["name"])
    how = case.get("draw", {})
    arrays = {name: draw(random, shape, how.get(name, {"normal": 1})) for name, shape in case["inputs"].items()}
    wrt = case.get("wrt", list(case["inputs"]))
    values = {name: torch.tensor(x, requires_grad=name in wrt) for name, x in arrays.items()}
    for name, node in case["nodes"].items():
        ((word, op),) = node["op"].items()
        values[name] = OPS[word](op, *(values[of] for of in node["of"]))
    result = values[name]
    stored = {name: x.astype(np.float32) for name, x in arrays.items()}
    stored["result"] = result.detach().numpy()
    if wrt:
        direction = draw(random, result.shape, {"normal": 1}) if result.ndim else np.ones(())
        (result * torch.tensor(direction)).sum().backward()
        stored |= {f"d_{name}": values[name].grad.numpy() for name in wrt}
        if result.ndim:
            stored["direction"] = direction.astype(np.float32)
    return stored


def sgd_case(case):
    """A parameter, one gradient a step, and the parameter after each step."""
    random = generator(case["name"])
    start = draw(random, case["shape"], {"normal": 1})
    w = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.SGD([w], momentum=case["momentum"], weight_decay=case["decay"])
    stored = {"w": start.astype(np.float32)}
    for i, rate in enumerate(case["learning_rates"]):
        gradient = draw(random, case["shape"], {"normal": 1})
        optimizer.param_groups[0]["lr"] = rate
        w.grad = torch.tensor(gradient)
        optimizer.step()
        stored |= {f"g_{i}": gradient.astype(np.float32), f"w_{i}": w.detach().numpy().copy()}
    return stored


def main():
    cases = json.loads((FOLDER / "cases.json").read_text())
    arrays = {}
    for case in cases["ops"]:
        arrays |= {f"{case['name']}.{key}": x for key, x in op_case(case).items()}
    for case in cases["sgd"]:
        arrays |= {f"{case['name']}.{key}": x for key, x in sgd_case(case).items()}
    # Row-major order throughout, as the graph's tensors are.
    np.savez_compressed(FOLDER / "ops.npz", **{key: np.ascontiguousarray(x).reshape(x.shape) for key, x in arrays.items()})
    np.savez_compressed(FOLDER / "lenet.npz", **lenet.trajectory())


if __name__ == "__main__":
    main()
