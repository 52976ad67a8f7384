"""The pen that draws the demo shop's pictures: shapes, shading and textures as SVG, in the colours of one dye.

The sheet measures 800 x 1000; light falls from the upper left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 800, 1000
WHITE, BLACK = "#ffffff", "#15161a"
PAPER, CREAM, LEATHER, BRASS, IRON, STEEL = "#f0ece4", "#f3eee3", "#8a5a3b", "#b08d4a", "#33353a", "#c3c7c9"


def mix(first: str, second: str, share: float) -> str:
    """`first` with that `share` (0-1) of `second` in it; colours as #rrggbb."""
    pairs = [(int(first[at : at + 2], 16), int(second[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def tag(name: str, /, *children: str, **attributes: object) -> str:
    """An SVG element; `stroke_width=2` becomes stroke-width="2"."""
    spoken = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_said(value))}"' for key, value in attributes.items()
    )
    return f"<{name}{spoken}>{''.join(children)}</{name}>" if children else f"<{name}{spoken}/>"


def _said(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def path(d: str, fill: str = "none", **attributes: object) -> str:
    return tag("path", d=d, fill=fill, **attributes)


def line(d: str, colour: str, width: float = 2, opacity: float = 1, **attributes: object) -> str:
    """A stroke with round ends."""
    ends = {"stroke_linecap": "round", "stroke_linejoin": "round", **attributes}
    return tag("path", d=d, fill="none", stroke=colour, stroke_width=width, stroke_opacity=opacity, **ends)


def lines(ds: Iterable[str], colour: str, width: float = 2, opacity: float = 1) -> str:
    """Many strokes of one kind, as one path."""
    return line(" ".join(ds), colour, width, opacity)


def ellipse(x: float, y: float, rx: float, ry: float, fill: str, **attributes: object) -> str:
    return tag("ellipse", cx=x, cy=y, rx=rx, ry=ry, fill=fill, **attributes)


def rect(x: float, y: float, width: float, height: float, fill: str, **attributes: object) -> str:
    return tag("rect", x=x, y=y, width=width, height=height, fill=fill, **attributes)


def group(*children: str, **attributes: object) -> str:
    return tag("g", *children, **attributes)


def box(x: float, y: float, width: float, height: float, radius: float) -> str:
    """The outline of a rectangle with round corners."""
    across, down = width - 2 * radius, height - 2 * radius
    return (
        f"M{x + radius:g} {y:g}h{across:g}a{radius:g} {radius:g} 0 0 1 {radius:g} {radius:g}v{down:g}"
        f"a{radius:g} {radius:g} 0 0 1 {-radius:g} {radius:g}h{-across:g}"
        f"a{radius:g} {radius:g} 0 0 1 {-radius:g} {-radius:g}v{-down:g}"
        f"a{radius:g} {radius:g} 0 0 1 {radius:g} {-radius:g}z"
    )


@dataclass(frozen=True, slots=True)
class Pen:
    """A dye and the names under which its shades and textures are defined in one drawing."""

    dye: str
    name: str = "p"

    @property
    def light(self) -> str:
        return mix(self.dye, WHITE, 0.28)

    @property
    def pale(self) -> str:
        return mix(self.dye, CREAM, 0.72)

    @property
    def dark(self) -> str:
        return mix(self.dye, BLACK, 0.24)

    @property
    def deep(self) -> str:
        return mix(self.dye, BLACK, 0.46)

    def ref(self, part: str) -> str:
        return f"url(#{self.name}-{part})"

    def solid(self, d: str, fill: str, *textures: str) -> str:
        """A body in `fill`, under its textures, shaded from the light to the far side."""
        layers = [fill, *(self.ref(texture) for texture in textures), self.ref("sheen"), self.ref("fall")]
        return "".join(path(d, layer) for layer in layers)

    def clipped(self, part: str, d: str, *children: str) -> str:
        """`children`, cut along the outline `d`."""
        clip = tag("clipPath", path(d, BLACK), id=f"{self.name}-{part}")
        return clip + group(*children, clip_path=self.ref(part))

    def contact(self, x: float, y: float, rx: float, ry: float = 26) -> str:
        """The shadow where the thing stands or lies."""
        return ellipse(x, y, rx, ry, self.ref("contact"))

    def mark(self, x: float, y: float, size: float = 1, colour: str = CREAM) -> str:
        """The shop's mark, a ridge above its mirror in the lake, centred on the point."""
        ridge = "M-22 0L-6 -20L2 -10L8 -17L22 0z"
        water = "M-22 7h44M-14 14h28M-6 21h12"
        return group(
            path(ridge, colour),
            line(water, colour, 2.6),
            transform=f"translate({x:g} {y:g}) scale({size:g})",
        )

    def label(self, x: float, y: float, width: float = 76, height: float = 50) -> str:
        """A sewn-on label with the mark, centred on the point."""
        outline = box(x - width / 2, y - height / 2, width, height, 4)
        seam = box(x - width / 2 + 5, y - height / 2 + 5, width - 10, height - 10, 2)
        return (
            path(outline, CREAM)
            + line(seam, "#b9ad97", 1.4, 0.9, stroke_dasharray="4 4")
            + self.mark(x, y + 2, height / 60, "#4a4f4a")
        )

    def defs(self) -> str:
        """Everything that `ref` can name, in the colours of this dye."""
        return tag("defs", *self._shades(), *self._textures())

    def _shades(self) -> list[str]:
        def gradient(part: str, direction: dict[str, str], *stops: tuple[float, str, float]) -> str:
            kind = "radialGradient" if "r" in direction else "linearGradient"
            marks = [tag("stop", offset=at, stop_color=colour, stop_opacity=how) for at, colour, how in stops]
            return tag(kind, *marks, id=f"{self.name}-{part}", **direction)

        across, down = {"x2": "1", "y2": "0"}, {"x2": "0", "y2": "1"}
        return [
            gradient("sheen", across, (0, WHITE, 0.0), (0.22, WHITE, 0.16), (0.5, WHITE, 0), (1, BLACK, 0.24)),
            gradient("fall", down, (0, WHITE, 0.08), (0.45, WHITE, 0), (1, BLACK, 0.16)),
            gradient("round", across, (0, BLACK, 0.22), (0.3, WHITE, 0.22), (0.55, BLACK, 0), (1, BLACK, 0.38)),
            gradient("contact", {"r": "0.5"}, (0, BLACK, 0.3), (0.55, BLACK, 0.14), (1, BLACK, 0)),
            gradient("inside", down, (0, BLACK, 0.55), (1, BLACK, 0.15)),
            gradient("glow", {"r": "0.5"}, (0, "#ffe9b0", 1), (0.4, "#ffd88a", 0.55), (1, "#ffd88a", 0)),
        ]

    def _textures(self) -> list[str]:
        def pattern(part: str, width: float, height: float, *marks: str, turn: float = 0) -> str:
            return tag(
                "pattern",
                *marks,
                id=f"{self.name}-{part}",
                width=width,
                height=height,
                patternUnits="userSpaceOnUse",
                patternTransform=f"rotate({turn:g})",
            )

        dark, light = self.deep, mix(self.dye, WHITE, 0.5)
        return [
            pattern(
                "rib",
                20,
                40,
                rect(0, 0, 5, 40, dark, opacity=0.34),
                rect(5, 0, 3, 40, dark, opacity=0.12),
                rect(11, 0, 5, 40, light, opacity=0.26),
            ),
            pattern(
                "knit",
                14,
                12,
                line("M1 1L7 9L13 1", dark, 2.2, 0.26),
                line("M1 -2L7 6L13 -2M1 10L7 18L13 10", light, 1.6, 0.18),
            ),
            pattern(
                "purl",
                12,
                9,
                line("M0 4.5q3 -4 6 0t6 0", dark, 2, 0.24),
                line("M0 7.5q3 -4 6 0t6 0", light, 1.4, 0.16),
            ),
            pattern("twill", 7, 7, rect(0, 0, 2.2, 7, dark, opacity=0.16), turn=38),
            pattern(
                "canvas",
                6,
                6,
                rect(0, 0, 3, 1.2, dark, opacity=0.16),
                rect(3, 3, 3, 1.2, dark, opacity=0.16),
                rect(0, 3, 1.2, 3, light, opacity=0.14),
            ),
            pattern(
                "felt",
                17,
                19,
                line("M2 3l3 1M10 7l2 -2M5 13l2 2M13 15l2 1", dark, 1.5, 0.22),
                line("M7 2l2 2M14 9l1 2M2 9l2 -1M9 17l3 -1", light, 1.5, 0.26),
            ),
            pattern(
                "linen",
                9,
                9,
                rect(0, 0, 9, 1, dark, opacity=0.14),
                rect(0, 5, 9, 0.8, light, opacity=0.3),
                rect(2, 0, 0.9, 9, dark, opacity=0.1),
                rect(6.5, 0, 0.8, 9, light, opacity=0.24),
            ),
        ]
