// What training and storing cost: a model, a precision, a method, computed by the formulas of the chapter.
// data: models [{name, N, A, D, query: H D_h, kv: H_kv D_h}], cards [GB, ...], start {model, precision, method}
const PRECISIONS = [  // bytes of a frozen number in memory, of a trained one, of its exact copy; of a stored base
  { name: "32 bits", frozen: 4, weight: 4, copy: 0, base: 2 },
  { name: "mixed", frozen: 2, weight: 2, copy: 4, base: 2 },
  { name: "mixed, base in 4 bits", frozen: 0.5, weight: 2, copy: 4, base: 0.5 },
];
const COSTLY = [
  { name: "all weights", trained: (m) => m.N },
  { name: "LoRA", trained: (m, P, r) => m.A * r * (m.D + m.query + m.D + m.kv) },
  { name: "prefix", trained: (m, P) => 2 * m.A * P * m.kv },
  { name: "prompt", trained: (m, P) => P * m.D },
];
const PARTS = ["frozen weights", "trained weights", "gradients", "exact copy", "moments"];

function costs(model, precision, method, { P, r, tasks }) {
  const trained = method.trained(model, P, r), frozen = method === COSTLY[0] ? 0 : model.N;
  const parts = [precision.frozen * frozen, precision.weight * trained, precision.weight * trained, precision.copy * trained, 8 * trained];
  const base = frozen ? precision.base * frozen : 0;
  return { trained, parts, total: parts.reduce((a, b) => a + b), one: 2 * trained, all: base + 2 * trained * tasks };
}
const bytes = (x) => {
  const unit = clamp(Math.floor(Math.log10(Math.max(x, 1)) / 3), 1, 4), value = x / 1000 ** unit;
  return `${value >= 1000 ? Math.round(value).toLocaleString("en") : value >= 100 ? value.toFixed(0) : value.toPrecision(value < 1 ? 2 : 3)}\u00a0${["", "kB", "MB", "GB", "TB"][unit]}`;
};

function mount(stage, data) {
  const { models, cards, start } = data, state = { ...start, P: 10, r: 8, tasks: 100 };
  const change = (key) => (value) => { state[key] = value; render(); };
  choice(stage, { label: "model", options: models.map((m) => m.name), value: state.model, onChange: change("model") });
  choice(stage, { label: "precision", options: PRECISIONS.map((p) => p.name), value: state.precision, onChange: change("precision") });
  choice(stage, { label: "method", options: COSTLY.map((m) => m.name), value: state.method, onChange: change("method") });
  const sliders = el(stage, "div", "pl-three");
  slider(sliders, { label: "length P", min: 1, max: 200, value: state.P, onInput: change("P") });
  slider(sliders, { label: "rank r", min: 1, max: 64, value: state.r, onInput: change("r") });
  slider(sliders, { label: "tasks", min: 0, max: 4, step: 0.1, value: 2, say: (v) => Math.round(10 ** v).toLocaleString("en"),
    onInput: (v) => change("tasks")(Math.round(10 ** v)) });

  const legend = el(stage, "p", "pl-legend");
  PARTS.forEach((name, i) => { el(legend, "i", `pl-part${i}`); el(legend, "span", "", name); });
  const row = 42, top = 24;
  let width = 0;
  const svg = sheet(stage, top + row * COSTLY.length, "Memory from step to step, for each method", (w) => { width = w; render(); });
  const lines = cards.map((card) => [draw(svg, "path", "pl-cursor"), draw(svg, "text", "pl-quiet pl-mid", { y: 14 }, `${card} GB`)]);
  const rows = COSTLY.map(({ name }, k) => ({
    name: draw(svg, "text", "", { x: 0, y: top + k * row + 14 }, name), total: draw(svg, "text", "pl-end", { y: top + k * row + 14 }),
    parts: PARTS.map((_, i) => draw(svg, "rect", `pl-part${i}`, { y: top + k * row + 20, height: 14 })),
  }));
  const said = set(el(stage, "div", "pl-said"), { "aria-live": "polite" });
  const [trained, memory, disk] = [0, 1, 2].map(() => el(said, "p"));

  function render() {
    const model = models[state.model], precision = PRECISIONS[state.precision];
    const each = COSTLY.map((method) => costs(model, precision, method, state)), now = each[state.method];
    const share = (100 * now.trained) / model.N, name = COSTLY[state.method].name;
    trained.textContent = `${name}: ${now.trained.toLocaleString("en")} trained numbers, ${share >= 1 ? Math.round(share) : share.toPrecision(2)}\u00a0% of the model`;
    memory.textContent = `In memory from step to step: ${bytes(now.total)}, of which ${PARTS.map((part, i) => [part, now.parts[i]]).filter(([, b]) => b).map(([part, b]) => `${part} ${bytes(b)}`).join(", ")}`;
    disk.textContent = `On the disk: ${bytes(now.one)} for a task; ${bytes(now.all)} for ${state.tasks.toLocaleString("en")} ${state.tasks === 1 ? "task" : "tasks"}${state.method ? ", the model included" : ""}`;
    if (!width) return;
    const full = Math.max(...each.map((e) => e.total)), x = (b) => (b / full) * width;
    rows.forEach((line, k) => {
      let left = 0;
      for (const node of [line.name, line.total]) node.classList.toggle("pl-strong", k === state.method);
      set(line.total, { x: width }).textContent = bytes(each[k].total);
      line.parts.forEach((rect, i) => {
        set(rect, { x: left, width: x(each[k].parts[i]) });
        left += x(each[k].parts[i]);
      });
    });
    lines.forEach(([line, text], i) => {
      const at = x(cards[i] * 1e9), seen = at < width - 24 ? "visible" : "hidden";
      set(line, { d: `M${at} 20V${top + row * COSTLY.length}`, visibility: seen });
      set(text, { x: Math.max(at, 20), visibility: seen && x(cards[1] * 1e9) - x(cards[0] * 1e9) < 52 && i === 0 && at < width - 24 ? "hidden" : seen });
    });
  }
  render();
}
