"""What torchvision makes of a picture with weights drawn by their names, and what it and timm call them.

    pip install torch torchvision timm safetensors
    python pretrained.py                     # the names and shapes, and the scores of some nets, into pretrained.npz
    python pretrained.py full FOVEA [NET …]  # every net at its full size: a file of weights for each, which the program
                                              # FOVEA loads, tells the scores by and writes again; the largest deviation

Weights are drawn here and in `kernel/tests/foreign.rs` alike: a number's place in a tensor and the tensor's name give it.
Scores are computed in float64. This file is not called from make.py, because of what it needs.
"""

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

FOLDER = Path(__file__).parent
SIDE = 224
# The library's names, and how torchvision makes each.
NETS = {
    "alexnet.torchvision": ("alexnet", {}),
    "vgg11": ("vgg11", {}),
    "vgg13": ("vgg13", {}),
    "vgg16": ("vgg16", {}),
    "vgg19": ("vgg19", {}),
    "googlenet.torchvision": ("googlenet", {"init_weights": False, "transform_input": True}),
    "resnet18": ("resnet18", {}),
    "resnet34": ("resnet34", {}),
    "resnet50": ("resnet50", {}),
    "resnet101": ("resnet101", {}),
    "resnet152": ("resnet152", {}),
}
# Those whose scores are committed.
COMMITTED = ["googlenet.torchvision", "resnet18"]
TIMM = ["vgg11", "vgg13", "vgg16", "vgg19", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def bits(name, count):
    """`count` numbers of 64 bits: SplitMix64 from the FNV-1a hash of a name."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def drawn(name, shape):
    """The tensor of a name, in float32: weights uniform by their fan-in, statistics and biases near where they begin."""
    count = math.prod(shape)
    unit = (bits(name, count) >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
    if len(shape) > 1:
        unit = unit * np.float32(math.sqrt(6 / math.prod(shape[1:])))
    elif name.endswith("running_var"):
        unit = np.float32(1) + np.float32(0.25) * unit
    elif name.endswith("weight"):
        unit = np.float32(1) + np.float32(0.125) * unit
    else:
        unit = np.float32(0.125) * unit
    return unit.reshape(shape)


def picture(side=SIDE):
    """A picture [1, H, W, 3] of numbers from 0 to below 1, in float32."""
    return (bits("picture", side * side * 3) >> np.uint64(56)).astype(np.float32).reshape(1, side, side, 3) / 256


def states(model):
    return {name: x for name, x in model.state_dict().items() if not name.endswith("num_batches_tracked")}


def weights(model):
    return {name: drawn(name, tuple(x.shape)) for name, x in states(model).items()}


def scores(model, arrays, raw, normalised=True):
    model = model.double().eval()
    model.load_state_dict({name: torch.tensor(x.astype(np.float64)) for name, x in arrays.items()}, strict=False)
    x = torch.tensor(raw.astype(np.float64))
    if normalised:
        x = (x - torch.tensor(MEAN, dtype=torch.float64)) / torch.tensor(DEVIATION, dtype=torch.float64)
    with torch.no_grad():
        return model(x.permute(0, 3, 1, 2)).numpy()


def made(net):
    import torchvision

    name, options = NETS[net]
    return getattr(torchvision.models, name)(**options)


def listed(model):
    """`features.0.weight 64x3x11x11`, a line a tensor, as bytes."""
    lines = [f"{name} {'x'.join(map(str, x.shape))}" for name, x in states(model).items()]
    return np.frombuffer("\n".join(lines).encode(), np.uint8)


class Numbered(torch.nn.Module):
    """A small net whose layers PyTorch numbers: `features` and `classifier`."""

    def __init__(self):
        super().__init__()
        n = torch.nn
        self.features = n.Sequential(
            n.Conv2d(3, 6, 3, padding=1), n.BatchNorm2d(6), n.ReLU(), n.MaxPool2d(2),
            *[layer for _ in range(4) for layer in (n.Conv2d(6, 6, 3, padding=1), n.ReLU())], n.MaxPool2d(2),
        )
        self.classifier = n.Sequential(n.Dropout(), n.Linear(96, 12), n.ReLU(), n.Linear(12, 5))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def cases():
    import timm

    stored = {}
    for net in NETS:
        with torch.device("meta"):
            stored[f"torchvision.{net}"] = listed(made(net))
            if net in TIMM:
                stored[f"timm.{net}"] = listed(timm.create_model(net))
    for net in COMMITTED:
        model = made(net)
        stored[f"scores.{net}"] = scores(model, weights(model), picture())
    small = Numbered()
    # Its convolutions have biases, though batch normalisation follows the first.
    stored["names.numbered"] = listed(small)
    stored["scores.numbered"] = scores(small, weights(small), picture(16), normalised=False)
    return stored


def full(program, nets):
    from safetensors.torch import load_file, save_file

    print(f"{'net':24}{'largest score':>14}{'deviation':>12}  written again")
    for net in nets or NETS:
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            model = made(net)
            arrays = weights(model)
            expected = scores(model, arrays, picture())
            # As torch.save and safetensors write it: with the counters of batch normalisation.
            counters = {name: x for name, x in model.state_dict().items() if name.endswith("num_batches_tracked")}
            save_file({name: torch.tensor(x) for name, x in arrays.items()} | counters, folder / "w.safetensors")
            np.save(folder / "x.npy", picture())
            script = f"""
                data x = npy "{folder}/x.npy"
                load {net} "{folder}/w.safetensors"
                predict {net} on x[0] save "{folder}/scores.npy"
                save {net} "{folder}/again.safetensors" as torchvision
            """
            (folder / "s.fov").write_text("\n".join(line.strip() for line in script.splitlines()))
            ran = subprocess.run([program, "run", folder / "s.fov"], cwd=folder, capture_output=True, text=True)
            assert ran.returncode == 0, ran.stdout + ran.stderr
            found = np.load(folder / "scores.npy")
            largest = np.abs(expected).max()
            again = load_file(folder / "again.safetensors")
            known = {name: x for name, x in arrays.items() if not name.startswith("aux")}
            same = again.keys() == known.keys() and all(np.array_equal(again[name].numpy(), x) for name, x in known.items())
            deviation = np.abs(found - expected).max() / largest
            print(f"{net:24}{largest:14.6g}{deviation:12.1e}  {'bit for bit' if same else 'NOT THE SAME'}", flush=True)
            assert same and deviation < 1e-4


if __name__ == "__main__":
    if sys.argv[1:2] == ["full"]:
        full(Path(sys.argv[2]).resolve(), sys.argv[3:])
    else:
        np.savez_compressed(FOLDER / "pretrained.npz", **cases())
