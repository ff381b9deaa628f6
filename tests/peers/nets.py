"""The nets that `cpu.py` measures: ours as text, theirs in PyTorch, with as many parameters (the script compares them)."""
import torch
from torch import nn

# Those that are not in the library as they stand.
TEXT = """
net pattern = 32x32x3 - [(conv {32, 64, 128} - relu)^2 - pool]^3 - (fc 256 - relu)^1, softmax 10

# A. G. Howard et al., "MobileNets", arXiv:1704.04861: a 3x3 convolution of each channel alone, then a 1x1.
block separable(i, c, s=1) = conv i 3x3/s groups i - bn - relu - conv c 1x1 - bn - relu
net mobilenet = 224x224x3 - conv 32 3x3/2 - bn - relu - separable(32, 64) - separable(64, 128, 2) - separable(128, 128)
    - separable(128, 256, 2) - separable(256, 256) - separable(256, 512, 2) - separable(512, 512)^5
    - separable(512, 1024, 2) - separable(1024, 1024) - pool avg global, softmax 1000

net unet128 = 128x128x1 - ((conv {64, 128, 256, 512} - relu)^{2, 2, 2, 2} as e - pool)^4
    - (conv 1024 - relu)^2
    - (concat(deconv {512, 256, 128, 64} 2x2/2 | e{4, 3, 2, 1})
        - (conv {512, 256, 128, 64} - relu)^{2, 2, 2, 2})^4 - conv 2 1x1 - softmax
"""


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def pattern():
    layers, channels = [], 3
    for filters in [32, 64, 128]:
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.Conv2d(filters, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2048, 256), nn.ReLU(), nn.Linear(256, 10))


def alexnet():
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(), nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(), nn.MaxPool2d(3, 2), nn.Flatten(), nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000),
    )


def vgg16():
    layers, channels = [], 3
    for filters, times in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]:
        for _ in range(times):
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
            channels = filters
        layers.append(nn.MaxPool2d(2))
    full = [nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 1000)]
    return nn.Sequential(*layers, nn.Flatten(), *full)


def normalised(before, after, size=1, stride=1, groups=1, eps=1e-5, relu=True):
    layers = [nn.Conv2d(before, after, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(after, eps=eps)]
    return nn.Sequential(*layers, *([nn.ReLU()] if relu else []))


class Inception(nn.Module):
    def __init__(self, channels, a, b3, b, c5, c, p):
        super().__init__()
        unit = lambda *sizes: normalised(*sizes, eps=0.001)
        pool = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), unit(channels, p))
        self.branches = nn.ModuleList(
            [unit(channels, a), nn.Sequential(unit(channels, b3), unit(b3, b, 3)), nn.Sequential(unit(channels, c5), unit(c5, c, 3)), pool]
        )

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


def googlenet():
    unit = lambda *sizes: normalised(*sizes, eps=0.001)
    pool = lambda size: nn.MaxPool2d(size, 2, ceil_mode=True)
    return nn.Sequential(
        unit(3, 64, 7, 2), pool(3), unit(64, 64), unit(64, 192, 3), pool(3),
        Inception(192, 64, 96, 128, 16, 32, 32), Inception(256, 128, 128, 192, 32, 96, 64), pool(3),
        Inception(480, 192, 96, 208, 16, 48, 64), Inception(512, 160, 112, 224, 24, 64, 64), Inception(512, 128, 128, 256, 24, 64, 64),
        Inception(512, 112, 144, 288, 32, 64, 64), Inception(528, 256, 160, 320, 32, 128, 128), pool(2),
        Inception(832, 256, 160, 320, 32, 128, 128), Inception(832, 384, 192, 384, 48, 128, 128),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1024, 1000),
    )


class Residual(nn.Module):
    def __init__(self, body, before, after, stride):
        super().__init__()
        self.body = body
        self.shortcut = nn.Identity() if stride == 1 and before == after else normalised(before, after, 1, stride, relu=False)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.body(x) + self.shortcut(x))


def basic(before, c, stride):
    return Residual(nn.Sequential(normalised(before, c, 3, stride), normalised(c, c, 3, relu=False)), before, c, stride), c


def bottleneck(before, c, stride):
    body = nn.Sequential(normalised(before, c), normalised(c, c, 3, stride), normalised(c, 4 * c, relu=False))
    return Residual(body, before, 4 * c, stride), 4 * c


def resnet(block, counts):
    layers, channels = [normalised(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)], 64
    for stage, (c, count) in enumerate(zip([64, 128, 256, 512], counts)):
        for i in range(count):
            layer, channels = block(channels, c, 2 if stage and not i else 1)
            layers.append(layer)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


def mobilenet():
    layers, channels = [normalised(3, 32, 3, 2)], 32
    for c, stride in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + 5 * [(512, 1)] + [(1024, 2), (1024, 1)]:
        layers += [normalised(channels, channels, 3, stride, groups=channels), normalised(channels, c)]
        channels = c
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        two = lambda a, b: nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.ReLU())
        self.down = nn.ModuleList([two(1, 64), two(64, 128), two(128, 256), two(256, 512)])
        self.bottom, self.pool, self.last = two(512, 1024), nn.MaxPool2d(2), nn.Conv2d(64, 2, 1)
        self.up = nn.ModuleList([nn.ConvTranspose2d(2 * c, c, 2, 2) for c in [512, 256, 128, 64]])
        self.joined = nn.ModuleList([two(2 * c, c) for c in [512, 256, 128, 64]])

    def forward(self, x):
        twins = []
        for part in self.down:
            x = part(x)
            twins.append(x)
            x = self.pool(x)
        x = self.bottom(x)
        for up, joined in zip(self.up, self.joined):
            x = joined(torch.cat([up(x), twins.pop()], 1))
        return self.last(x)


# Name: ours, theirs, shape of a picture, batch in training and in inference.
NETS = {
    "LeNet": ("lenet", lenet, (1, 28, 28), 64, 64),
    "pattern net": ("pattern", pattern, (3, 32, 32), 64, 64),
    "AlexNet": ("alexnet.torchvision", alexnet, (3, 224, 224), 16, 8),
    "VGG-16": ("vgg16", vgg16, (3, 224, 224), 2, 2),
    "GoogLeNet": ("googlenet.torchvision", googlenet, (3, 224, 224), 8, 8),
    "ResNet-18": ("resnet18", lambda: resnet(basic, [2, 2, 2, 2]), (3, 224, 224), 8, 8),
    "ResNet-50": ("resnet50", lambda: resnet(bottleneck, [3, 4, 6, 3]), (3, 224, 224), 8, 8),
    "MobileNet-V1": ("mobilenet", mobilenet, (3, 224, 224), 8, 8),
    "U-Net 128": ("unet128", UNet, (1, 128, 128), 4, 4),
}
