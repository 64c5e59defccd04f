"""Draws the app's icons: four corners of a viewfinder and a lens, in the app's teal.

Run ``python tools/icons.py`` after a change; the results are committed, and a test holds them
against this script pixel by pixel.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

TEAL = (0, 102, 107, 255)
PAPER = (255, 255, 255, 255)
FOLDER = Path(__file__).resolve().parents[1] / "pwa" / "icons"
# The mark on a grid of 24, as drawn in icon.svg.
GRID = 24
CORNERS = (
    ((6, 9), (6, 6), (9, 6)),
    ((15, 6), (18, 6), (18, 9)),
    ((18, 15), (18, 18), (15, 18)),
    ((9, 18), (6, 18), (6, 15)),
)
STROKE = 1.5
LENS = 3.25
SMOOTH = 8

SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">
  <rect width="24" height="24" rx="5" fill="#00666b"/>
  <g fill="none" stroke="#fff" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">
    <path d="M6 9V6h3M15 6h3v3M18 15v3h-3M9 18H6v-3"/>
    <circle cx="12" cy="12" r="3.25"/>
  </g>
</svg>
"""


def draw(size: int, *, corner: float, scale: float) -> Image.Image:
    """One icon: ``corner`` is the radius of the plate on the grid, ``scale`` the size of the mark."""
    big = Image.new("RGBA", (size * SMOOTH, size * SMOOTH), (0, 0, 0, 0))
    pen = ImageDraw.Draw(big)
    unit = size * SMOOTH / GRID
    pen.rounded_rectangle((0, 0, size * SMOOTH - 1, size * SMOOTH - 1), radius=corner * unit, fill=TEAL)
    _mark(pen, unit, scale)
    return big.resize((size, size), Image.Resampling.LANCZOS)


def _mark(pen: ImageDraw.ImageDraw, unit: float, scale: float) -> None:
    half = STROKE * unit * scale / 2

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return ((point[0] - 12) * scale + 12) * unit, ((point[1] - 12) * scale + 12) * unit

    for corner in CORNERS:
        spots = [at(point) for point in corner]
        pen.line(spots, fill=PAPER, width=round(half * 2))
        for x, y in spots:
            pen.ellipse((x - half, y - half, x + half, y + half), fill=PAPER)
    middle, radius = 12 * unit, LENS * unit * scale + half
    pen.ellipse(
        (middle - radius, middle - radius, middle + radius, middle + radius),
        outline=PAPER,
        width=round(half * 2),
    )


def icons() -> dict[str, Image.Image]:
    """Every raster icon by file name. Maskable ones fill the plate and keep to the safe circle."""
    return {
        "icon-192.png": draw(192, corner=5, scale=1.1),
        "icon-512.png": draw(512, corner=5, scale=1.1),
        "maskable-192.png": draw(192, corner=0, scale=0.9),
        "maskable-512.png": draw(512, corner=0, scale=0.9),
        "apple-touch-icon.png": draw(180, corner=0, scale=1.05).convert("RGB"),
        "favicon.ico": draw(32, corner=5, scale=1.2),
    }


def main(folder: Path) -> None:
    """Write them all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in icons().items():
        _save(image, folder / name)
    (folder / "icon.svg").write_text(SVG)


def _save(image: Image.Image, path: Path) -> None:
    if path.suffix == ".ico":
        image.save(path, sizes=[(32, 32)])
    else:
        # A palette keeps the soft edges of one colour on another in a fraction of the bytes.
        colours = image.quantize(64, method=Image.Quantize.FASTOCTREE)
        colours.save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
