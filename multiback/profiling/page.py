"""A profile as one HTML file that needs nothing else: a flame graph of layers and ops, and their table.

The graph is plain SVG, with a nested `svg` for each box so that its label is cut off at its edge at any width; a little
JavaScript adds the details and the zoom, and without it every box still has its tooltip.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from multiback.models.summary import readable_size
from multiback.profiling import table
from multiback.profiling.costs import BACKWARD, FORWARD, PHASES
from multiback.profiling.layers import Node
from multiback.profiling.page_style import SCRIPT, STYLE
from multiback.profiling.units import readable_count, readable_share, readable_time

if TYPE_CHECKING:
    from multiback.profiling.step_profile import Profile

_HEIGHT = 26
"""Of one row of boxes, in pixels."""
_THINNEST = 0.0004
"""Boxes below this share of the step are left out of the graph: nobody would see them."""


def page(profile: Profile) -> str:
    """The file's text."""
    root = profile.layers
    title = escape(table.title(profile))
    depth = max(d for _, d, _ in root.walk()) + 1
    legend = "".join(f'<span class="{p}">{p}</span>' for p in (*PHASES, "layer") if root.by_phase.get(p, 1))
    settings = ", ".join(f"{k} {v}" for k, v in profile.settings.items())
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(profile.model)}: profile</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{escape(profile.model)}</h1>
<p>{title.partition(": ")[2]}</p>
</header>
<main>
<dl class="tiles">{"".join(_tiles(profile))}</dl>
<section aria-labelledby="where">
<h2 id="where">Where the time goes</h2>
<p>Each equation of the compiled graph was timed alone, on the arrays it gets in the step, and what an empty call costs
was taken off. The parts need not add up to the whole: a backend may fuse them. Click a box to look into it; the top box
leads back.</p>
<p class="legend">{legend}</p>
<svg class="flame" width="100%" height="{depth * _HEIGHT}" role="group" aria-label="Time of layers and ops">
{"".join(_boxes(root, 0.0, root.seconds or 1.0, 0, ""))}
</svg>
<p class="details" aria-live="polite">Point at a box, or tap it, to see its numbers.</p>
</section>
<section aria-labelledby="layers">
<h2 id="layers">Layers and ops</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Layer, op</th><th scope="col">Time</th><th scope="col">Share</th><th scope="col">FLOPs</th>
<th scope="col">FLOP/s</th><th scope="col">Bytes</th></tr></thead>
<tbody>
{"".join(_rows(root))}
</tbody></table></div>
</section>
</main>
<footer>
<p>{"<br>".join(escape(line) for line in table.facts(profile))}</p>
<p>A multiplication and an addition are two operations; any function of one number is one; only floats count. Bytes are
those of operands and outputs, each once. {escape(settings)}</p>
</footer>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _tiles(profile: Profile) -> Iterator[str]:
    costs = profile.costs
    least = "" if costs.exact else "at least "
    for name, value, note in (
        ("Whole step", readable_time(profile.whole), f"{profile.clock} time, median of {profile.rounds}"),
        ("Equations alone", readable_time(profile.parts), f"{profile.parts / profile.whole:.2f} times the whole"),
        ("FLOPs", least + readable_count(costs.flops), f"{readable_count(costs.flops / profile.batch_size)} a sample"),
        (
            "Speed",
            f"{readable_count(profile.flops_per_second)}FLOP/s",
            f"{readable_share(profile.share_of_gemm)} of a large matrix product",
        ),
        ("Intermediates", readable_size(costs.peak), "live at once"),
        ("State", readable_size(costs.state), f"{costs.parameters:,} parameters"),
    ):
        yield f"<div><dt>{name}</dt><dd>{escape(value)}</dd><dd class=note>{escape(note)}</dd></div>"


def _label(node: Node) -> str:
    return f"{node.name}{chr(39) if node.phase == BACKWARD else ''}"


def _numbers(node: Node, total: float) -> str:
    parts = [readable_time(node.seconds), f"{node.seconds / total:.1%} of the time"]
    split = [f"{p} {readable_time(s)}" for p, s in node.by_phase.items() if s]
    if not node.is_op and len(split) > 1:
        parts.append(", ".join(split))
    if node.flops:
        rate = f" at {readable_count(node.flops / node.seconds)}FLOP/s" if node.seconds else ""
        parts.append(f"{readable_count(node.flops)}{'' if readable_count(node.flops)[-1].isalpha() else ' '}FLOP{rate}")
    if node.traffic:
        parts.append(f"{readable_size(node.traffic)} read and written")
    if node.is_op:
        parts.append(f"{node.phase}, {node.count} equation{'s' if node.count > 1 else ''} {node.note}".strip())
    return "; ".join(parts)


def _boxes(node: Node, start: float, total: float, depth: int, path: str) -> Iterator[str]:
    share = node.seconds / total
    if share < _THINNEST:
        return
    path = f"{path}/{node.name}".strip("/")
    kind = node.phase or "layer"
    text = f"{path.partition('/')[2] or 'step'}: {_numbers(node, total)}"
    yield (
        f'<svg class="box {kind}" x="{100 * start:.4f}%" y="{depth * _HEIGHT}" width="{100 * share:.4f}%" '
        f'height="{_HEIGHT}" data-x="{start:.6f}" data-w="{share:.6f}" data-y="{depth}" tabindex="0" role="button" '
        f'aria-label="{escape(text)}"><title>{escape(text)}</title>'
        f'<rect width="100%" height="{_HEIGHT - 1}" rx="2"/>'
        f'<text x="5" y="{_HEIGHT // 2 + 4}">{escape(_label(node))}</text></svg>\n'
    )
    ordered = sorted(node.children, key=lambda c: (c.is_op, PHASES.index(c.phase or FORWARD)))
    for child in ordered:
        yield from _boxes(child, start, total, depth + 1, path)
        start += child.seconds / total


def _rows(root: Node) -> Iterator[str]:
    total = root.seconds or 1.0
    for node, depth, path in root.walk():
        if depth == 0 or (node.is_op and node.seconds < _THINNEST * total):
            continue
        share = node.seconds / total
        flops = "?" if node.flops is None else readable_count(node.flops) if node.flops else ""
        rate = readable_count(node.flops / node.seconds) if node.flops and node.seconds else ""
        count = f" <small>x{node.count}</small>" if node.is_op and node.count > 1 else ""
        yield (
            f'<tr class="{node.phase or "layer"}"><th scope="row" style="--depth:{depth - 1}" '
            f'title="{escape(path.partition("/")[2])}">{escape(_label(node))}{count}</th>'
            f"<td>{readable_time(node.seconds)}</td>"
            f'<td class="share"><span style="--share:{share:.4f}"></span>{share:.1%}</td>'
            f"<td>{flops}</td><td>{rate}</td><td>{readable_size(node.traffic) if node.traffic else ''}</td></tr>\n"
        )
