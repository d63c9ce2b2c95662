"""Drawings of the gallery: scenes of simple shapes on a sheet of three by three places, painted as small images."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SIDE = 32  # pixels
CELL = SIDE / 3
FINE = 4  # points to a pixel's side when an edge is painted
RADIUS = {"small": 3.2, "large": 4.8}  # pixels
SWAY = {"small": 1.4, "large": 0.3}  # pixels off the middle of a place, at most
COLOURS = {
    "red": (205, 30, 40), "orange": (245, 130, 20), "yellow": (240, 205, 0), "green": (30, 150, 60),
    "blue": (30, 80, 210), "purple": (135, 50, 165), "brown": (120, 75, 35), "black": (25, 25, 25),
}  # fmt: skip
GROUNDS = {"white": (250, 250, 248), "grey": (172, 174, 178), "pink": (249, 200, 212), "cream": (250, 236, 195)}
ROWS = ("top", "centre", "bottom")
COLUMNS = ("left", "centre", "right")

Points = np.ndarray


def _star(x: Points, y: Points) -> Points:
    """Five points: the angle to the nearest one decides how far out the edge is."""
    turn = np.abs((np.arctan2(x, -y) + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5)
    return np.hypot(x, y) * (np.cos(turn) + 1.9 * np.sin(turn)) <= 1.1


KINDS: dict[str, Callable[[Points, Points], Points]] = {  # inside or not, in a square from -1 to 1; y grows downwards
    "circle": lambda x, y: x**2 + y**2 <= 0.95,
    "square": lambda x, y: np.maximum(np.abs(x), np.abs(y)) <= 0.94,
    "triangle": lambda x, y: (y <= 0.85) & (y >= 2 * np.abs(x) - 1),
    "cross": lambda x, y: (np.minimum(np.abs(x), np.abs(y)) <= 0.27) & (np.maximum(np.abs(x), np.abs(y)) <= 1),
    "ring": lambda x, y: (x**2 + y**2 <= 1) & (x**2 + y**2 >= 0.3),
    "bar": lambda x, y: (np.abs(y) <= 0.35) & (np.abs(x) <= 1),
    "star": _star,
    "moon": lambda x, y: (x**2 + y**2 <= 1) & ((x - 0.55) ** 2 + y**2 >= 0.75),
}


@dataclass(frozen=True)
class Shape:
    """A shape of a scene; `row` and `column` count from 0 at the top left."""

    kind: str
    colour: str
    size: str
    row: int
    column: int

    @property
    def place(self) -> str:
        """ "top left", "top centre", ..., "centre", ..., "bottom right"."""
        row, column = ROWS[self.row], COLUMNS[self.column]
        return row if row == column else f"{row} {column}"

    @property
    def design(self) -> tuple[str, str, str]:
        """What equal shapes share."""
        return self.size, self.colour, self.kind


@dataclass(frozen=True)
class Scene:
    """Shapes in reading order, and the colours of the ground: one, or that of the upper and of the lower half."""

    shapes: tuple[Shape, ...]
    ground: tuple[str, ...]

    @property
    def groups(self) -> list[list[Shape]]:
        """Equal shapes together; large ones first, then in reading order."""
        groups: dict[tuple, list[Shape]] = {}
        for shape in sorted(self.shapes, key=lambda shape: shape.size != "large"):
            groups.setdefault(shape.design, []).append(shape)
        return list(groups.values())

    def only(self, **known: str) -> Shape | None:
        """The shape with these attributes, if there is exactly one."""
        found = [shape for shape in self.shapes if all(getattr(shape, key) == known[key] for key in known)]
        return found[0] if len(found) == 1 else None


def draw_scene(rng: random.Random) -> Scene:
    """Two to five shapes, some of them equal; now and then all of one colour."""
    colours = list(COLOURS) if rng.random() < 0.85 else [rng.choice(list(COLOURS))]
    cells = sorted(rng.sample(range(9), rng.choice((2, 3, 3, 3, 4, 4, 5))))
    designs, shapes = [], []
    for cell in cells:
        if not designs or rng.random() < 0.7:
            design = rng.choice(list(KINDS)), rng.choice(colours), "large" if rng.random() < 0.4 else "small"
        else:
            design = rng.choice(designs)
        designs.append(design)
        shapes.append(Shape(*design, *divmod(cell, 3)))
    return Scene(tuple(shapes), tuple(rng.sample(list(GROUNDS), rng.choice((1, 1, 2)))))


def paint(scene: Scene, rng: random.Random) -> np.ndarray:
    """The image of `scene`, (SIDE, SIDE, 3) bytes; no place and no colour is met exactly."""
    sheet = np.empty((SIDE, SIDE, 3))
    for half, colour in enumerate(scene.ground):
        sheet[half * SIDE // 2 :] = _shade(GROUNDS[colour], rng, 5)
    for shape in scene.shapes:
        radius, sway = RADIUS[shape.size], SWAY[shape.size]
        x, y = ((step + 0.5) * CELL + rng.uniform(-sway, sway) for step in (shape.column, shape.row))
        left, top = max(0, int(x - radius)), max(0, int(y - radius))
        right, bottom = min(SIDE, int(x + radius) + 1), min(SIDE, int(y + radius) + 1)
        xs = (np.arange(left * FINE, right * FINE) + 0.5) / FINE
        ys = (np.arange(top * FINE, bottom * FINE) + 0.5) / FINE
        inside = KINDS[shape.kind]((xs[None, :] - x) / radius, (ys[:, None] - y) / radius)
        cover = inside.reshape(bottom - top, FINE, right - left, FINE).mean((1, 3))[..., None]
        part = sheet[top:bottom, left:right]
        part += cover * (_shade(COLOURS[shape.colour], rng, 12) - part)
    return sheet.round().astype(np.uint8)


def _shade(colour: tuple[int, int, int], rng: random.Random, by: int) -> np.ndarray:
    return np.clip([level + rng.uniform(-by, by) for level in colour], 0, 255)
