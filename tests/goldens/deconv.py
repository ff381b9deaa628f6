"""What `deconv` must give: one filter that each number of a map puts down, for every stride and padding that fits."""

import itertools

import numpy as np
import torch
import torch.nn.functional as F

MAP = (3, 4)
FILTERS = {"even": (2, 2), "odd": (3, 3), "tall": (4, 2)}


def cases():
    """`map`, the filters by name; under `FILTER.STRIDExSTRIDE.PADxPAD` the result, and behind `.written` how often each of
    its positions is written; under `FILTER.STRIDExSTRIDE.resized` the map made larger and then convolved."""
    random = np.random.default_rng(2016)
    image = random.standard_normal(MAP).astype(np.float32)
    stored = {"map": image}
    wide = torch.tensor(image, dtype=torch.float64)[None, None]
    for name, size in FILTERS.items():
        stored[name] = random.standard_normal(size).astype(np.float32)
        weights = torch.tensor(stored[name], dtype=torch.float64)[None, None]
        for stride in [(1, 1), (2, 2), (3, 1)]:
            for pad in itertools.product([0, 1], [0, 1]):
                key = ".".join([name, *("x".join(map(str, pair)) for pair in (stride, pad))])
                stored[key] = F.conv_transpose2d(wide, weights, stride=stride, padding=pad)[0, 0].numpy()
                counts = F.conv_transpose2d(torch.ones_like(wide), torch.ones_like(weights), stride=stride, padding=pad)
                stored[f"{key}.written"] = counts[0, 0].numpy()
            larger = F.interpolate(wide, scale_factor=stride, mode="nearest")
            before = [(side - 1) // 2 for side in size]
            behind = [side // 2 for side in size]
            larger = F.pad(larger, (before[1], behind[1], before[0], behind[0]))
            stored[f"{name}.{'x'.join(map(str, stride))}.resized"] = F.conv2d(larger, weights)[0, 0].numpy()
    return stored
