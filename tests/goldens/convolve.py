"""What `convolve` must give: one filter over one image, for every stride, padding and dilation that fits."""

import itertools

import numpy as np
import torch

IMAGE = (7, 9)
FILTERS = {"even": (2, 2), "tall": (3, 2)}
CHANNELS, LENGTH = 3, 11


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
    return stored | channels(random) | sequences(random)


def channels(random):
    """An image and a filter of several channels, H, W, C, and what the filter makes of it under `channels.STRIDE.PAD`."""
    image = random.standard_normal((*IMAGE, CHANNELS)).astype(np.float32)
    weights = random.standard_normal((3, 2, CHANNELS)).astype(np.float32)
    stored = {"channels.image": image, "channels.filter": weights}
    first = [torch.tensor(x, dtype=torch.float64).permute(2, 0, 1)[None] for x in (image, weights)]
    for stride, pad in itertools.product([1, 2], [0, 1]):
        result = torch.nn.functional.conv2d(*first, stride=stride, padding=pad)
        stored[f"channels.{stride}.{pad}"] = result[0, 0].numpy()
    return stored


def sequences(random):
    """A sequence and a filter of two, and what the filter makes of it under `sequence.STRIDE.PAD`."""
    sequence = random.standard_normal(LENGTH).astype(np.float32)
    weights = random.standard_normal(2).astype(np.float32)
    stored = {"sequence.image": sequence, "sequence.filter": weights}
    first = [torch.tensor(x, dtype=torch.float64)[None, None] for x in (sequence, weights)]
    for stride, pad in itertools.product([1, 2], [0, 1]):
        stored[f"sequence.{stride}.{pad}"] = torch.nn.functional.conv1d(*first, stride=stride, padding=pad)[0, 0].numpy()
    return stored
