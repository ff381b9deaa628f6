"""What Pillow makes of pictures that are brought to another size, for `tests/pillow.rs`: `python data/goldens/pillow.py`.

Pictures of levels that follow from their place, as png loses none; `Image.BILINEAR`, as torchvision's `Resize` has it.
"""
import numpy
from PIL import Image

SIZES = [((61, 47), (6, 5)), ((5, 4), (9, 7)), ((33, 6), (8, 8))]


def levels(height, width, channels):
    y, x, c = numpy.mgrid[0:height, 0:width, 0:channels]
    return ((x * 37 + y * 91 + c * 53 + x * y * 7) % 256).astype("uint8")


for (height, width), (high, wide) in SIZES:
    for channels in [1, 3]:
        picture = Image.fromarray(levels(height, width, channels).squeeze())
        sized = picture.resize((wide, high), Image.BILINEAR)
        told = numpy.asarray(sized).tobytes().hex()
        lines = "\\\n         ".join(told[at : at + 100] for at in range(0, len(told), 100))
        print(f'    (\n        [{height}, {width}, {channels}],\n        [{high}, {wide}],\n        "{lines}",\n    ),')
