// A stack of random layers: how large the stream is at each depth, and how much gradient comes back to it.
// Each layer is F(x) = relu(x W), W of size `scale`; four ways to join it with x. data: width, rows, deepest, depth, scale, way.
const WAYS = [
  { name: "replace", formula: "F(x)", role: "other", sum: false },
  { name: "add", formula: "x + F(x)", role: "text", sum: true },
  { name: "post-LN", formula: "LN(x + F(x))", role: "trained", sum: true, norm: "post" },
  { name: "pre-LN", formula: "x + F(LN(x))", role: "frozen", sum: true, norm: "pre" },
];
// Numbers of a normal distribution, the same for the same seed.
function normal(seed) {
  const uniform = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
const row = (D, of) => Float64Array.from({ length: D }, of);
const mean = (x) => x.reduce((a, b) => a + b, 0) / x.length;
const rms = (rows) => Math.sqrt(mean(rows.map((x) => mean(x.map((v) => v * v)))));

// x W where `turned` is false, x W^T where it is true.
function times(x, W, turned) {
  const D = x.length, y = new Float64Array(D);
  for (let i = 0; i < D; i++) for (let j = 0; j < D; j++) y[turned ? i : j] += x[turned ? j : i] * W[i * D + j];
  return y;
}
function norm(x) {
  const middle = mean(x), size = Math.sqrt(mean(x.map((v) => (v - middle) ** 2)) + 1e-12), y = x.map((v) => (v - middle) / size);
  return { y, back(g) { const a = mean(g), b = mean(g.map((v, i) => v * y[i])); return g.map((v, i) => (v - a - y[i] * b) / size); } };
}
// One row through one layer: what leaves it, and the way back of a gradient.
function layer(x, W, { sum, norm: place }) {
  const before = place === "pre" ? norm(x) : null, inside = times(before ? before.y : x, W, false);
  const out = inside.map((v, i) => Math.max(0, v) + (sum ? x[i] : 0)), after = place === "post" ? norm(out) : null;
  const back = (g) => {
    const top = after ? after.back(g) : g, low = times(top.map((v, i) => (inside[i] > 0 ? v : 0)), W, true);
    const through = before ? before.back(low) : low;
    return sum ? through.map((v, i) => v + top[i]) : through;
  };
  return { y: after ? after.y : out, back };
}
// The whole stack: sizes and gradients at depths 0 to L. A gradient of size 1 enters at the top.
function pass(weights, inputs, gradients, way, scale) {
  const sizes = [rms(inputs)], ways = [], scaled = weights.map((W) => W.map((v) => v * scale));
  let rows = inputs, back = gradients;
  for (const W of scaled) {
    const made = rows.map((x) => layer(x, W, way));
    rows = made.map(({ y }) => y);
    sizes.push(rms(rows));
    ways.push(made);
  }
  const arrived = [rms(back)];
  for (const made of ways.reverse()) arrived.unshift(rms((back = back.map((g, i) => made[i].back(g)))));
  return { sizes, gradients: arrived };
}

function mount(stage, data) {
  const { width: D, rows, deepest } = data;
  let seed = 1, weights, inputs, gradients, way = data.way;
  const read = el(stage, "div", "pl-controls");
  const pick = choice(read, { label: "each layer", options: WAYS.map(({ name }) => name), value: way, onChange: (i) => { way = i; render(); } });
  const depth = slider(read, { label: "layers", min: 2, max: deepest, value: data.depth, onInput: render });
  const scale = slider(read, { label: "size of the weights", min: 0.4, max: 2, step: 0.05, value: data.scale, say: (v) => fixed(v), onInput: render });
  const charts = ["Size of the stream", "Gradient that comes back"].map((title, i) => logs(el(stage, "div"), title, i ? 0.25 : 0.8));
  const said = set(el(stage, "p", "pl-said"), { "aria-live": "polite" }), side = el(stage, "div", "pl-side");
  button(side, "Other weights", () => { seed += 1; make(); render(); });
  button(side, "Reset", () => { seed = 1; make(); scale.set(data.scale); depth.set(data.depth); pick.pick(data.way); });

  function make() {
    const next = normal(seed);
    inputs = Array.from({ length: rows }, () => row(D, next));
    gradients = Array.from({ length: rows }, () => row(D, next));
    const top = rms(gradients);
    gradients = gradients.map((g) => g.map((v) => v / top));
    weights = Array.from({ length: deepest }, () => row(D * D, () => next() / Math.sqrt(D)));
  }
  function render() {
    const chosen = weights.slice(0, depth.value), all = WAYS.map((w) => pass(chosen, inputs, gradients, w, scale.value));
    charts[0].put(all.map(({ sizes }) => sizes), way);
    charts[1].put(all.map(({ gradients }) => gradients), way);
    const { sizes, gradients: g } = all[way];
    said.replaceChildren();
    el(said, "b", "", `${WAYS[way].name}, ${WAYS[way].formula}: `);
    said.append(`after ${depth.value} layers the stream has ${often(sizes.at(-1) / sizes[0])} its size; the first layer gets ${often(g[0])} the gradient of the last.`);
  }
  make();
  render();
}
// "3.2 times", "0.004 times", "2e-9 times": few digits at any size.
function often(x) {
  if (!Number.isFinite(x) || x > 1e15) return "more than 10¹⁵ times";
  return `${x >= 100 || x === 0 ? Math.round(x).toLocaleString("en") : x >= 0.001 ? String(+x.toPrecision(2)) : x.toExponential(0).replace("e-", " · 10^−")} times`.replace(/\^−(\d+)/, (_, n) => "⁻" + [...n].map((d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]).join(""));
}

// A chart over depths with a logarithmic axis from 10^-6 to 10^6; the chosen curve is the strong one; `named`: where along it names stand.
function logs(parent, title, named) {
  const left = 44, right = 14, top = 12, bottom = 40, height = 250, reach = 6;
  el(el(parent, "p", "pl-head"), "b", "", title);
  const svg = sheet(parent, height, title, (w) => { width = w; if (last) put(...last); });
  const grid = draw(svg, "path", "pl-axis"), one = draw(svg, "path", "pl-cursor"), ticks = draw(svg, "g");
  const lines = WAYS.map(({ role }) => draw(svg, "path", "pl-line", { style: `stroke: var(--pl-${role})` }));
  const names = WAYS.map(({ name, role }) => draw(svg, "text", "pl-mid", { style: `fill: var(--pl-${role}-ink)` }, name));
  let width = 0, last;
  function put(curves, way) {
    last = [curves, way];
    if (!width) return;
    const L = curves[0].length - 1, level = (v) => clamp(Math.log10(Math.max(v, 1e-300)), -reach, reach);
    const x = (i) => left + (i / L) * (width - left - right), y = (v) => top + ((reach - v) / (2 * reach)) * (height - top - bottom);
    const levels = [-6, -3, 0, 3, 6];
    set(grid, { d: levels.map((v) => `M${left} ${y(v)}H${width - right}`).join("") });
    set(one, { d: `M${left} ${y(0)}H${width - right}` });
    ticks.replaceChildren();
    levels.forEach((v) => draw(ticks, "text", "pl-end pl-quiet", { x: left - 6, y: y(v) + 4.5 }, v ? `10${v < 0 ? "⁻" : ""}${"⁰¹²³⁴⁵⁶"[Math.abs(v)]}` : "1"));
    [0, Math.round(L / 2), L].forEach((i) => draw(ticks, "text", `${i ? (i === L ? "pl-end" : "pl-mid") : ""} pl-quiet`, { x: x(i), y: height - bottom + 18 }, String(i)));
    draw(ticks, "text", "pl-mid pl-quiet", { x: (left + width - right) / 2, y: height - 4 }, "after so many layers");
    const at = Math.max(1, Math.round(named * L)), order = WAYS.map((_, k) => k).sort((a, b) => level(curves[b][at]) - level(curves[a][at]));
    let floor = 0;  // names stand over their curves, from the highest down, and never on one another
    order.forEach((k) => {
      const place = Math.max(y(level(curves[k][at])) - 7, floor + 14, 13);
      floor = place;
      set(names[k], { x: x(at), y: place, "font-weight": k === way ? 600 : 400 });
    });
    curves.forEach((values, k) => {
      set(lines[k], { d: "M" + values.map((v, i) => `${x(i)} ${y(level(v))}`).join("L") });
      Object.assign(lines[k].style, { strokeWidth: k === way ? 3.5 : 1.5, strokeOpacity: k === way ? 1 : 0.6 });
    });
  }
  return { put };
}
