"""Prints networks with the tools that people paste from: `python make.py` beside torch, torchinfo, torchsummary, torchvision and keras.

Keras 2's and Darknet's prints have no tool that runs here: `keras2-*.txt` lays Keras 3's figures out as Keras 2.15's
`print_summary` does, `darknet-*.txt` holds what the format strings of two Darknets print.
"""

import contextlib
import io
import math
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
import torchinfo
import torchsummary
import torchvision
from torch import nn

HERE = pathlib.Path(__file__).parent


def main():
    for name, model in [("lenet", keras_lenet()), ("vgg", keras_vgg()), ("resnet", keras_resnet()), ("inception", keras_inception())]:
        write(f"keras-{name}", lambda: model.summary(print_fn=lambda line, **_: print(line)))
        write(f"keras2-{name}", lambda: keras2(model))
    write("torchsummary-lenet", lambda: torchsummary.summary(torch_lenet(), (1, 32, 32), device="cpu"))
    write("torchsummary-vgg16", lambda: torchsummary.summary(torchvision.models.vgg16(), (3, 224, 224), device="cpu"))
    write("torchsummary-vgg11_bn", lambda: torchsummary.summary(torchvision.models.vgg11_bn(), (3, 224, 224), device="cpu"))
    write("torchsummary-resnet18", lambda: torchsummary.summary(torchvision.models.resnet18(), (3, 224, 224), device="cpu"))
    columns = ("input_size", "output_size", "num_params", "kernel_size", "mult_adds")
    write("torchinfo-lenet", lambda: print(torchinfo.summary(torch_lenet(), (1, 1, 32, 32), verbose=0)))
    write("torchinfo-lenet-columns", lambda: print(torchinfo.summary(torch_lenet(), (1, 1, 32, 32), verbose=0, col_names=columns)))
    alexnet = torchvision.models.alexnet()
    write("torchinfo-alexnet", lambda: print(torchinfo.summary(alexnet, (1, 3, 224, 224), verbose=0)))
    write("torchinfo-alexnet-columns", lambda: print(torchinfo.summary(alexnet, (1, 3, 224, 224), verbose=0, col_names=columns)))
    vgg = torchvision.models.vgg11_bn()
    write("torchinfo-vgg11_bn", lambda: print(torchinfo.summary(vgg, (1, 3, 224, 224), verbose=0, col_names=columns)))
    resnet = torchvision.models.resnet18()
    write("torchinfo-resnet18", lambda: print(torchinfo.summary(resnet, (1, 3, 224, 224), verbose=0)))
    write("torchinfo-resnet18-columns", lambda: print(torchinfo.summary(resnet, (1, 3, 224, 224), verbose=0, col_names=columns)))


    for name, layers in [("darknet19", darknet19()), ("yolov3-tiny", yolov3_tiny()), ("yolov3-head", yolov3_begin())]:
        side = 256 if name == "darknet19" else 416
        write(f"darknet-{name}", lambda: darknet(layers, side, side, 3))
        write(f"darknet-{name}-alexeyab", lambda: darknet_alexeyab(layers, side, side, 3))


def write(name, show):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        show()
    (HERE / f"{name}.txt").write_text("\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n")


def torch_lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def keras_lenet():
    layers = keras.layers
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(6, 5, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(16, 5, activation="relu"), layers.MaxPooling2D(),
        layers.Flatten(), layers.Dense(120, activation="relu"), layers.Dense(84, activation="relu"),
        layers.Dense(10, activation="softmax")], name="lenet")


def keras_vgg():
    layers = keras.layers
    model = keras.Sequential([keras.Input((32, 32, 3))], name="vgg")
    for filters in (64, 128, 256):
        for _ in range(2):
            model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
            model.add(layers.BatchNormalization())
            model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D())
        model.add(layers.Dropout(0.25))
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def keras_resnet():
    layers = keras.layers
    entry = keras.Input((64, 64, 3))
    x = layers.ZeroPadding2D(3)(entry)
    x = layers.Conv2D(64, 7, strides=2)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(x))
    for filters, stride in ((64, 1), (128, 2)):
        shortcut = x
        if stride > 1:
            shortcut = layers.BatchNormalization()(layers.Conv2D(filters, 1, strides=stride)(x))
        x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(filters, 3, strides=stride, padding="same")(x)))
        x = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(x))
        x = layers.ReLU()(layers.Add()([shortcut, x]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(entry, layers.Dense(10, activation="softmax")(x), name="resnet")


def keras_inception():
    layers = keras.layers

    def conv(x, filters, size, **options):
        return layers.Conv2D(filters, size, padding="same", activation="relu", **options)(x)

    entry = keras.Input((96, 96, 3))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(conv(entry, 64, 7, strides=2))
    branches = [
        conv(x, 64, 1),
        conv(conv(x, 96, 1), 128, 3),
        conv(conv(x, 16, 1), 32, 5),
        conv(layers.MaxPooling2D(3, strides=1, padding="same")(x), 32, 1),
    ]
    x = layers.Concatenate()(branches)
    x = layers.Dropout(0.4)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(entry, layers.Dense(1000, activation="softmax")(x), name="inception")


def keras2(model):
    """Keras 2.15's `print_summary`: lines of 65 characters for a chain, of 98 where layers name those before them."""
    chain = isinstance(model, keras.Sequential)
    width = 65 if chain else 98
    stops = [29, 55, 65] if chain else [32, 53, 64, 98]
    cells = ["Layer (type)", "Output Shape", "Param #"] + ([] if chain else ["Connected to"])

    def row(cells):
        line = ""
        for cell, stop in zip(cells, stops):
            line = (line + str(cell))[: stop - 1].ljust(stop)
        print(line)

    print(f'Model: "{model.name}"')
    print("_" * width)
    row(cells)
    print("=" * width)
    for layer in model.layers:
        shape = layer.output.shape
        shape = f"[{tuple(shape)}]" if type(layer).__name__ == "InputLayer" else str(tuple(shape))
        before = []
        if not chain:
            before = [f"{tensor._keras_history.operation.name}[0][0]" for tensor in inputs(layer)]
        row([f"{layer.name} ({type(layer).__name__})", shape, layer.count_params()] + ([] if chain else [list_of(before)]))
        for other in before[1:]:
            row(["", "", "", f" '{other}'" + ("]" if other == before[-1] else ",")])
        print(" " * width)
    print("=" * width)
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    rest = sum(math.prod(weight.shape) for weight in model.non_trainable_weights)
    for words, count in (("Total", trainable + rest), ("Trainable", trainable), ("Non-trainable", rest)):
        print(f"{words} params: {count} ({size(count * 4)})")
    print("_" * width)


def inputs(layer):
    if type(layer).__name__ == "InputLayer":
        return []
    return layer.input if isinstance(layer.input, list) else [layer.input]


def list_of(names):
    return "[" + (f"'{names[0]}'" if names else "") + ("]" if len(names) < 2 else ",")


def size(count):
    for unit in ("Byte", "KB", "MB", "GB"):
        if count < 1024:
            return f"{count:.2f} {unit}"
        count /= 1024


def darknet19():
    layers = [("conv", 32, 3, 1), ("max", 2, 2), ("conv", 64, 3, 1), ("max", 2, 2)]
    for filters, count in ((128, 3), (256, 3), (512, 5), (1024, 5)):
        for turn in range(count):
            layers.append(("conv", filters // (1 + turn % 2), 3 if turn % 2 == 0 else 1, 1))
        if filters < 1024:
            layers.append(("max", 2, 2))
    return layers + [("conv", 1000, 1, 1), ("avg",), ("softmax",)]


def yolov3_tiny():
    layers = []
    for filters in (16, 32, 64, 128, 256):
        layers += [("conv", filters, 3, 1), ("max", 2, 2)]
    return layers + [
        ("conv", 512, 3, 1), ("max", 2, 1), ("conv", 1024, 3, 1), ("conv", 256, 1, 1), ("conv", 512, 3, 1), ("conv", 255, 1, 1),
        ("yolo",), ("route", 13), ("conv", 128, 1, 1), ("upsample", 2), ("route", 19, 8), ("conv", 256, 3, 1), ("conv", 255, 1, 1),
        ("yolo",)]


def yolov3_begin():
    """YOLOv3's first residual blocks."""
    layers = [("conv", 32, 3, 1)]
    for filters, count in ((64, 1), (128, 2)):
        layers.append(("conv", filters, 3, 2))
        for _ in range(count):
            layers += [("conv", filters // 2, 1, 1), ("conv", filters, 3, 1), ("res", len(layers) - 1)]
    return layers


def walk(layers, w, h, c):
    """For each layer its input and its output, as Darknet's `make_..._layer` computes them."""
    outputs = []
    for layer in layers:
        kind, before = layer[0], (w, h, c)
        if kind == "conv":
            _, filters, size, stride = layer
            pad = size // 2
            w, h, c = (w + 2 * pad - size) // stride + 1, (h + 2 * pad - size) // stride + 1, filters
        elif kind == "max":
            _, size, stride = layer
            w, h = (w + size - 1 - size) // stride + 1, (h + size - 1 - size) // stride + 1
        elif kind == "upsample":
            w, h = w * layer[1], h * layer[1]
        elif kind == "route":
            w, h, _ = outputs[layer[1]]
            c = sum(outputs[other][2] for other in layer[1:])
        elif kind == "avg":
            w, h = 1, 1
        outputs.append((w, h, c))
        yield layer, before, (w, h, c), outputs


def darknet(layers, w, h, c):
    """The format strings of pjreddie/darknet: parser.c, convolutional_layer.c, maxpool_layer.c, route_layer.c and others."""
    print("layer     filters    size              input                output")
    for number, (layer, (w, h, c), (out_w, out_h, out_c), outputs) in enumerate(walk(layers, w, h, c)):
        kind = layer[0]
        print("%5d " % number, end="")
        if kind == "conv":
            _, n, size, stride = layer
            print("conv  %5d %2d x%2d /%2d  %4d x%4d x%4d   ->  %4d x%4d x%4d  %5.3f BFLOPs" % (
                n, size, size, stride, w, h, c, out_w, out_h, out_c, 2.0 * n * size * size * c * out_h * out_w / 1e9))
        elif kind == "max":
            _, size, stride = layer
            print("max          %d x %d / %d  %4d x%4d x%4d   ->  %4d x%4d x%4d" % (size, size, stride, w, h, c, out_w, out_h, out_c))
        elif kind == "upsample":
            print("upsample           %2dx  %4d x%4d x%4d   ->  %4d x%4d x%4d" % (layer[1], w, h, c, out_w, out_h, out_c))
        elif kind == "res":
            print("res  %3d                %4d x%4d x%4d   ->  %4d x%4d x%4d" % (layer[1], *outputs[layer[1]], out_w, out_h, out_c))
        elif kind == "route":
            print("route " + "".join(" %d" % other for other in layer[1:]))
        elif kind == "avg":
            print("avg                     %4d x%4d x%4d   ->  %4d" % (w, h, c, c))
        elif kind == "softmax":
            print("softmax                                        %4d" % c)
        else:
            print(kind)


def darknet_alexeyab(layers, w, h, c):
    """The format strings of AlexeyAB/darknet."""
    print("   layer   filters  size/strd(dil)      input                output")
    total = 0
    for number, (layer, (w, h, c), (out_w, out_h, out_c), outputs) in enumerate(walk(layers, w, h, c)):
        kind = layer[0]
        print("%4d " % number, end="")
        if kind == "conv":
            _, n, size, stride = layer
            flops = 2.0 * n * size * size * c * out_h * out_w / 1e9
            total += flops
            print("conv  %5d      %2d x%2d/%2d   %4d x%4d x%4d -> %4d x%4d x%4d %5.3f BF" % (
                n, size, size, stride, w, h, c, out_w, out_h, out_c, flops))
        elif kind == "max":
            _, size, stride = layer
            flops = size * size * out_c * out_h * out_w / 1e9
            total += flops
            print("max               %2dx%2d/%2d   %4d x%4d x%4d -> %4d x%4d x%4d %5.3f BF" % (
                size, size, stride, w, h, c, out_w, out_h, out_c, flops))
        elif kind == "upsample":
            print("upsample                %2dx  %4d x%4d x%4d -> %4d x%4d x%4d" % (layer[1], w, h, c, out_w, out_h, out_c))
        elif kind == "res":
            total += out_w * out_h * out_c / 1e9
            print("Shortcut Layer: %d,  wt = 0, wn = 0, outputs:%4d x%4d x%4d %5.3f BF" % (
                layer[1], out_w, out_h, out_c, out_w * out_h * out_c / 1e9))
        elif kind == "route":
            print("route " + "".join(" %d" % other for other in layer[1:])
                  + " \t                           -> %4d x%4d x%4d " % (out_w, out_h, out_c))
        elif kind == "avg":
            print("avg                         %4d x%4d x%4d -> %4d" % (w, h, c, c))
        elif kind == "softmax":
            print("softmax                                        %4d" % c)
        else:
            print(kind)
    print("Total BFLOPS %5.3f " % total)


if __name__ == "__main__":
    main()
