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
    """The transposed convolution. What its arguments cannot say, an uneven padding or a map far beyond the last window,
    is done by hand: onto the padded map, whose padding is then cut off."""
    op, extent = op["conv"], op["extent"]
    stride, dilate, pad, axes = op["stride"], op["dilate"], op["pad"], range(len(extent))
    covered = [(w.shape[1 + a] - 1) * dilate[a] + 1 for a in axes]
    reached = [(dy.shape[1 + a] - 1) * stride[a] + covered[a] for a in axes]
    beyond = [extent[a] + sum(pad[a]) - reached[a] for a in axes]
    transposed = of_rank("conv_transpose", len(extent))
    x, w = channels_first(dy), channels_first(w)
    if all(pad[a][0] == pad[a][1] and 0 <= beyond[a] < max(stride[a], dilate[a]) for a in axes):
        return channels_last(transposed(
            x, w, stride=stride, padding=[p[0] for p in pad], output_padding=beyond, groups=op["groups"], dilation=dilate))
    y = F.pad(transposed(x, w, stride=stride, dilation=dilate, groups=op["groups"]), padding([[0, n] for n in beyond]))
    for a in axes:
        y = y.narrow(2 + a, pad[a][0], extent[a])
    return channels_last(y)


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


def pool_grad(op, x, dy):
    """Unpooling where PyTorch has it: the maxima of windows that do not overlap. Else the gradient of the pool, which
    PyTorch differentiates once more."""
    op = op["pool"]
    rank, size, stride, pad = len(op["size"]), op["size"], op["stride"], op["pad"]
    even = all(before == after for before, after in pad)
    if op["kind"] == "max" and even and all(s >= k for s, k in zip(stride, size)):
        maps, pad = channels_first(x), [p[0] for p in pad]
        _, switches = of_rank("max_pool", rank)(maps, size, stride, pad, ceil_mode=op["rounding"] == "ceil", return_indices=True)
        return channels_last(of_rank("max_unpool", rank)(
            channels_first(dy).contiguous(), switches.contiguous(), size, stride, pad, output_size=maps.shape[2:]))
    x = x if x.requires_grad else x.clone().requires_grad_()
    (dx,) = torch.autograd.grad(pool(op, x), x, dy, create_graph=True)
    return dx


def unary(op, x):
    function = op["function"]
    if isinstance(function, dict):
        return F.leaky_relu(x, function["leaky"]["slope"])
    return {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "elu": F.elu, "gelu": F.gelu}[function](x)


def upsample(op, x):
    size = [extent * factor for extent, factor in zip(x.shape[1:-1], op["factor"])]
    if op["interpolation"] == "nearest":
        return channels_last(F.interpolate(channels_first(x), size, mode="nearest"))
    mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(size)]
    return channels_last(F.interpolate(channels_first(x), size, mode=mode, align_corners=False))


def batch_norm(op, x, mean, variance, scale, shift):
    """With the batch's statistics PyTorch takes its own, not those given."""
    batch = op["statistics"] == "batch"
    statistics = (None, None) if batch else (mean, variance)
    return channels_last(F.batch_norm(channels_first(x), *statistics, scale, shift, training=batch, eps=op["eps"]))


def batch_norm_layer(op, x, scale, shift, mean, variance):
    """In training; the running statistics, the last two, get their new values."""
    y = F.batch_norm(
        channels_first(x), mean, variance, scale, shift, training=op["training"], momentum=op["momentum"], eps=op["eps"])
    return channels_last(y)


def lrn(op, x):
    maps = channels_first(x)
    maps = maps if maps.ndim > 2 else maps[..., None]
    y = F.local_response_norm(maps, op["size"], op["alpha"], op["beta"], op["k"])
    return channels_last(y.reshape(channels_first(x).shape))


def all_but_channels(x):
    return tuple(range(x.ndim - 1))


def matmul(op, a, b):
    return (a.T if op["a"] == "yes" else a) @ (b.T if op["b"] == "yes" else b)


def cross_entropy(op, logits, labels, total=None, weights=None):
    """What the labels count in all PyTorch finds by itself. Of shares the third input is the weights."""
    if labels.shape == logits.shape:
        classes, smoothing = logits.shape[-1], op.get("smoothing", 0.0)
        logits, labels = logits.reshape(-1, classes), labels.reshape(-1, classes)
        return F.cross_entropy(logits, labels, weight=total, label_smoothing=smoothing)
    return F.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), labels.reshape(-1).long(), weight=weights,
        ignore_index=op.get("ignore", -100), label_smoothing=op.get("smoothing", 0.0))


def label_weight(op, labels, weights=None):
    counted = labels[labels != op.get("ignore", -100)].long()
    return (torch.ones_like(labels.reshape(-1)[: len(counted)]) if weights is None else weights[counted]).sum()


def pointwise_loss(op, x, target, factors=None):
    if factors is not None:
        return F.binary_cross_entropy_with_logits(x, target, pos_weight=factors)
    losses = {"absolute": F.l1_loss, "huber": F.huber_loss, "logistic": F.binary_cross_entropy_with_logits}
    return losses[op["measure"]](x, target)


def overlap(op, p, target):
    counted = torch.ones(p.shape[:-1], dtype=torch.bool)
    if target.shape != p.shape:
        counted = target != op.get("ignore", -100)
        target = F.one_hot(target.long(), p.shape[-1]).to(p.dtype)
    p, target = p[counted], target[counted]
    return torch.stack([(p * target).sum(0), p.sum(0), target.sum(0)])


def dice(_, sums):
    return 1 - ((2 * sums[0] + 1) / (sums[1] + sums[2] + 1)).mean()


def correct(op, logits, labels):
    """numpy's argmax is documented to give the first of equal ones."""
    first_largest = logits.detach().numpy().argmax(axis=-1)
    if labels.shape == logits.shape:
        return labels.gather(-1, torch.tensor(first_largest).unsqueeze(-1)).sum()
    right = (first_largest == labels.numpy()) & (labels.numpy() != op.get("ignore", -100))
    return torch.tensor(float(right.sum()), dtype=torch.float64)


def sign_step(op, x, slope, origin, unit, low):
    moved = x + op["step"] * unit * slope.sign()
    near = moved.clamp(origin - op["eps"] * unit, origin + op["eps"] * unit)
    return near.clamp(torch.minimum(low, origin), torch.maximum(low + unit, origin))


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
    "label_weight": label_weight,
    "pointwise_loss": pointwise_loss,
    "overlap": overlap,
    "dice": dice,
    "correct": correct,
    "sign_step": sign_step,
    "unary": unary,
    "concat": lambda _, *parts: torch.cat(parts, dim=-1),
    "channel_slice": lambda op, x: x.narrow(-1, op["start"], op["channels"]),
    "frame": lambda op, x: channels_last(F.pad(channels_first(x), padding(op["edges"]))),
    "upsample": upsample,
    "channel_mean": lambda _, x: x.mean(all_but_channels(x)),
    "channel_variance": lambda _, x, mean: x.var(all_but_channels(x), correction=0),
    "batch_norm": batch_norm,
    "lrn": lrn,
    "scale": lambda op, x: op["factor"] * x,
    "pool_grad": pool_grad,
}

# What stands for several ops: the layers of a training run.
LAYERS = {
    "batch_norm": batch_norm_layer,
}
