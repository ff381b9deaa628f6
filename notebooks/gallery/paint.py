"""Draws the paintings of the notebook on style: `pip install numpy pillow`, then `python paint.py`."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 192, 128


def near(random, color, by):
    """A colour like this one."""
    return tuple(int(np.clip(part + change, 0, 255)) for part, change in zip(color, random.integers(-by, by, 3)))


def strokes(random):
    """Short strokes of a brush along a field that swirls, dark blue to orange."""
    image = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT), (24, 34, 84))
    draw = ImageDraw.Draw(image)
    colors = [(20, 30, 80), (40, 70, 160), (70, 120, 190), (140, 180, 210), (250, 236, 170), (244, 200, 60), (226, 120, 40)]
    for _ in range(5200):
        x, y = random.uniform(0, 2 * WIDTH), random.uniform(0, 2 * HEIGHT)
        tone = (np.sin(x / 80 + 0.6) + np.cos(y / 58) + 2) / 4 * 0.8 + random.random() * 0.25
        points = [(x, y)]
        for _ in range(8):
            angle = 1.9 * np.sin(x / 72) + 1.9 * np.cos(y / 60)
            x, y = x + 5 * np.cos(angle), y + 5 * np.sin(angle)
            points.append((x, y))
        color = near(random, colors[min(int(tone * 7), 6)], 16)
        draw.line(points, fill=color, width=int(random.integers(4, 8)), joint="curve")
    return image


def tiles(random):
    """Crooked tiles in rows, with dark joints."""
    image = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT), (46, 40, 38))
    draw = ImageDraw.Draw(image)
    colors = [(196, 64, 40), (236, 176, 70), (36, 116, 128), (246, 236, 214), (40, 62, 110), (120, 150, 90)]
    side = 28
    for y in range(0, 2 * HEIGHT, side):
        for x in range(0, 2 * WIDTH, side):
            tone = int(np.sin(x / 90) * 1.2 + np.cos(y / 70 + x / 160) * 1.2 + 3 + random.normal() * 0.7) % 6
            off = random.integers(-3, 3, 8)
            low, high = 3, side - 3
            corners = [(low, low), (high, low), (high, high), (low, high)]
            corners = [(x + a + off[2 * i], y + b + off[2 * i + 1]) for i, (a, b) in enumerate(corners)]
            draw.polygon(corners, fill=near(random, colors[tone], 14))
    return image


if __name__ == "__main__":
    for name, paint, seed in (("strokes", strokes, 1889), ("tiles", tiles, 547)):
        picture = paint(np.random.default_rng(seed)).resize((WIDTH, HEIGHT), Image.LANCZOS)
        picture.save(FOLDER / f"{name}.jpg", quality=88)
