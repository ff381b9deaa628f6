"""Pictures a second, read and decoded: `python tests/peers/loader.py [COUNT [SIDE [TO]]]`.

Makes a folder of COUNT jpegs (3,000) of SIDE × SIDE pixels (256), a folder a class, and brings them to TO × TO (64), both ways in
one run: PyTorch's DataLoader with two workers, each decoding with Pillow, and `cargo bench -p fovea-data --bench reading`.
Theirs decodes in every epoch: a pass of ours, the first or a later one, is held against their best pass, and five epochs in
all, whatever comes before the first batch included, against their five.
"""
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

ROOT = Path(__file__).resolve().parents[2]
COUNT, SIDE, TO = [int(word) for word in (sys.argv[1:] + ["3000", "256", "64"][len(sys.argv) - 1 :])]


class Folder(Dataset):
    def __init__(self, root):
        self.files = sorted(root.glob("*/*.jpg"))

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        with Image.open(self.files[index]) as picture:
            sized = picture.convert("RGB").resize((TO, TO), Image.BILINEAR)
        return torch.from_numpy(numpy.array(sized)).permute(2, 0, 1).float().div(255)


def make(root):
    random = numpy.random.default_rng(1)
    y, x = numpy.mgrid[0:SIDE, 0:SIDE]
    for i in range(COUNT):
        folder = root / ["a", "b"][i % 2]
        folder.mkdir(exist_ok=True)
        waves = [numpy.sin(x * random.uniform(0.01, 0.2) + y * random.uniform(0.01, 0.2)) for _ in range(3)]
        levels = 127 + 100 * numpy.stack(waves, 2) + random.normal(0, 8, (SIDE, SIDE, 3))
        Image.fromarray(levels.clip(0, 255).astype("uint8")).save(folder / f"{i}.jpg", quality=90)


def theirs(root):
    """Pictures a second: of the best pass, and of all five with what comes before."""
    began = time.monotonic()
    loader = DataLoader(Folder(root), batch_size=64, shuffle=True, num_workers=2, persistent_workers=True)
    best = 0
    # The first pass starts the workers.
    for _ in range(5):
        start = time.monotonic()
        count = sum(len(batch) for batch in loader)
        best = max(best, count / (time.monotonic() - start))
    return best, 5 * count / (time.monotonic() - began)


def ours(root):
    features = ["--no-default-features", "--features", "pictures"]
    bench = ["cargo", "bench", "--quiet", "-p", "fovea-data", *features, "--bench", "reading"]
    bench += ["--", str(root), str(TO), str(TO)]
    lines = subprocess.run(bench, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [line.rsplit("  ", 1) for line in lines if "  " in line]


def main():
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        make(place)
        best, five = theirs(place)
        print(f"{COUNT} jpegs of {SIDE}x{SIDE}, brought to {TO}x{TO}")
        print(f"DataLoader, two workers: the best pass {best:.0f} pictures/s, five epochs {five:.0f}")
        for name, figure in ours(place):
            peer = five if name == "five epochs" else best
            print(f"{name}  {figure}" + (f" pictures/s, {float(figure) / peer:.1f} times" if figure.isdigit() else ""))


if __name__ == "__main__":
    main()
