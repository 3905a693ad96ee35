"""The report of a port as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from multiback.porting.report import PortReport, Row, _number

_STYLE = """
:root { color-scheme: light dark; --paper: #fbfbfa; --ink: #1d2126; --faint: #626a73; --line: #d9dce0;
  --good: #1f7a45; --bad: #b3261e; --bar: #8fc1f0; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e7eaee; --faint: #9aa4af; --line: #333a43;
  --good: #7fd1a0; --bad: #ff8a80; --bar: #2f6fae; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1100px; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { margin: 1.5rem 0 .25rem; font-size: 1.1rem; }
p { margin: .25rem 0 .75rem; max-width: 75ch; }
header p, footer, small { color: var(--faint); }
footer { margin-top: 1.5rem; border-top: 1px solid var(--line); padding-top: .75rem; font-size: .85rem; }
.verdict { font-size: 1.1rem; font-weight: 600; }
.ok { color: var(--good); } .failed { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .5rem; margin: 1rem 0; }
.tiles div { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem; }
dt { font-size: .8rem; color: var(--faint); }
dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.number, th.number { text-align: right; }
td.text { white-space: normal; overflow-wrap: anywhere; min-width: 16rem; }
thead th { color: var(--faint); font-weight: 600; }
.bar { position: relative; min-width: 7rem; }
.bar span { position: absolute; left: 0; top: 30%; height: 40%; width: var(--share); background: var(--bar);
  border-radius: 2px; }
details { margin: .5rem 0; } summary { cursor: pointer; }
"""


def page(report: PortReport) -> str:
    """The file's text."""
    title = f"{report.model}: {report.source} to {report.target}"
    if not report.verified:
        verdict, kind = "Not verified", "failed"
    elif report.passed:
        verdict, kind = f"All {len(report.rows)} arrays agree within their bounds", "ok"
    else:
        verdict, kind = f"{len(report.failed)} of {len(report.rows)} arrays differ", "failed"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>Port of {escape(report.model)}</h1>
<p>{escape(report.source)} to {escape(report.target)}</p>
<p class="verdict {kind}">{verdict}</p>
</header>
<main>
<dl class="tiles">{"".join(_tiles(report))}</dl>
{_faults(report)}
<section aria-labelledby="compared">
<h2 id="compared">What was compared</h2>
<p>Each array of the port against the original's. The distance is in units of what rounding alone may do to it: weights
and inputs moved at random by two units of rounding. Up to 16 is accepted.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">Backend</th><th scope="col">Quantity</th><th scope="col" class="number">Arrays</th>
<th scope="col">Precision</th><th scope="col" class="number">Worst distance</th><th scope="col">Share of its bound</th>
<th scope="col">Verdict</th></tr></thead>
<tbody>
{"".join(_summary(report))}
</tbody></table></div>
</section>
<section aria-labelledby="arrays">
<h2 id="arrays">Every array</h2>
<details{" open" if report.failed else ""}><summary>{len(report.rows)} comparisons, the worst first</summary>
<div class="scroll"><table>
<thead><tr><th scope="col">Backend</th><th scope="col">Quantity</th><th scope="col">Name</th>
<th scope="col" class="number">Distance</th><th scope="col" class="number">Relative norm</th>
<th scope="col">Worst element</th></tr></thead>
<tbody>
{"".join(_rows(report))}
</tbody></table></div></details>
</section>
<section aria-labelledby="ops">
<h2 id="ops">Ops of the port</h2>
<p>{", ".join(f"{escape(n)}&nbsp;{c}" for n, c in sorted(report.operations.items(), key=lambda x: -x[1])) or "none"}</p>
</section>
</main>
<footer>{"".join(f"<p>{escape(note)}.</p>" for note in report.notes)}
<p>{", ".join(f"{escape(k)} {v:.2f} s" for k, v in report.seconds.items())}</p>
</footer>
</body>
</html>
"""


def _tiles(report: PortReport) -> Iterator[str]:
    arrays, numbers = report.weights
    for name, value in (
        ("Weights", f"{numbers:,} in {arrays}"),
        ("Equations", f"{sum(report.operations.values()):,}"),
        ("Comparisons", f"{len(report.rows):,}"),
        ("Seconds", f"{sum(report.seconds.values()):.1f}"),
    ):
        yield f"<div><dt>{name}</dt><dd>{value}</dd></div>"


def _faults(report: PortReport) -> str:
    if not report.faults:
        return ""
    items = "".join(f"<p>{escape(fault)}</p>" for fault in report.faults)
    return f'<section aria-labelledby="fault"><h2 id="fault">Where it departs</h2>{items}</section>'


def _summary(report: PortReport) -> Iterator[str]:
    for backend, quantity, count, failed, worst in report.summary():
        verdict = worst.verdict
        share = min(1.0, verdict.measured / verdict.bound) if verdict.bound else float(failed > 0)
        kind, text = ("failed", f"{failed} differ") if failed else ("ok", "agree")
        yield (
            f"<tr><td>{escape(backend)}</td><td>{escape(quantity)}</td><td class='number'>{count}</td>"
            f"<td>{escape(worst.precision)}</td><td class='number'>{_number(verdict.measured)}</td>"
            f"<td class='bar'><span style='--share:{100 * share:.1f}%'></span></td>"
            f"<td class='{kind}'>{text}</td></tr>\n"
        )


def _rows(report: PortReport) -> Iterator[str]:
    def order(row: Row) -> tuple[bool, float]:
        return row.verdict.passed, -row.verdict.measured

    for row in sorted(report.rows, key=order):
        kind = "ok" if row.verdict.passed else "failed"
        yield (
            f"<tr><td>{escape(row.backend)}</td><td>{escape(row.quantity)}</td><td>{escape(row.name)}</td>"
            f"<td class='number {kind}'>{_number(row.verdict.measured)}</td>"
            f"<td class='number'>{row.verdict.relative_norm:.1e}</td>"
            f"<td class='text'>{escape(row.verdict.text)}</td></tr>\n"
        )
