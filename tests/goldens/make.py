"""Writes ops.npz and, by the verb that each is for, convolve.npz, deconv.npz, deconvnet.npz, fool.npz, maximize.npz,
saliency.npz and style.npz: what PyTorch computes, in float64, for the cases of cases.json and for those verbs; lenet.npz,
resnet18.npz and unet.npz, the same of training runs; and figures.npz and embed.npz, what scikit-learn says of tests and of codes.

    pip install torch numpy scikit-learn
    python make.py

Written with torch 2.15 and scikit-learn 1.9 on a CPU. See README.md for what the files hold.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import torch

import convolve
import deconv
import deconvnet
import embed
import figures
import fool
import lenet
import maximize
import saliency
import style
import whole
from ops import LAYERS, OPS

FOLDER = Path(__file__).parent


def draw(random, shape, how):
    """Random numbers that float32 holds exactly, as float64."""
    if "below" in how:
        x = random.integers(0, how["below"], shape)
    elif "integers" in how:
        x = random.integers(-how["integers"], how["integers"] + 1, shape)
    elif "above" in how:
        x = (np.abs(random.standard_normal(shape)) + how["above"]).astype(np.float32)
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
    evaluate(case["nodes"], values)
    result = values[list(case["nodes"])[-1]]
    stored = {name: x.astype(np.float32) for name, x in arrays.items()}
    stored["result"] = result.detach().numpy()
    if wrt:
        direction = draw(random, result.shape, {"normal": 1}) if result.ndim else np.ones(())
        (result * torch.tensor(direction)).sum().backward()
        stored |= {f"d_{name}": values[name].grad.numpy() for name in wrt}
        if result.ndim:
            stored["direction"] = direction.astype(np.float32)
    return stored


def optimizer_of(listed, parameters):
    ((word, numbers),) = listed.items()
    decay = {"weight_decay": numbers["decay"]}
    if word in ("sgd", "nesterov"):
        return torch.optim.SGD(parameters, momentum=numbers["momentum"], nesterov=word == "nesterov", **decay)
    if word == "rms_prop":
        moments = {key: numbers[key] for key in ("alpha", "eps", "momentum")}
        return torch.optim.RMSprop(parameters, **moments, **decay)
    form = {"gradient": torch.optim.Adam, "weights": torch.optim.AdamW}[numbers["form"]]
    betas = (numbers["beta1"], numbers["beta2"])
    return form(parameters, betas=betas, eps=numbers["eps"], **decay)


def layer_of(name):
    """`conv1` of `conv1.filter`."""
    return name.rpartition(".")[0]


def groups_of(parameters, adjustments):
    """Groups of parameters for an optimizer, each with its factor of the learning rate and without decay where only
    weights have it; frozen ones are in none. One group where nothing is adjusted."""
    frozen, factors = adjustments.get("frozen", []), dict(adjustments.get("factors", []))
    if not adjustments:
        return [{"params": list(parameters.values()), "factor": 1}]
    groups = []
    for name, parameter in parameters.items():
        if layer_of(name) in frozen:
            parameter.requires_grad_(False)
            continue
        group = {"params": [parameter], "factor": factors.get(layer_of(name), 1)}
        if adjustments.get("decayed") == "weights" and parameter.ndim < 2:
            group["weight_decay"] = 0
        groups.append(group)
    return groups


def evaluate(nodes, values, frozen=()):
    """Adds the value of each node. The batch normalisation of a frozen layer uses the running statistics, and keeps them."""
    for name, node in nodes.items():
        table, listed = (OPS, node["op"]) if "op" in node else (LAYERS, node["layer"])
        ((word, op),) = listed.items()
        if word == "batch_norm" and "layer" in node:
            op = op | {"training": layer_of(node["of"][3]) not in frozen}
        values[name] = table[word](op, *(values[of] for of in node["of"]))


def loss_of(run, values, goal):
    """Cross-entropy where the net ends in softmax, with that of the side classifiers; else the mean squared error."""
    def ends_in_softmax(name):
        return "softmax" in run["nodes"].get(name, {}).get("op", {})

    def cross_entropy(name):
        return OPS["cross_entropy"]({}, values[run["nodes"][name]["of"][0] if ends_in_softmax(name) else name], goal)

    result = run["result"]
    if not ends_in_softmax(result):
        return torch.nn.functional.mse_loss(values[result], goal)
    return cross_entropy(result) + sum(weight * cross_entropy(name) for name, weight in run.get("sides", {}).items())


def loss_against(run, inputs, loss, standardised, evaluated):
    """The weighted mean of the loss and of what it is of the images changed by the sign of its gradient; `evaluated` gives
    the loss of other images. Only the images as they are change running statistics."""
    against = run["adjustments"]["against"]
    changed, slope = inputs["images"], torch.autograd.grad(loss, inputs["images"], retain_graph=True)[0]
    for step in range(against["steps"]):
        if step > 0:
            changed.requires_grad_()
            slope = torch.autograd.grad(evaluated(changed), changed)[0]
        changed = OPS["sign_step"](against, changed, slope, inputs["images"], *standardised).detach()
    return (1 - against["share"]) * loss + against["share"] * evaluated(changed)


def training_run(run):
    """First parameters; for each step the inputs and what the result is compared with, and after it the objective, every
    parameter and every running statistic."""
    random = generator(run["name"])
    normal = {"normal": 1}
    parameters = {name: draw(random, shape, normal) for name, shape in run["parameters"].items()}
    stored = {name: x.astype(np.float32) for name, x in parameters.items()}
    parameters = {name: torch.tensor(x, requires_grad=True) for name, x in parameters.items()}
    running = {name: (torch.ones if name.endswith("variance") else torch.zeros)(shape, dtype=torch.float64)
               for name, shape in run.get("running", {}).items()}
    adjustments = run.get("adjustments", {})
    optimizer = optimizer_of(run["optimizer"], groups_of(parameters, adjustments))
    for i, rate in enumerate(run["learning_rates"]):
        inputs = {name: draw(random, shape, normal) for name, shape in run["inputs"].items()}
        given = {name: torch.tensor(x, requires_grad="against" in adjustments) for name, x in inputs.items()}
        values = parameters | running | given
        before = {name: x.clone() for name, x in running.items()}
        evaluate(run["nodes"], values, adjustments.get("frozen", ()))
        result = values[run["result"]]
        classes = "softmax" in run["nodes"].get(run["result"], {}).get("op", {})
        goal = draw(random, result.shape[:-1], {"below": result.shape[-1]}) if classes else draw(random, result.shape, normal)
        loss = loss_of(run, values, torch.tensor(goal))
        if "against" in adjustments:
            def evaluated(images):
                again = parameters | {name: x.clone() for name, x in before.items()} | {"images": images}
                evaluate(run["nodes"], again, adjustments.get("frozen", ()))
                return loss_of(run, again, torch.tensor(goal))

            channels = inputs["images"].shape[-1:]
            inputs |= {"unit": draw(random, channels, {"above": 1}), "low": draw(random, channels, normal)}
            loss = loss_against(run, given, loss, [torch.tensor(inputs[name]) for name in ("unit", "low")], evaluated)
        optimizer.zero_grad()
        loss.backward()
        if "clip" in adjustments:
            torch.nn.utils.clip_grad_norm_(list(parameters.values()), adjustments["clip"])
        for group in optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        optimizer.step()
        stored |= {f"{name}_{i}": x.astype(np.float32) for name, x in inputs.items()}
        stored |= {f"goal_{i}": goal.astype(np.float32), f"objective_{i}": loss.detach().numpy()}
        stored |= {f"{name}_after_{i}": x.detach().numpy().copy() for name, x in (parameters | running).items()}
    return stored


def main():
    cases = json.loads((FOLDER / "cases.json").read_text())
    arrays = {}
    for case in cases["ops"]:
        arrays |= {f"{case['name']}.{key}": x for key, x in op_case(case).items()}
    for run in cases["runs"]:
        arrays |= {f"{run['name']}.{key}": x for key, x in training_run(run).items()}
    # Row-major order throughout, as the graph's tensors are.
    np.savez_compressed(FOLDER / "ops.npz", **{key: np.ascontiguousarray(x).reshape(x.shape) for key, x in arrays.items()})
    np.savez_compressed(FOLDER / "lenet.npz", **lenet.trajectory())
    for net, steps in whole.trajectories().items():
        np.savez_compressed(FOLDER / f"{net}.npz", **steps)
    np.savez_compressed(FOLDER / "figures.npz", **figures.cases())
    np.savez_compressed(FOLDER / "convolve.npz", **convolve.cases())
    np.savez_compressed(FOLDER / "saliency.npz", **saliency.cases())
    np.savez_compressed(FOLDER / "fool.npz", **fool.cases())
    np.savez_compressed(FOLDER / "maximize.npz", **maximize.cases())
    np.savez_compressed(FOLDER / "style.npz", **style.cases())
    np.savez_compressed(FOLDER / "deconv.npz", **deconv.cases())
    np.savez_compressed(FOLDER / "deconvnet.npz", **deconvnet.cases())
    np.savez_compressed(FOLDER / "embed.npz", **embed.cases())


if __name__ == "__main__":
    main()
