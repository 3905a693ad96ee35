"""Charts as SVG text: bars on a logarithmic axis, shares, and lines. Colours come from the page's style sheet."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 360
_LABELS, _RIGHT = 104, 34
_BAR, _GAP, _GROUP_GAP = 9, 2, 9
_Place = Callable[[float], float]
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        style: The class that gives its colour.
        value: Where it ends.
        low, high: Where its error bar goes from and to.
        about: Shown when pointed at.
    """

    style: str
    value: float
    low: float
    high: float
    about: str


@dataclass(frozen=True)
class Line:
    """One line: points `(x, y, low, high)`; `style` is the class that gives its colour."""

    style: str
    label: str
    points: Sequence[tuple[float, float, float, float]]


def tag(name: str, *children: str, **attributes: object) -> str:
    """An element; `class_` is the attribute class, and other underscores are hyphens."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_text(value)}"' for key, value in attributes.items() if value != ""
    )
    return f"<{name}{shown}>{''.join(children)}</{name}>"


def _text(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else escape(str(value))


def _svg(height: float, title: str, *children: str) -> str:
    return tag(
        "svg",
        tag("title", escape(title)),
        *children,
        viewBox=f"0 0 {WIDTH} {height:.0f}",
        role="img",
        aria_label=title,
    )


def ratio_bars(title: str, rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Horizontal bars from 1 to a ratio, on a logarithmic axis that all bars fit on."""
    ends = [end for _, bars in rows for bar in bars for end in (bar.value, bar.low, bar.high) if end > 0]
    low, high = min([0.5, *ends]) / 1.08, max([2.0, *ends]) * 1.08
    left, right = _LABELS, WIDTH - _RIGHT

    def place(value: float) -> float:
        share = math.log(max(value, low) / low) / math.log(high / low)
        return left + share * (right - left)

    body, height = _rows(rows, place, place(1.0), lambda bar: f"{bar.value:.2f}")
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    return _svg(height, title, *_vertical_grid(ticks, place, height, strong=1), *body)


def share_bars(title: str, rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Horizontal bars from 0 to a share, on an axis from 0 to 100 %."""

    def place(value: float) -> float:
        return _LABELS + min(value, 1.0) * (WIDTH - _RIGHT - _LABELS)

    body, height = _rows(rows, place, place(0.0), lambda bar: f"{100 * bar.value:.0f} %")
    grid = _vertical_grid((0, 0.25, 0.5, 0.75, 1), place, height, strong=1, name=lambda tick: f"{100 * tick:.0f} %")
    return _svg(height, title, *grid, *body)


def _rows(
    rows: Sequence[tuple[str, Sequence[Bar]]], place: _Place, origin: float, number: Callable[[Bar], str]
) -> tuple[list[str], float]:
    parts: list[str] = []
    y = 8.0
    for label, bars in rows:
        thickness = len(bars) * (_BAR + _GAP) - _GAP
        parts.append(
            tag(
                "text",
                escape(label),
                x=_LABELS - 6,
                y=y + thickness / 2,
                text_anchor="end",
                dominant_baseline="central",
            )
        )
        for bar in bars:
            parts += _bar(bar, place, origin, y, number(bar))
            y += _BAR + _GAP
        y += _GROUP_GAP
    return parts, y + 14


def _bar(bar: Bar, place: _Place, origin: float, y: float, number: str) -> Iterator[str]:
    end, middle = place(bar.value), y + _BAR / 2
    start, width = min(origin, end), max(abs(end - origin), 1.0)
    rectangle = tag("rect", tag("title", escape(bar.about)), x=start, y=y, width=width, height=_BAR, class_=bar.style)
    yield rectangle
    low, high = place(bar.low), place(bar.high)
    if high - low > 1:
        yield tag("path", d=f"M{low:.1f} {middle:.1f}H{high:.1f}", class_="error")
    at = max(end, high, origin) + 4
    yield tag("text", number, x=at, y=middle, dominant_baseline="central", class_="number")


def _vertical_grid(
    ticks: Sequence[float], place: _Place, height: float, strong: float, name: Callable[[float], str] = "{:g}".format
) -> Iterator[str]:
    for tick in ticks:
        x = place(tick)
        yield tag("path", d=f"M{x:.1f} 2V{height - 16:.1f}", class_="axis" if tick == strong else "grid")
        yield tag("text", name(tick), x=x, y=height - 4, text_anchor="middle", class_="tick")


def lines(title: str, axis: str, series: Sequence[Line], unit: str, height: float = 210) -> str:
    """Lines over a logarithmic horizontal axis, with a logarithmic vertical axis and error bars."""
    points = [point for line in series for point in line.points]
    if not points:
        return ""
    left, right, top, bottom = 44, WIDTH - 12, 10, height - 34
    x_low, x_high = min(x for x, *_ in points), max(x for x, *_ in points)
    y_low, y_high = min(low for *_, low, _ in points) / 1.15, max(high for *_, high in points) * 1.15

    def across(x: float) -> float:
        return left + math.log(x / x_low) / (math.log(x_high / x_low) or 1) * (right - left)

    def up(y: float) -> float:
        return bottom - math.log(max(y, y_low) / y_low) / math.log(y_high / y_low) * (bottom - top)

    parts = []
    for tick in _decades(y_low, y_high):
        parts.append(tag("path", d=f"M{left} {up(tick):.1f}H{right}", class_="grid"))
        parts.append(
            tag(
                "text",
                f"{tick:g}",
                x=left - 5,
                y=up(tick),
                text_anchor="end",
                dominant_baseline="central",
                class_="tick",
            )
        )
    for x in sorted({x for x, *_ in points}):
        parts.append(tag("text", f"{x:g}", x=across(x), y=bottom + 14, text_anchor="middle", class_="tick"))
    parts.append(tag("path", d=f"M{left} {bottom}H{right}", class_="axis"))
    parts.append(tag("text", escape(axis), x=(left + right) / 2, y=height - 4, text_anchor="middle", class_="tick"))
    parts.append(tag("text", escape(unit), x=left + 4, y=top + 4, class_="tick"))
    for line in series:
        way = "L".join(f"{across(x):.1f} {up(y):.1f}" for x, y, *_ in line.points)
        parts.append(tag("path", d=f"M{way}", class_=f"line {line.style}"))
        for x, y, low, high in line.points:
            if up(low) - up(high) > 1:
                parts.append(
                    tag("path", d=f"M{across(x):.1f} {up(low):.1f}V{up(high):.1f}", class_=f"whisker {line.style}")
                )
            about = tag("title", escape(f"{line.label}, {axis} {x:g}: {y:.3g} {unit} ({low:.3g} to {high:.3g})"))
            parts.append(tag("circle", about, cx=across(x), cy=up(y), r=3, class_=f"dot {line.style}"))
    return _svg(height, title, *parts)


def _decades(low: float, high: float) -> Iterator[float]:
    """1, 2 and 5 times powers of ten between two numbers; only powers of ten where these are many."""
    wide = high / low > 200
    for exponent in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for factor in (1,) if wide else (1, 2, 5):
            tick = factor * 10.0**exponent
            if low <= tick <= high:
                yield tick
