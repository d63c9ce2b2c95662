// AdamW on a bowl of one steep and one flat direction, with noise in its gradient: what a schedule of the rate makes of its loss.
// data: steps, start {rate, warmup, falls}
const STEEP = [4, 0.2], FAR = [1, 3], NOISE = 1.5, BETA = [0.9, 0.999], RUNS = 24;
// The same random numbers in every run: a small generator (mulberry32), two of its numbers make a normal one.
function numbers(seed) {
  const one = () => { let t = (seed += 0x6d2b79f5); t = Math.imul(t ^ (t >>> 15), t | 1); t ^= t + Math.imul(t ^ (t >>> 7), t | 61); return ((t ^ (t >>> 14)) >>> 0) / 4294967296; };
  return () => Math.sqrt(-2 * Math.log(one() + 1e-12)) * Math.cos(2 * Math.PI * one());
}
function descent(rates) {
  const losses = new Array(rates.length + 1).fill(0);
  for (let run = 0; run < RUNS; run++) {
    const normal = numbers(run + 1), w = [...FAR], m = [0, 0], v = [0, 0];
    const loss = () => STEEP.reduce((sum, c, i) => sum + (c * w[i] ** 2) / 2, 0);
    losses[0] += loss() / RUNS;
    rates.forEach((rate, t) => {
      STEEP.forEach((c, i) => {
        const g = c * w[i] + NOISE * normal();
        m[i] = BETA[0] * m[i] + (1 - BETA[0]) * g;
        v[i] = BETA[1] * v[i] + (1 - BETA[1]) * g * g;
        w[i] -= (rate * (m[i] / (1 - BETA[0] ** (t + 1)))) / (Math.sqrt(v[i] / (1 - BETA[1] ** (t + 1))) + 1e-8);
      });
      losses[t + 1] += loss() / RUNS;
    });
  }
  return losses;
}
// As `rate` of the package: up during the warm-up, then down to zero, or level.
const share = (t, steps, warmup, falls) => {
  const rise = Math.max(1, Math.ceil(warmup * steps));
  return Math.min((t + 1) / rise, falls ? (steps - t) / Math.max(1, steps - rise + 1) : 1);
};

function mount(stage, { steps, start }) {
  const state = { ...start }, height = 178, left = 40, right = 8, top = 24, bottom = 24, high = 3, most = 1;
  const controls = el(stage, "div", "pl-three");
  const change = (key) => (value) => { state[key] = value; show(); };
  const rate = slider(controls, { label: "highest rate", min: -3, max: 0, step: 0.1, value: Math.log10(start.rate), say: (v) => String(+(10 ** v).toPrecision(2)), onInput: (v) => change("rate")(10 ** v) });
  const warm = slider(controls, { label: "warm-up", min: 0, max: 100, step: 5, value: 100 * start.warmup, say: (v) => `${v} % of the steps`, onInput: (v) => change("warmup")(v / 100) });
  const after = choice(controls, { label: "then", options: ["falls", "stays"], value: start.falls ? 0 : 1, onChange: (i) => change("falls")(i === 0) });
  const parts = [["learning rate", "prefix"], ["loss, mean of 24 runs", "frozen"]].map(([name, role]) => {
    const svg = set(sheet(el(stage, "div"), height, name, (w) => { node.width = w; show(); }), { role: "img" });
    const node = { svg, name, width: 0, grid: draw(svg, "path", "pl-axis"), ticks: draw(svg, "g"), line: draw(svg, "path", "pl-line", { style: `stroke: var(--pl-${role})` }) };
    draw(svg, "text", "", { x: 0, y: 13, style: `fill: var(--pl-${role}-ink)` }, name);
    return node;
  });
  const said = set(el(stage, "p", "pl-said"), { "aria-live": "polite" });
  button(stage, "Reset", () => { rate.set(Math.log10(start.rate)); warm.set(100 * start.warmup); after.pick(start.falls ? 0 : 1); });

  function plot(node, values, ceiling, digits) {
    if (!node.width) return;
    const x = (i) => left + (i / (values.length - 1)) * (node.width - left - right), y = (v) => height - bottom - Math.min(v / ceiling, 1) * (height - top - bottom);
    set(node.grid, { d: [0, 0.5, 1].map((v) => `M${left} ${y(v * ceiling)}H${node.width - right}`).join("") });
    node.ticks.replaceChildren();
    for (const v of [0, 0.5, 1]) draw(node.ticks, "text", "pl-end pl-quiet", { x: left - 6, y: y(v * ceiling) + 4.5 }, fixed(v * ceiling, digits));
    draw(node.ticks, "text", "pl-quiet pl-mid", { x: (left + node.width) / 2, y: height - 6 }, `${steps} steps`);
    set(node.line, { d: "M" + values.map((v, i) => `${x(i)} ${y(v)}`).join("L") });
  }
  function show() {
    const rates = Array.from({ length: steps }, (_, t) => state.rate * share(t, steps, state.warmup, state.falls)), losses = descent(rates), last = losses.at(-1);
    const reach = rates.reduce((a, b) => a + b, 0);
    plot(parts[0], rates, state.rate > 0.1 ? most : 0.1, 2);
    plot(parts[1], losses, high, 1);
    said.textContent = `The loss ends at ${fixed(last)}. All rates together are ${fixed(reach, 1)}, and the bottom is ${Math.max(...FAR)} away: `
      + (reach < Math.max(...FAR) ? "it cannot be reached." : last < 0.15 ? "it is reached." : state.falls ? "it is hardly reached in time." : "the steps still jump about in the noise.");
    parts.forEach((node, k) => set(node.svg, { "aria-label": k ? `Loss: begins at ${fixed(losses[0])}, ends at ${fixed(last)}` : `Learning rate: at most ${fixed(Math.max(...rates), 3)}` }));
  }
  show();
}
