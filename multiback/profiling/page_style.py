"""How the page of a profile looks and behaves."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --paper: #fbfbfa; --ink: #1d2126; --faint: #626a73; --line: #d9dce0; --layer: #e4e7eb;
  --forward: #8fc1f0; --backward: #f4b678; --update: #9fd39b; --on: #14181c; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e7eaee; --faint: #9aa4af; --line: #333a43;
  --layer: #2b323b; --forward: #2f6fae; --backward: #a8611f; --update: #37753c; --on: #f4f6f8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1200px; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { margin: 1.5rem 0 .25rem; font-size: 1.1rem; }
p { margin: .25rem 0 .75rem; max-width: 75ch; }
header p, footer, .note, small { color: var(--faint); }
footer { margin-top: 1.5rem; border-top: 1px solid var(--line); padding-top: .75rem; font-size: .85rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .5rem; margin: 1rem 0; }
.tiles div { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem; }
dt { font-size: .8rem; color: var(--faint); }
dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
dd.note { font-size: .8rem; }
.legend span { margin-right: 1rem; white-space: nowrap; }
.legend span::before { content: ""; display: inline-block; width: .8em; height: .8em; margin-right: .35em;
  border-radius: 2px; background: var(--c); }
.forward { --c: var(--forward); } .backward { --c: var(--backward); } .update { --c: var(--update); }
.layer { --c: var(--layer); }
.flame { display: block; }
.box { cursor: pointer; overflow: hidden; outline: none; }
.box rect { fill: var(--c); stroke: var(--paper); stroke-width: 1; }
.box text { fill: var(--on); font-size: 12px; pointer-events: none; }
.box.layer text { fill: var(--ink); }
.box:hover rect, .box:focus-visible rect { stroke: var(--ink); stroke-width: 2; }
.details { min-height: 4.5em; max-width: none; margin-top: .5rem; font-variant-numeric: tabular-nums; }
.details b { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .2rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
thead th { color: var(--faint); font-weight: 600; }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); font-weight: 400; }
tbody th { padding-left: calc(.3rem + var(--depth) * 1rem); }
tbody th::before { content: ""; display: inline-block; width: .6em; height: .6em; margin-right: .4em;
  border-radius: 2px; background: var(--c); }
tr.layer th { font-weight: 600; }
td.share { position: relative; min-width: 8rem; }
td.share span { position: absolute; left: 0; top: 25%; height: 50%; 
  width: calc(var(--share) * (100% - 4.2rem)); opacity: .8;
  background: var(--c); border-radius: 2px; }
tr.layer td.share span { background: var(--faint); opacity: .35; }
@media (max-width: 600px) { tbody th { max-width: 45vw; overflow: hidden; text-overflow: ellipsis; } }
"""

SCRIPT = """
(() => {
  const boxes = [...document.querySelectorAll(".box")], details = document.querySelector(".details");
  const show = box => {
    const [path, ...rest] = box.getAttribute("aria-label").split(": ");
    details.textContent = " " + rest.join(": ");
    const name = document.createElement("b");
    name.textContent = path + ":";
    details.prepend(name);
  };
  const fit = () => {
    for (const box of boxes) {
      const [, rect, text] = box.children;
      text.style.visibility = rect.getBoundingClientRect().width < 28 ? "hidden" : "";
    }
  };
  const zoom = chosen => {
    const x = +chosen.dataset.x, w = +chosen.dataset.w, y = +chosen.dataset.y, slack = 1e-5;
    for (const box of boxes) {
      const bx = +box.dataset.x, bw = +box.dataset.w, above = +box.dataset.y <= y;
      const holds = above && bx <= x + slack && bx + bw >= x + w - slack;
      const inside = !above && bx >= x - slack && bx + bw <= x + w + slack;
      box.style.display = holds || inside ? "" : "none";
      box.setAttribute("x", holds ? "0%" : 100 * (bx - x) / w + "%");
      box.setAttribute("width", holds ? "100%" : 100 * bw / w + "%");
    }
    fit();
  };
  addEventListener("resize", fit);
  fit();
  for (const box of boxes) {
    box.addEventListener("mouseenter", () => show(box));
    box.addEventListener("focus", () => show(box));
    box.addEventListener("click", () => { show(box); zoom(box); });
    box.addEventListener("keydown", event => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); zoom(box); }
    });
  }
})();
"""
