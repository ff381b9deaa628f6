"""The graph's ops in PyTorch, on tensors in the graph's layouts: maps N, spatial..., C and filters K, window..., C."""

import torch
import torch.nn.functional as F


def channels_first(x):
    return x.movedim(-1, 1)


def channels_last(x):
    return x.movedim(1, -1)


def of_rank(name, rank):
    return getattr(F, f"{name}{rank}d")


def padding(pad):
    """Padding in the order of F.pad: the last axis first."""
    return [p for axis in reversed(pad) for p in axis]


def conv(op, x, w):
    x = F.pad(channels_first(x), padding(op["pad"]))
    y = of_rank("conv", len(op["stride"]))(
        x, channels_first(w), stride=op["stride"], dilation=op["dilate"], groups=op["groups"])
    return channels_last(y)


def conv_dgrad(op, w, dy):
    """The transposed convolution onto the padded map, whose padding is then cut off."""
    op, extent = op["conv"], op["extent"]
    axes = range(len(extent))
    covered = [(w.shape[1 + a] - 1) * op["dilate"][a] + 1 for a in axes]
    reached = [(dy.shape[1 + a] - 1) * op["stride"][a] + covered[a] for a in axes]
    beyond = [extent[a] + sum(op["pad"][a]) - reached[a] for a in axes]
    dx = of_rank("conv_transpose", len(extent))(
        channels_first(dy), channels_first(w), stride=op["stride"], dilation=op["dilate"], groups=op["groups"])
    dx = F.pad(dx, padding([[0, n] for n in beyond]))
    for a in axes:
        dx = dx.narrow(2 + a, op["pad"][a][0], extent[a])
    return channels_last(dx)


def pool(op, x):
    rank, size, stride, pad = len(op["size"]), op["size"], op["stride"], op["pad"]
    x = channels_first(x)
    ceil = op["rounding"] == "ceil"
    even = all(before == after and 2 * before <= k for (before, after), k in zip(pad, size))
    if even and op["kind"] == "max":
        y = of_rank("max_pool", rank)(x, size, stride, [p[0] for p in pad], ceil_mode=ceil)
    elif even:
        y = of_rank("avg_pool", rank)(x, size, stride, [p[0] for p in pad], ceil_mode=ceil, count_include_pad=False)
    else:
        # PyTorch pads both ends alike; other paddings are put around the map beforehand.
        assert not ceil
        if op["kind"] == "max":
            y = of_rank("max_pool", rank)(F.pad(x, padding(pad), value=-torch.inf), size, stride)
        else:
            mean = of_rank("avg_pool", rank)
            share = mean(F.pad(torch.ones_like(x), padding(pad)), size, stride)
            y = mean(F.pad(x, padding(pad)), size, stride) / share
    return channels_last(y)


def matmul(op, a, b):
    return (a.T if op["a"] == "yes" else a) @ (b.T if op["b"] == "yes" else b)


def cross_entropy(_, logits, labels):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1).long())


def correct(_, logits, labels):
    """numpy's argmax is documented to give the first of equal ones."""
    first_largest = logits.detach().numpy().argmax(axis=-1)
    return torch.tensor(float((first_largest == labels.numpy()).sum()), dtype=torch.float64)


OPS = {
    "conv": conv,
    "conv_dgrad": conv_dgrad,
    "bias": lambda _, x, b: x + b,
    "channel_sum": lambda _, x: x.reshape(-1, x.shape[-1]).sum(0),
    "matmul": matmul,
    "relu": lambda _, x: F.relu(x),
    "pool": pool,
    "reshape": lambda op, x: x.reshape(op["shape"]),
    "add": lambda _, a, b: a + b,
    "softmax": lambda _, x: F.softmax(x, dim=-1),
    "cross_entropy": cross_entropy,
    "squared_error": lambda _, x, target: F.mse_loss(x, target),
    "correct": correct,
}
