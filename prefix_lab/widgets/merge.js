// Attention computed twice: by one softmax over all keys, and by two, one on each side of a cut, merged by their log-sum-exps.
// data: keys [{name, key, value, prefix}], start {angle (degrees), scale (of the scores), cut}
const SPAN = 58, TOP = 34, SECOND = 150;  // px: height of a weight of 1; where the columns of both rows begin
const LENGTH = 1.7;                        // of the query

function part(scores, values) {
  const top = Math.max(...scores), all = scores.reduce((sum, s) => sum + Math.exp(s - top), 0);
  const weights = scores.map((s) => Math.exp(s - top) / all);
  return { weights, logs: top + Math.log(all), heap: scores.reduce((sum, s) => sum + Math.exp(s), 0),
    answer: weights.reduce((sum, w, i) => sum + w * values[i], 0) };
}
function both({ keys, angle, scale, cut }) {
  const q = [Math.cos, Math.sin].map((f) => LENGTH * scale * f((angle * Math.PI) / 180));
  const scores = keys.map(({ key }) => (q[0] * key[0] + q[1] * key[1]) / Math.SQRT2), values = keys.map((k) => k.value);
  const [left, right] = [part(scores.slice(0, cut), values.slice(0, cut)), part(scores.slice(cut), values.slice(cut))];
  const share = 1 / (1 + Math.exp(right.logs - left.logs));
  return { left, right, share, merged: share * left.answer + (1 - share) * right.answer, joint: part(scores, values) };
}
const heap = (x) => (Number.isFinite(x) ? (x < 1e4 ? fixed(x, 1) : x.toExponential(1).replace("+", "")) : "beyond 64 bits");

function mount(stage, { keys, start }) {
  const state = { ...start }, n = keys.length, change = (key) => (value) => { state[key] = value; render(); };
  const top = el(stage, "div", "pl-sliders"), times = (v) => +(10 ** v).toPrecision(2);
  const bars = [
    slider(top, { label: "cut after", min: 1, max: n - 1, value: state.cut, say: (v) => `key ${v}, ${keys[v - 1].name}`, onInput: change("cut") }),
    slider(top, { label: "query", min: 0, max: 355, step: 5, value: state.angle, say: (v) => `${v}°`, onInput: change("angle") }),
    slider(top, { label: "scores", min: 0, max: 3, step: 0.1, value: Math.log10(state.scale), say: (v) => `× ${times(v)}`, onInput: (v) => change("scale")(times(v)) }),
  ];
  button(top, "Reset", () => [start.cut, start.angle, Math.log10(start.scale)].forEach((v, i) => bars[i].set(v)), "Reset the three sliders");
  let width = 0;
  const svg = sheet(stage, 258, "Weights of eight keys, by one softmax and by two", (w) => { width = w; render(); });
  const titles = [draw(svg, "text", "pl-quiet", { x: 0, y: 14 }, "one softmax"), draw(svg, "text", "pl-quiet", { x: 0, y: SECOND - 20 })];
  const cutLine = draw(svg, "path", "pl-cursor");
  const columns = keys.map(({ name, value, prefix }) => {
    const role = prefix ? "prefix" : "text", ink = `fill: var(--pl-${role}-ink)`;
    return { rects: [0, 1].map(() => draw(svg, "rect", "", { style: `fill: var(--pl-${role})` })), numbers: [0, 1].map(() => draw(svg, "text", "pl-mid")),
      name: draw(svg, "text", "pl-mid", { y: SECOND + SPAN + 18, style: ink }, name), value: draw(svg, "text", "pl-mid pl-quiet", { y: SECOND + SPAN + 36 }, fixed(value, 1)) };
  });
  const base = draw(svg, "path", "pl-axis");
  const table = el(stage, "div", "pl-sums"), lines = [0, 1].map(() => el(table, "p")), said = set(el(stage, "div", "pl-said"), { "aria-live": "polite" });
  const [merged, joint] = [el(said, "p"), el(said, "p")];

  function render() {
    if (!joint) return;
    const now = both({ keys, ...state }), { cut } = state;
    [["left", now.left], ["right", now.right]].forEach(([side, p], i) => {
      lines[i].textContent = `${side} of the cut: answer ${fixed(p.answer, 6)}, log-sum-exp ${fixed(p.logs, 3)} (heap ${heap(p.heap)})`;
    });
    merged.textContent = `merged: ${fixed(now.share, 3)} × ${fixed(now.left.answer, 3)} + ${fixed(1 - now.share, 3)} × ${fixed(now.right.answer, 3)} = ${fixed(now.merged, 6)}`;
    joint.textContent = `one softmax: ${fixed(now.joint.answer, 6)}`;
    if (!width) return;
    const wide = width / n, at = (i) => wide * (i + 0.5), thick = Math.min(30, wide - 10);
    titles[1].textContent = width < 420 ? "two softmaxes, cut at the line" : "two softmaxes, each over its side of the cut";
    [now.joint.weights, [...now.left.weights, ...now.right.weights]].forEach((weights, k) => weights.forEach((w, i) => {
      const floor = (k ? SECOND : TOP) + SPAN;
      set(columns[i].rects[k], { x: at(i) - thick / 2, width: thick, y: floor - SPAN * w, height: SPAN * w });
      set(columns[i].numbers[k], { x: at(i), y: floor - SPAN * w - 4 }).textContent = fixed(w);
    }));
    columns.forEach((c, i) => { set(c.name, { x: at(i) }); set(c.value, { x: at(i) }); });
    set(base, { d: `M0 ${TOP + SPAN}H${width}M0 ${SECOND + SPAN}H${width}` });
    set(cutLine, { d: `M${cut * wide} ${SECOND - 14}V${SECOND + SPAN + 40}` });
  }
  render();
}
