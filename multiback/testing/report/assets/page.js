"use strict";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const report = read("report");
const earlier = read("earlier");
const $ = (id) => document.getElementById(id);

/** A DOM element; strings among the children become text, so nothing in the report is ever parsed as HTML. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") node.addEventListener("click", value);
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const GLYPHS = { failed: "✕", error: "!", unexpected_pass: "?", deviation: "△", unsupported: "–" };
const WORDS = {
  passed: "passed", failed: "failed", error: "error", deviation: "declared deviation",
  unexpected_pass: "passes though declared", unsupported: "unsupported",
};
const SEVERITY = ["passed", "unsupported", "deviation", "unexpected_pass", "error", "failed"];
const DTYPES = ["float64", "float32", "bfloat16", "float16"];
const names = Object.keys(report.backends);
const format = (x) => {
  if (x === null || x === undefined) return "∞";
  if (typeof x !== "number") return String(x);
  if (x === 0) return "0";
  const size = Math.abs(x);
  return size >= 1e5 || size < 1e-3 ? x.toExponential(1) : size >= 100 ? x.toFixed(0) : x.toPrecision(2);
};
const exactly = (x) => (typeof x === "number" ? String(x) : x === null ? "—" : String(x));

function showProvenance() {
  const { environment: e, suite: s } = report;
  const chosen = s.selection.only.length ? ` (selection: ${s.selection.only.join(", ")})` : "";
  $("provenance").textContent =
    `Suite ${s.version}${chosen}, ${s.checks} checks, multiback ${s.multiback}. ${e.time.replace("T", " ")}, ` +
    `Python ${e.python}, ${e.cpu.model}, ${e.cpu.cores} cores.`;
}

function showScores() {
  for (const name of names) {
    const backend = report.backends[name];
    const { summary } = backend;
    const bar = make("div", { class: "bar" });
    for (const status of SEVERITY) {
      if (summary[status]) {
        const width = (100 * summary[status]) / summary.total;
        bar.append(make("i", { class: status, style: `width:${width}%`, title: `${summary[status]} ${WORDS[status]}` }));
      }
    }
    const others = SEVERITY.slice(1).filter((s) => summary[s]).map((s) => `${summary[s]} ${WORDS[s]}`);
    $("scores").append(
      make("article", { class: "score" },
        make("h3", {}, name, make("small", {}, backend.version)),
        make("div", { class: "share" }, String(summary.passed), make("small", {}, ` of ${summary.total} passed`)),
        bar,
        make("p", {}, others.join(", ") || "nothing else"),
        make("p", {}, `${backend.adapter} in ${backend.distribution}, ${Math.round(summary.seconds)} s`)));
  }
}

const BUCKETS = [[0, "exact"], [0.5, "≤ 0.5"], [1, "≤ 1"], [2, "≤ 2"], [4, "≤ 4"], [8, "≤ 8"], [16, "≤ 16"], [Infinity, "> 16"]];

function showAccuracy() {
  const dtype = $("accuracy-dtype").value;
  const charts = names.map((name) => {
    const counts = BUCKETS.map(() => 0);
    const measured = [];
    for (const r of report.results) {
      if (r.backend !== name || r.dtype !== dtype || !r.rows.length || r.kind !== "ops") continue;
      const c = r.c === null ? Infinity : r.c;
      measured.push(c);
      counts[BUCKETS.findIndex(([limit]) => c <= limit)] += 1;
    }
    measured.sort((a, b) => a - b);
    return { name, counts, median: measured[Math.floor(measured.length / 2)], total: measured.length };
  });
  const most = Math.max(1, ...charts.flatMap((chart) => chart.counts));
  $("accuracy").replaceChildren(...charts.map(({ name, counts, median, total }) =>
    make("article", { class: "chart" },
      make("h3", {}, name),
      make("p", {}, total ? `${total} op checks, median c ${format(median)}` : "no op checks in this dtype"),
      ...counts.map((count, i) =>
        make("div", { class: "row" },
          make("span", {}, BUCKETS[i][1]),
          make("b", { style: `width:${(100 * count) / most}%` }),
          make("span", {}, String(count)))))));
}

/** Exact dtypes share a column; what has no dtype has one of its own. */
const columnOf = (dtype) => (DTYPES.includes(dtype) ? dtype : dtype ? "int" : "any");

/** By chapter and subject, then by backend and dtype: the results behind one cell. */
function cells() {
  const wanted = {
    text: $("search").value.trim().toLowerCase(), kind: $("kind").value, dtype: $("dtype").value, status: $("status").value,
  };
  const rows = new Map();
  const columns = new Map();
  for (const r of report.results) {
    if (!shownBackends.has(r.backend)) continue;
    if (wanted.kind && r.kind !== wanted.kind) continue;
    if (wanted.dtype && r.dtype !== wanted.dtype) continue;
    if (wanted.status === "other" ? r.status === "passed" : wanted.status && r.status !== wanted.status) continue;
    if (wanted.text && !r.id.toLowerCase().includes(wanted.text)) continue;
    const row = `${r.kind}/${r.subject}`;
    const column = `${r.backend}/${wanted.dtype || columnOf(r.dtype)}`;
    columns.set(column, true);
    if (!rows.has(row)) rows.set(row, { kind: r.kind, subject: r.subject, by: new Map() });
    const { by } = rows.get(row);
    if (!by.has(column)) by.set(column, []);
    by.get(column).push(r);
  }
  const rank = (dtype) => (DTYPES.includes(dtype) ? DTYPES.indexOf(dtype) : dtype === "any" ? 99 : 50);
  const order = [...columns.keys()].sort((a, b) => {
    const [x, p] = a.split("/"), [y, q] = b.split("/");
    return names.indexOf(x) - names.indexOf(y) || rank(p) - rank(q) || p.localeCompare(q);
  });
  return { rows: [...rows.values()], columns: order };
}

function worstStatus(results) {
  return results.reduce((worst, r) => (SEVERITY.indexOf(r.status) > SEVERITY.indexOf(worst) ? r.status : worst), "passed");
}

function cell(results, subject, column) {
  if (!results) return make("td");
  const status = worstStatus(results);
  const c = Math.max(...results.map((r) => (r.status === "passed" ? r.c ?? 0 : 0)));
  const level = c === 0 ? 0 : c <= 1 ? 1 : c <= 2 ? 2 : c <= 4 ? 3 : c <= 8 ? 4 : 5;
  const text = status !== "passed" ? GLYPHS[status] : c === 0 ? "=" : c < 0.01 ? "<.01" : format(c);
  const kind = status === "passed" ? `l${level}` : `s-${status}`;
  const label = `${subject} on ${column.replace("/", " in ")}: ${WORDS[status]}, c = ${format(c)}`;
  return make("td", {},
    make("button", { class: kind, title: label, "aria-label": label, onclick: () => showDetail(subject, column, results) }, text));
}

function showMatrix() {
  const { rows, columns } = cells();
  const groups = new Map();
  for (const column of columns) {
    const name = column.split("/")[0];
    groups.set(name, (groups.get(name) || 0) + 1);
  }
  const head = make("thead", {},
    make("tr", {}, make("th"), ...[...groups].map(([name, span]) => make("th", { colspan: span }, name))),
    make("tr", {}, make("th"), ...columns.map((column) => make("th", { title: column.split("/")[1] === "int" ? "integers and bool" : "" }, column.split("/")[1].replace("float", "f")))));
  const body = make("tbody");
  let chapter = null;
  for (const { kind, subject, by } of rows) {
    if (kind !== chapter) {
      body.append(make("tr", { class: "chapter" }, make("th", {}, kind), make("td", { colspan: columns.length })));
      chapter = kind;
    }
    body.append(make("tr", {},
      make("th", { title: subject }, subject), ...columns.map((column) => cell(by.get(column), subject, column))));
  }
  $("matrix").replaceChildren(make("table", {}, head, body));
  const count = rows.reduce((n, row) => n + [...row.by.values()].reduce((m, list) => m + list.length, 0), 0);
  $("shown").textContent = rows.length
    ? `${rows.length} subjects, ${count} results. A cell shows the largest measured c of its checks; select one for the details.`
    : "Nothing matches these filters.";
}

function showLegend() {
  const levels = [["l0", "= exact"], ["l1", "c ≤ 1"], ["l2", "≤ 2"], ["l3", "≤ 4"], ["l4", "≤ 8"], ["l5", "more, within its bound"],
    ["s-failed", "✕ failed"], ["s-deviation", "△ declared deviation"], ["s-unsupported", "– unsupported"]];
  $("legend").append(...levels.map(([kind, text]) => make("span", {}, make("i", { class: kind }), text)));
}

function detailRow(row) {
  const figures = make("table", { class: "plain" },
    make("tr", {}, ...["", "c", "bound", "max ULP", "p99 ULP", "relative norm"].map((t) => make("th", {}, t))),
    make("tr", {}, make("td", {}, row.what),
      ...[row.c, row.bound, row.ulp_max, row.ulp_p99, row.relative_norm].map((x) => make("td", { class: "number" }, format(x)))));
  if (!row.worst) return make("div", { class: "scroll" }, figures, row.passed ? null : make("pre", {}, row.text));
  const { index, got, want, inputs } = row.worst;
  const lines = [`worst at [${index.join(", ")}]: got ${exactly(got)}, reference ${exactly(want)}`];
  for (const [name, value] of Object.entries(inputs)) lines.push(`  ${name} = ${exactly(value)}`);
  return make("div", { class: "scroll" }, figures, make("pre", {}, lines.join("\n")));
}

function showDetail(subject, column, results) {
  const sorted = [...results].sort((a, b) =>
    SEVERITY.indexOf(b.status) - SEVERITY.indexOf(a.status) || (b.margin ?? Infinity) - (a.margin ?? Infinity));
  const body = sorted.map((r, i) => {
    const head = make("summary", {}, make("span", { class: `tag ${r.status}` }, WORDS[r.status]), ` ${r.id} `,
      make("span", { class: "number" }, r.rows.length ? `c ${format(r.c)} of ${format(r.bound)}` : ""));
    const details = make("details", i === 0 ? { open: "" } : {}, head);
    if (r.deviation) {
      details.append(make("p", {}, r.deviation.reason, " ", make("a", { href: safe(r.deviation.link) }, "upstream")));
    }
    if (r.message) details.append(make("pre", {}, r.message));
    details.append(...r.rows.map(detailRow));
    return details;
  });
  $("detail-body").replaceChildren(make("h2", {}, `${subject} on ${column.replace("/", " in ")}`), ...body);
  $("detail").showModal();
}

const safe = (link) => (/^https?:\/\//.test(link) ? link : "#");

function showDeviations() {
  const rows = report.results.filter((r) => r.deviation);
  $("deviations-section").hidden = rows.length === 0;
  const byReason = new Map();
  for (const r of rows) {
    const key = `${r.backend}\n${r.deviation.reason}`;
    if (!byReason.has(key)) byReason.set(key, { ...r.deviation, backend: r.backend, ids: [] });
    byReason.get(key).ids.push(r.id);
  }
  $("deviations").append(make("div", { class: "scroll" }, make("table", { class: "plain" },
    make("tr", {}, ...["backend", "checks", "reason"].map((t) => make("th", {}, t))),
    ...[...byReason.values()].map(({ backend, ids, reason, link }) => make("tr", {},
      make("td", {}, backend),
      make("td", {}, make("code", {}, ids.slice(0, 4).join("\n") + (ids.length > 4 ? ` and ${ids.length - 4} more` : ""))),
      make("td", {}, reason, " ", make("a", { href: safe(link) }, "upstream")))))));
}

function showEnvironment() {
  const { environment: e } = report;
  const rows = [
    ["platform", e.platform],
    ["processor", `${e.cpu.model}, ${e.cpu.cores} cores; ${e.cpu.features.join(" ")}`],
    ["packages", Object.entries(e.packages).map((pair) => pair.join(" ")).join(", ")],
    ["flags", Object.entries(e.flags).map((pair) => pair.join("=")).join(" ") || "none"],
    ...names.map((name) => {
      const { version, devices, settings } = report.backends[name];
      const shown = Object.entries(settings).map(([k, v]) => `${k}: ${v}`).join(", ");
      return [name, `${version}; ${devices.join(", ")}${shown ? "; " + shown : ""}`];
    }),
    ["seed", String(report.suite.selection.seed)],
  ];
  $("environment").append(make("div", { class: "scroll" }, make("table", { class: "plain" },
    ...rows.map(([name, text]) => make("tr", {}, make("th", {}, name), make("td", {}, text))))));
}

function showChanges() {
  if (!earlier) return;
  $("changes").hidden = false;
  const key = (r) => `${r.backend} ${r.id}`;
  const before = new Map(earlier.results.map((r) => [key(r), r]));
  const after = new Map(report.results.map((r) => [key(r), r]));
  const rows = [];
  for (const [name, r] of after) {
    const old = before.get(name);
    if (!old) rows.push([name, "absent", WORDS[r.status], 2]);
    else if (old.status !== r.status) rows.push([name, WORDS[old.status], WORDS[r.status], 0]);
    else if (r.c && old.c && (r.c > 2 * old.c || old.c > 2 * r.c)) rows.push([name, `c ${format(old.c)}`, `c ${format(r.c)}`, 1]);
  }
  for (const [name, r] of before) {
    if (!after.has(name) && names.includes(r.backend)) rows.push([name, WORDS[r.status], "absent", 2]);
  }
  rows.sort((a, b) => a[3] - b[3]);
  const versions = earlier.suite.version === report.suite.version ? "" : `The suites differ (${earlier.suite.version} and ${report.suite.version}): totals are not comparable. `;
  $("changes-body").append(
    make("p", { class: "note" }, `${versions}Earlier run: ${earlier.environment.time}. ${rows.length} results differ in status, or in c by more than a factor of 2.`),
    make("div", { class: "scroll" }, make("table", { class: "plain" },
      ...rows.slice(0, 200).map(([name, from, to]) => make("tr", {}, make("td", {}, make("code", {}, name)), make("td", {}, from), make("td", {}, to))))));
}

function options(select, values, first) {
  if (first) select.append(make("option", { value: "" }, first));
  select.append(...values.map(([value, text]) => make("option", { value }, text)));
}

const shownBackends = new Set(names);
const present = (key) => [...new Set(report.results.map((r) => r[key]))].filter(Boolean);
const floats = DTYPES.filter((dtype) => present("dtype").includes(dtype));
options($("accuracy-dtype"), floats.map((d) => [d, d]));
if (floats.includes("float32")) $("accuracy-dtype").value = "float32";
options($("kind"), present("kind").map((k) => [k, k]), "all chapters");
options($("dtype"), present("dtype").map((d) => [d, d]), "all dtypes");
options($("status"), [["other", "not passed"], ...present("status").map((s) => [s, WORDS[s]])], "all results");
for (const name of names) {
  const box = make("input", { type: "checkbox", checked: "" });
  box.addEventListener("change", () => { shownBackends[box.checked ? "add" : "delete"](name); showMatrix(); });
  $("backends").append(make("label", { class: "toggle" }, box, name));
}
for (const id of ["kind", "dtype", "status"]) $(id).addEventListener("change", showMatrix);
$("search").addEventListener("input", showMatrix);
$("accuracy-dtype").addEventListener("change", showAccuracy);
$("detail").addEventListener("click", (event) => { if (event.target === $("detail")) $("detail").close(); });

showProvenance();
showScores();
showAccuracy();
showChanges();
showLegend();
showMatrix();
showDeviations();
showEnvironment();
