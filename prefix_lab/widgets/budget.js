// What a step of training takes, in memory and time: the formulas of chapter 13, for a model of the Llama family.
// data: models [{name, N, M, L, D, H, Hkv, Dh, F, V}] (M of the N are at work on every token), start {model, method, numbers, again, P, B, T, speed}, card (GB)
const NUMBERS = [  // bytes of a frozen number and of a computed one
  { name: "float32", frozen: 4, size: 4 }, { name: "bfloat16", frozen: 2, size: 2 }, { name: "base in 4 bits", frozen: 0.5, size: 2 },
];
const prefixNumbers = (m, P) => 2 * m.L * P * m.Hkv * m.Dh;
const MLP = 512, RANK = 8;
const TUNED = [
  { name: "all weights", trained: (m) => m.N, extra: (m, size) => size * (4 * m.D + m.F) },
  { name: "LoRA", trained: (m) => m.L * RANK * ((m.D + m.H * m.Dh) * 2 + (m.D + m.Hkv * m.Dh) * 2),
    extra: (m, size) => (size === 4 ? 4 * m.D : 4 * (3 * m.D + m.H * m.Dh)) + 16 * RANK },
  { name: "prefix", trained: prefixNumbers, extra: () => 0 },
  { name: "prefix by MLP", extra: () => 0,
    trained: (m, P) => P * m.Hkv * m.Dh + (m.Hkv * m.Dh + 1) * MLP + (MLP + 1) * prefixNumbers(m, 1) },
];
const BILLS = ["weights", "gradients", "optimiser", "activations", "loss"];

function budget(m, method, { frozen, size }, { P, B, T, again }) {
  const all = method === TUNED[0], tokens = B * T, rows = method.name.startsWith("prefix") ? P : 0, n = method.trained(m, P);
  const token = 8 * m.D + size * (2 * m.H * m.Dh + 3 * m.F) + method.extra(m, size);
  const layer = tokens * token + size * (B * (rows + T) * 2 * m.H * m.Dh + B * T * (rows + T));
  const mixed = all && size < 4;
  const bills = [(all ? size * n : frozen * m.N + 4 * n) + (mixed ? 4 * n : 0), (mixed ? size : 4) * n, 8 * n,
    again ? m.L * tokens * m.D * size + layer : m.L * layer, 12 * tokens * m.V];
  return { n, bills, total: bills.reduce((a, b) => a + b), work: tokens * ((all ? 6 : 4) * m.M + (again ? 2 * (m.M - m.V * m.D - m.L * m.D * m.F) : 0)) };
}
const size = (x) => {
  const unit = clamp(Math.floor(Math.log10(Math.max(x, 1)) / 3), 1, 4), value = x / 1000 ** unit;
  return `${value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(value < 1 ? 2 : 3)}\u00a0${["", "kB", "MB", "GB", "TB"][unit]}`;
};
const duration = (s) => (s < 1 ? `${(1000 * s).toPrecision(2)}\u00a0ms` : s < 100 ? `${s.toPrecision(2)}\u00a0s` : `${Math.round(s / 60)}\u00a0min`);
const percent = (x) => (x < 0.0005 ? "less than 0.1\u00a0%" : `${x < 0.0995 ? (100 * x).toFixed(1) : Math.round(100 * x)}\u00a0%`);

function mount(stage, data) {
  const { models, card, start } = data, state = { ...start };
  const change = (key) => (value) => { state[key] = value; render(); };
  choice(stage, { label: "model", options: models.map((m) => m.name), value: state.model, onChange: change("model") });
  choice(stage, { label: "method", options: TUNED.map((m) => m.name), value: state.method, onChange: change("method") });
  choice(stage, { label: "numbers", options: NUMBERS.map((n) => n.name), value: state.numbers, onChange: change("numbers") });
  choice(stage, { label: "activations", options: ["kept", "checkpointing"], value: state.again, onChange: change("again") });
  const sliders = el(stage, "div", "pl-two"), power = (key) => (v) => change(key)(2 ** v);
  slider(sliders, { label: "length P", min: 1, max: 200, value: state.P, onInput: change("P") });
  slider(sliders, { label: "batch B", min: 0, max: 7, value: Math.log2(state.B), say: (v) => String(2 ** v), onInput: power("B") });
  slider(sliders, { label: "tokens T", min: 5, max: 13, value: Math.log2(state.T), say: (v) => (2 ** v).toLocaleString("en"), onInput: power("T") });
  slider(sliders, { label: "speed", min: -1, max: 3, step: 0.1, value: Math.log10(state.speed), say: (v) => `${(10 ** v).toPrecision(2) * 1} TFLOP/s`,
    onInput: (v) => change("speed")(+(10 ** v).toPrecision(2)) });

  const legend = el(stage, "p", "pl-legend");
  BILLS.forEach((name, i) => { const item = el(legend, "span"); el(item, "i", `pl-bill${i}`); item.append(name); });
  const row = 42, top = 24;
  let width = 0;
  const svg = sheet(stage, top + row * TUNED.length, "Memory of a training step, for each method", (w) => { width = w; render(); });
  const line = draw(svg, "path", "pl-cursor"), lineText = draw(svg, "text", "pl-quiet pl-mid", { y: 14 }, `${card} GB`);
  const rows = TUNED.map(({ name }, k) => ({
    name: draw(svg, "text", "", { x: 0, y: top + k * row + 14 }, name), total: draw(svg, "text", "pl-end", { y: top + k * row + 14 }),
    parts: BILLS.map((_, i) => draw(svg, "rect", `pl-bill${i}`, { y: top + k * row + 20, height: 14 })),
  }));
  const said = set(el(stage, "div", "pl-said"), { "aria-live": "polite" });
  const [fits, parts, time] = [0, 1, 2].map(() => el(said, "p"));

  function render() {
    const model = models[state.model], numbers = NUMBERS[state.numbers];
    const each = TUNED.map((method) => budget(model, method, numbers, state)), now = each[state.method];
    fits.textContent = `${TUNED[state.method].name}: ${size(now.total)}, which ${now.total <= card * 1e9 ? "fits" : "does not fit"} a card of ${card} GB`;
    parts.textContent = `Of these: ${now.bills.map((b, i) => `${BILLS[i]} ${size(b)}`).join(", ")}. Gradients and optimiser are ${percent((now.bills[1] + now.bills[2]) / now.total)} of it.`;
    time.textContent = `A step is ${(now.work / 1e12).toPrecision(2) * 1} TFLOP: ${duration(now.work / (state.speed * 1e12))} at this speed`;
    if (!width) return;
    const full = Math.max(...each.map((e) => e.total)), x = (b) => (b / full) * width;
    rows.forEach((one, k) => {
      let left = 0;
      for (const node of [one.name, one.total]) node.classList.toggle("pl-strong", k === state.method);
      set(one.total, { x: width }).textContent = size(each[k].total);
      one.parts.forEach((rect, i) => { set(rect, { x: left, width: x(each[k].bills[i]) }); left += x(each[k].bills[i]); });
    });
    const at = x(card * 1e9), seen = at < width ? "visible" : "hidden";
    set(line, { d: `M${at} 20V${top + row * TUNED.length}`, visibility: seen });
    set(lineText, { x: clamp(at, 22, width - 22), visibility: seen });
  }
  render();
}
