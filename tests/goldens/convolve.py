"""What `convolve` must give: one filter over one image, for every stride, padding and dilation that fits."""

import itertools

import numpy as np
import torch

IMAGE = (7, 9)
FILTERS = {"even": (2, 2), "tall": (3, 2)}


def cases():
    """`image`, the filters by name, and for each case the result under `FILTER.STRIDExSTRIDE.PADxPAD.DILATExDILATE`."""
    random = np.random.default_rng(2012)
    image = random.standard_normal(IMAGE).astype(np.float32)
    stored = {"image": image}
    for name, size in FILTERS.items():
        stored[name] = random.standard_normal(size).astype(np.float32)
        for stride, pad, dilate in itertools.product([(1, 1), (2, 2), (3, 1)], [(0, 0), (1, 1), (1, 0)], [(1, 1), (2, 2), (1, 3)]):
            result = torch.nn.functional.conv2d(
                torch.tensor(image, dtype=torch.float64)[None, None],
                torch.tensor(stored[name], dtype=torch.float64)[None, None],
                stride=stride, padding=pad, dilation=dilate)
            key = ".".join("x".join(map(str, pair)) for pair in (stride, pad, dilate))
            stored[f"{name}.{key}"] = result[0, 0].numpy()
    return stored
