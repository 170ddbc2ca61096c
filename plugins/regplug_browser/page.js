"use strict";
const data = JSON.parse(document.getElementById("data").textContent);

function differenceColumns() {
  return [
    { name: "best target", of: (row) => (row.best === null ? "" : data.columns[row.best]) },
    ...data.columns.map((name, i) => ({ name, of: (row) => row.differences[i] })),
  ];
}

function factColumns() { // of the first row's facts, the others have the same; none that are empty
  const text = (value) => (value === null ? "." : String(value).replace("-", "−"));
  const names = Object.keys(data.facts[0].cells).filter((name) => data.facts.some((fact) => fact.cells[name] !== null));
  return names.map((name) => ({ name, of: (row) => row.cells[name] ?? null, text }));
}

const facts = data.facts.length ? factColumns() : [];
const columns = [
  ...facts.slice(0, 1), // the rank
  { name: "chrom", of: (row) => row.chrom },
  { name: "pos", of: (row) => row.pos },
  ...(data.variants.some((row) => row.id) ? [{ name: "ID", of: (row) => row.id }] : []),
  { name: "REF", of: (row) => row.ref },
  { name: "ALT", of: (row) => row.alt },
  ...(data.facts.length ? facts.slice(1) : differenceColumns()),
];
data.variants.forEach((row, i) => Object.assign(row, data.facts[i] ?? { target: data.columns[row.best] }));
const rows = data.variants.map((variant) => ({ variant, element: element(variant) }));

function make(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function shown(number) {
  if (number === null) return ".";
  return (Number.isInteger(number) ? String(number) : number.toPrecision(4)).replace("-", "−");
}

function element(variant) {
  const row = make("tr", "", { tabindex: 0, "aria-selected": false });
  for (const { of, text = shown } of columns) {
    const value = of(variant);
    const cell = make("td", typeof value === "string" ? value : text(value));
    if (typeof value === "string") cell.title = value;
    else cell.className = "number";
    row.append(cell);
  }
  const links = make("td", "", { class: "links" });
  for (const [name, address] of Object.entries(variant.links)) {
    const link = make("a", name, { href: address, target: "_blank", rel: "noopener" });
    link.addEventListener("click", (event) => event.stopPropagation());
    links.append(link, " ");
  }
  row.append(links);
  row.addEventListener("click", () => choose(variant));
  row.addEventListener("keydown", (event) => event.key === "Enter" && choose(variant));
  return row;
}

function compare(a, b) {
  if (a === null || b === null) return (a === null) - (b === null); // nothing comes last
  return typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
}

function sort(column, heading) {
  const up = heading.getAttribute("aria-sort") !== "ascending";
  for (const other of heading.parentNode.children) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", up ? "ascending" : "descending");
  const value = ({ variant }) => column.of(variant);
  const missing = (row) => value(row) === null;
  rows.sort((a, b) => compare(value(a), value(b)) * (up || missing(a) || missing(b) ? 1 : -1));
  document.querySelector("#variants tbody").append(...rows.map((row) => row.element));
}

function showTable() {
  if (!rows.length) return;
  const head = document.querySelector("#variants thead tr");
  for (const column of columns) {
    const heading = make("th");
    heading.append(make("button", column.name, { type: "button" }));
    heading.firstChild.addEventListener("click", () => sort(column, heading));
    head.append(heading);
  }
  head.append(make("th", "show in"));
  document.querySelector("#variants tbody").append(...rows.map((row) => row.element));
  for (const id of ["variants", "alleles"]) document.getElementById(id).hidden = false;
}

let browser = null;

function choose(variant) {
  for (const row of rows) row.element.setAttribute("aria-selected", row.variant === variant);
  const chosen = rows.find((row) => row.variant === variant).element;
  const box = chosen.closest(".scroll"); // not scrollIntoView: the page itself stays where it is
  if (chosen.offsetTop < box.scrollTop + 30 || chosen.offsetTop + 60 > box.scrollTop + box.clientHeight) {
    box.scrollTop = chosen.offsetTop - box.clientHeight / 2;
  }
  drawProfile(variant);
  drawMaps(variant);
  if (browser) browser.search(variant.locus);
}

// The mutation maps of a variant: a row per base that could stand there, REF's map above ALT's.
const CELL = 14, LETTERS = 46, HEIGHT = LETTERS + 4 * CELL + 20, LABELS = 38;
const COLORS = { A: "#109648", C: "#255c99", G: "#f7b32b", T: "#d62839", N: "#999" };

function draw(parent, tag, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

function placeOf(variant) {
  return `${variant.chrom}:${variant.pos} ${variant.ref}>${variant.alt} ${variant.id}`.trim();
}

// The profile of a variant: REF and ALT over each other, and their difference below.
const WIDE = 1200, LEFT = 72, PLOT = 130, PAIR = 60, GAP = 14;

function drawProfile(variant) {
  const section = document.getElementById("profile"), profile = variant.profile;
  section.hidden = !profile;
  if (section.hidden) return;
  const total = (values) => shown(Number(values.reduce((sum, value) => sum + (value ?? 0), 0).toPrecision(4)));
  section.querySelector("h2").textContent =
    `${variant.target} at each base around ${placeOf(variant)}; in all: REF ${total(profile.REF)}, ALT ${total(profile.ALT)}`;
  const high = Math.max(...profile.REF, ...profile.ALT) || 1;
  const changes = profile.REF.map((ref, i) => (ref === null || profile.ALT[i] === null ? null : profile.ALT[i] - ref));
  const most = Math.max(...changes.map((value) => Math.abs(value ?? 0))) || 1;
  const step = (WIDE - LEFT) / changes.length, x = (base) => LEFT + (base - profile.start) * step;
  section.querySelector("svg")?.remove();
  const svg = draw(section, "svg", { viewBox: `0 0 ${WIDE} ${PLOT + GAP + PAIR + 24}`, role: "img" });
  draw(svg, "title", {}, "REF's and ALT's profile");
  const stripe = Math.max(step * variant.mark.REF, 2);
  draw(svg, "rect", { x: x(variant.mark.pos), y: 0, width: stripe, height: PLOT + GAP + PAIR, fill: "#ffe9a8" });
  const area = steps(profile.REF, x, step, profile.start, (value) => PLOT - value / high * (PLOT - 4), PLOT);
  draw(svg, "path", { class: "ref", d: area, fill: "#bbb" });
  const line = steps(profile.ALT, x, step, profile.start, (value) => PLOT - value / high * (PLOT - 4));
  draw(svg, "path", { class: "alt", d: line, fill: "none", stroke: "var(--lowers)", "stroke-width": 1.5 });
  const zero = PLOT + GAP + PAIR / 2, size = (value) => value / most * (PAIR / 2 - 2);
  for (const [sign, fill] of [[1, "var(--raises)"], [-1, "var(--lowers)"]]) {
    const part = changes.map((value) => (value === null ? null : Math.max(0, value * sign) * sign));
    draw(svg, "path", { d: steps(part, x, step, profile.start, (value) => zero - size(value), zero), fill });
  }
  for (const y of [PLOT, zero]) draw(svg, "line", { x1: LEFT, x2: WIDE, y1: y, y2: y, stroke: "#999" });
  const tick = (value) => String(Number(value.toPrecision(2)));
  for (const [y, text] of [[12, tick(high)], [PLOT, "0"], [zero - PAIR / 2 + 10, `+${tick(most)}`], [zero + PAIR / 2, `−${tick(most)}`]]) {
    draw(svg, "text", { x: LEFT - 4, y, "text-anchor": "end", "font-size": 11 }, text);
  }
  const every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((bases) => changes.length / bases <= 10) ?? 5000;
  for (let base = Math.ceil(profile.start / every) * every; base < profile.start + changes.length; base += every) {
    const at = x(base) + step / 2, y = PLOT + GAP + PAIR;
    draw(svg, "line", { x1: at, x2: at, y1: y, y2: y + 4, stroke: "#999" });
    const anchor = at > WIDE - 40 ? "end" : "middle";
    draw(svg, "text", { x: at, y: y + 18, "text-anchor": anchor, "font-size": 11 }, base.toLocaleString("en"));
  }
}

function steps(values, x, step, start, y, floor) { // a path, level over each base; closed at a floor, if there is one
  let path = "", open = false;
  values.forEach((value, i) => {
    const left = x(start + i).toFixed(2), right = (x(start + i) + step).toFixed(2);
    if (value !== null) {
      if (!open) path += floor === undefined ? `M${left} ${y(value).toFixed(2)}` : `M${left} ${floor}V${y(value).toFixed(2)}`;
      path += `V${y(value).toFixed(2)}H${right}`;
    }
    const ends = i + 1 === values.length || values[i + 1] === null;
    if (value !== null && ends && floor !== undefined) path += `V${floor}Z`;
    open = value !== null;
  });
  return path;
}

function drawMaps(variant) {
  const section = document.getElementById("map");
  section.hidden = !variant.maps;
  document.getElementById("unmapped").hidden = !data.variants.some((one) => one.maps) || variant.maps;
  if (section.hidden) return;
  const percent = (share) => (share === null ? "" : ` (above ${Number((100 * share).toPrecision(4))} % of background places)`);
  const scores = variant.maps.map((map) => `${map.name} ${shown(map.score)}${percent(map.percentile)}`).join(", ");
  section.querySelector("h2").textContent = `${variant.target} around ${placeOf(variant)}: ${scores}`;
  const numbers = variant.maps.flatMap((map) => map.differences.flat());
  const most = Math.max(...numbers.map((value) => Math.abs(value ?? 0))) || 1;
  section.querySelector(".most").textContent = shown(most);
  const box = section.querySelector(".scroll");
  box.replaceChildren(...variant.maps.map((map) => drawMap(map, variant.mark, most)));
  const middle = LABELS + (variant.mark.pos - variant.maps[0].start + 0.5) * CELL;
  box.scrollLeft = middle - (box.clientWidth + LABELS) / 2;
}

function drawMap(map, mark, most) {
  const row = make("div", "", { class: "map" });
  const labels = draw(row, "svg", { width: LABELS, height: HEIGHT });
  draw(labels, "text", { x: 0, y: LETTERS - 4, "font-size": 12, "font-weight": 700 }, map.name);
  "ACGT".split("").forEach((letter, i) => {
    draw(labels, "text", { x: 24, y: LETTERS + (i + 1) * CELL - 3, "font-size": 12 }, letter);
  });
  const behind = mark.pos - map.start + mark[map.name];
  const gap = Math.max(mark.REF, mark.ALT) - mark[map.name]; // so that the bases behind are aligned
  const width = (map.bases.length + gap) * CELL;
  const svg = draw(row, "svg", { width, height: HEIGHT, role: "img" });
  draw(svg, "title", {}, `${map.name}: score ${map.score}`);
  map.differences.forEach((changes, at) => {
    drawBase(svg, map, at, (at + (at >= behind ? gap : 0)) * CELL, most);
  });
  const x = (mark.pos - map.start) * CELL;
  const box = { x, y: 1, width: mark[map.name] * CELL - 1, height: LETTERS + 4 * CELL - 1 };
  draw(svg, "rect", { ...box, fill: "none", stroke: "#000", "stroke-width": 1.5 });
  draw(svg, "text", { x, y: HEIGHT - 6, "font-size": 11 }, `${mark.pos}`);
  return row;
}

function drawBase(svg, map, at, x, most) {
  const letter = map.bases[at], changes = map.differences[at];
  const loss = Math.max(0, ...changes.map((value) => -(value ?? 0))) / most;
  if (loss > 0.02) {
    const turn = `translate(${x + CELL / 2} ${LETTERS - 2}) scale(1.35 ${(LETTERS - 4) * loss / 10})`;
    const look = { "text-anchor": "middle", "font-size": 14, "font-weight": 700, fill: COLORS[letter] };
    draw(svg, "text", { transform: turn, ...look }, letter);
  }
  changes.forEach((value, i) => {
    const own = "ACGT"[i] === letter;
    const fill = own ? "#ddd" : shade(value, most);
    const size = { width: CELL - 1, height: CELL - 1 };
    const cell = draw(svg, "rect", { x, y: LETTERS + i * CELL, ...size, fill });
    const change = value === null ? "no score" : `${value > 0 ? "+" : ""}${shown(value)}`;
    draw(cell, "title", {}, own ? letter : `${letter}>${"ACGT"[i]}: ${change}`);
  });
}

function shade(value, most) {
  if (value === null) return "#bbb";
  const rest = (full) => Math.round(255 - (255 - full) * Math.min(1, Math.abs(value) / most));
  return `rgb(${(value > 0 ? data.raises : data.lowers).map(rest)})`;
}

function lead() { // a ranking's table comes first, at full width
  document.body.className = "ranked";
  document.getElementById("igv").before(document.getElementById("variants"));
}

async function main() {
  if (facts.length) lead();
  document.getElementById("about").append(...data.about.map((line) => make("p", line, { class: "quiet" })));
  showTable();
  if (data.first !== null) choose(data.variants[data.first]);
  const options = { loadDefaultGenomes: false, showIdeogram: false };
  browser = await igv.createBrowser(document.getElementById("igv"), { ...options, ...data.igv });
  document.body.dataset.ready = "yes";
}

main();
