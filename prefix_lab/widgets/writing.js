// One token written for each text of a batch: bytes and operations to one scale of time, by the formulas of chapter 15.
// data: shapes [{name, M, L, H, Hkv, Dh}], machines [{name, bytes, work: [float32, bfloat16]}] (each a second), start {...}
const SIZES = [4, 2], NONE = 0, JOINED = 1;
const PARTS = [["weights", "frozen"], ["text", "text"], ["copies", "other"], ["prefix", "prefix"]];

function step(m, machine, { numbers, way, B, S, P }) {
  const size = SIZES[numbers], row = size * 2 * m.L * m.Hkv * m.Dh, rows = way === NONE ? 0 : P, look = 4 * m.L * m.H * m.Dh * B;
  const bytes = [size * m.M, row * B * S, way === JOINED ? 2 * row * B * (S + P) : 0, row * rows];
  const work = [2 * m.M * B, look * S, 0, look * rows];
  const [moving, computing] = [bytes.map((b) => b / machine.bytes), work.map((w) => w / machine.work[numbers])];
  const total = (list) => list.reduce((a, b) => a + b);
  return { bytes, work, moving, computing, held: [bytes[0], bytes[1] + row * rows], seconds: Math.max(total(moving), total(computing)),
    bound: total(moving) >= total(computing) ? "memory" : "arithmetic", sums: [total(bytes), total(work), total(moving), total(computing)] };
}
const scaled = (x, units) => {
  const unit = clamp(Math.floor(Math.log10(Math.max(x, 1)) / 3), 0, units.length - 1), value = x / 1000 ** unit;
  return `${value >= 100 ? Math.round(value) : value.toPrecision(value < 1 ? 2 : 3)}\u00a0${units[unit]}`;
};
const inBytes = (x) => scaled(x, ["bytes", "kB", "MB", "GB", "TB"]);
const duration = (s) => (s < 1e-3 ? `${(1e6 * s).toPrecision(3)}\u00a0µs` : s < 1 ? `${(1e3 * s).toPrecision(3)}\u00a0ms` : `${s.toPrecision(3)}\u00a0s`);
const many = (x) => (x >= 100 ? Math.round(x).toLocaleString("en") : x.toPrecision(2));
const share = (x) => (x && x < 1e-4 ? "less than 0.01\u00a0%" : `${(100 * x).toPrecision(x < 0.01 ? 1 : 2) * 1}\u00a0%`);

function mount(stage, { shapes, machines, start }) {
  const state = { ...start }, change = (key) => (value) => { state[key] = value; render(); };
  const top = el(stage, "div", "pl-choices");
  choice(top, { label: "model", options: shapes.map((m) => m.name), value: state.shape, onChange: change("shape") });
  choice(top, { label: "machine", options: machines.map((m) => m.name), value: state.machine, onChange: change("machine") });
  choice(top, { label: "numbers", options: ["float32", "bfloat16"], value: state.numbers, onChange: change("numbers") });
  choice(top, { label: "prefix", options: ["none", "joined", "apart"], value: state.way, onChange: change("way") });
  const sliders = el(stage, "div", "pl-sliders"), power = (key) => (v) => change(key)(2 ** v), count = (v) => (2 ** v).toLocaleString("en");
  slider(sliders, { label: "texts B", min: 0, max: 9, value: Math.log2(state.B), say: count, onInput: power("B") });
  slider(sliders, { label: "tokens S", min: 6, max: 17, value: Math.log2(state.S), say: count, onInput: power("S") });
  slider(sliders, { label: "rows P", min: 1, max: 200, value: state.P, onInput: change("P") });
  const legend = el(stage, "p", "pl-legend");
  for (const [name, role] of PARTS) { const item = el(legend, "span"); el(item, "i").style.background = `var(--pl-${role})`; item.append(name); }

  let width = 0;
  const svg = sheet(stage, 112, "Time of a step: bytes moved, and operations", (w) => { width = w; render(); });
  const rows = ["moving bytes", "computing"].map((name, k) => ({
    name: draw(svg, "text", "", { x: 0, y: 14 + 56 * k }, name), total: draw(svg, "text", "pl-end", { y: 14 + 56 * k }),
    parts: PARTS.map(([, role]) => draw(svg, "rect", "", { y: 22 + 56 * k, height: 22, style: `fill: var(--pl-${role})` })),
  }));
  const said = set(el(stage, "div", "pl-said"), { "aria-live": "polite" });
  const [first, second, third] = [0, 1, 2].map(() => el(said, "p"));

  function render() {
    if (!third) return;
    const m = shapes[state.shape], machine = machines[state.machine], ways = [0, 1, 2].map((way) => step(m, machine, { ...state, way }));
    const now = ways[state.way], bare = ways[NONE], [moved, done, moving, computing] = now.sums;
    first.textContent = `A step takes ${duration(now.seconds)} at least, and ${now.bound} decides: ${many(state.B / now.seconds)} tokens a second`;
    second.textContent = state.way === NONE ? "This is the model without a prefix."
      : `${(now.seconds / bare.seconds).toFixed(2)} times the step without a prefix. Of the bytes, ${share(now.bytes[3] / moved)} are the prefix, ${share(now.bytes[2] / moved)} copies.`;
    third.textContent = `In memory lie ${inBytes(now.held[0])} of weights and ${inBytes(now.held[1])} of keys and values.`;
    if (!width) return;
    const full = Math.max(...ways.flatMap((w) => w.sums.slice(2)));
    [[now.moving, `${inBytes(moved)}, ${duration(moving)}`], [now.computing, `${scaled(done, ["", "kFLOP", "MFLOP", "GFLOP", "TFLOP"])}, ${duration(computing)}`]].forEach(([times, text], k) => {
      let left = 0;
      set(rows[k].total, { x: width }).textContent = text;
      times.forEach((t, i) => { const wide = (t / full) * width; set(rows[k].parts[i], { x: left, width: wide }); left += wide; });
      for (const node of [rows[k].name, rows[k].total]) node.classList.toggle("pl-strong", (k === 0) === (now.bound === "memory"));
    });
  }
  render();
}
