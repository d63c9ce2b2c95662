// A query among keys: its shares at any temperature, and the mixture of the values that it gets.
// data: entries [{name, key: [x, y], value: [x, y]}], query: [x, y],
//       planes {keys, values}: {names: [x, y], range: [[low, high], [low, high]]}
function shares(query, entries, temperature) {
  const scores = entries.map(({ key }) => (query[0] * key[0] + query[1] * key[1]) / temperature);
  const powers = scores.map((s) => Math.exp(s - Math.max(...scores)));
  const total = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / total);
}

function mount(stage, data) {
  const { entries, planes } = data, tall = 250, disc = 36;  // pixels: a plane, a disc that holds everything
  const state = { query: [...data.query], temperature: 1 };
  const told = (mixed) => planes.values.names.map((name, i) => `${fixed(mixed[i], 0)} ${name}`).join(", ");
  const above = (node, [x, y], panel, gap = 10) => set(node, { x: clamp(x, 52, Math.max(52, panel.width - 52)), y: y - gap < 28 ? y + gap + 10 : y - gap });
  const panels = ["keys", "values"].map((what) => {
    const box = el(stage, "div"), head = el(box, "p", "pl-head");
    el(head, "b", "", what === "keys" ? "Keys" : "Values");
    head.append(what === "keys" ? "drag the query" : "the answer is their mixture");
    const panel = { ...planes[what], width: 0 };
    panel.svg = sheet(box, tall, `${what}: ${panel.names.join(", ")}`, (width) => { panel.width = width; render(); });
    panel.axes = draw(panel.svg, "path", "pl-axis");
    panel.x = draw(panel.svg, "text", "pl-quiet pl-end", { y: tall - 4 }, `${panel.names[0]} →`);
    panel.y = draw(panel.svg, "text", "pl-quiet", { x: 0, y: 13 }, `↑ ${panel.names[1]}`);
    const [[left, right], [low, high]] = panel.range;
    const foot = tall - 22;
    panel.to = ([x, y]) => [((x - left) / (right - left)) * panel.width, foot - ((y - low) / (high - low)) * (foot - 20)];
    panel.from = (px, py) => [left + (px / panel.width) * (right - left), low + ((foot - py) / (foot - 20)) * (high - low)];
    return panel;
  });
  const [keys, values] = panels;
  const hull = draw(values.svg, "path", "pl-hull"), spokes = entries.map(() => draw(values.svg, "path", "pl-spoke"));
  const discs = entries.map(() => draw(keys.svg, "circle", "pl-disc"));
  const dots = panels.map((panel) => entries.map(({ name }) => [draw(panel.svg, "circle", "pl-dot", { r: 4 }), draw(panel.svg, "text", "pl-mid", {}, name)]));
  const arrow = draw(keys.svg, "path", "pl-query"), queryText = draw(keys.svg, "text", "pl-strong", {}, "query");
  const answer = draw(values.svg, "circle", "pl-answer", { r: 6.5 }), answerText = draw(values.svg, "text", "pl-end pl-strong", {}, "answer");
  const knob = point(keys.svg, { label: "Query", from: keys.from, get: () => state.query, bounds: keys.range,
    put: (to) => { state.query = to; render(); }, say: spoken });
  const controls = el(stage, "div", "pl-controls");
  const heat = slider(controls, { label: "temperature τ", min: -1.5, max: 1.5, step: 0.05, value: 0, say: (v) => fixed(10 ** v),
    onInput: (v) => { state.temperature = 10 ** v; render(); } });
  button(controls, "Reset", () => { state.query = [...data.query]; heat.set(0); knob.announce(); });
  const list = bars(stage, { label: "Share of each entry" }), said = el(stage, "p", "pl-said");

  function now() {
    const a = shares(state.query, entries, state.temperature);
    return { a, mixed: [0, 1].map((i) => entries.reduce((sum, { value }, j) => sum + a[j] * value[i], 0)) };
  }
  function spoken() {
    const { a, mixed } = now(), best = a.indexOf(Math.max(...a));
    return `${planes.keys.names.map((name, i) => `${name} ${fixed(state.query[i])}`).join(", ")}. ${entries[best].name} has ${Math.round(100 * a[best])} percent; the answer is ${told(mixed)}.`;
  }

  function render() {
    if (!keys.width || !values.width) return;
    const { a, mixed } = now();
    for (const panel of panels) {
      const [x, y] = panel.to([Math.max(0, panel.range[0][0]), Math.max(0, panel.range[1][0])]);
      set(panel.axes, { d: `M0 ${y}H${panel.width}M${x} 20V${tall - 22}` });
      set(panel.x, { x: panel.width });
    }
    const points = entries.map(({ value }) => values.to(value)), centre = values.to(mixed);
    const middle = [0, 1].map((i) => points.reduce((sum, p) => sum + p[i] / points.length, 0));
    const around = [...points].sort((p, q) => Math.atan2(p[1] - middle[1], p[0] - middle[0]) - Math.atan2(q[1] - middle[1], q[0] - middle[0]));
    set(hull, { d: `M${around.join("L")}Z` });
    entries.forEach(({ key }, j) => {
      const at = keys.to(key);
      set(discs[j], { cx: at[0], cy: at[1], r: disc * Math.sqrt(a[j]) });
      set(spokes[j], { d: `M${points[j]}L${centre}`, "stroke-opacity": a[j], "stroke-width": 1 + 5 * a[j] });
      [at, points[j]].forEach((p, i) => { set(dots[i][j][0], { cx: p[0], cy: p[1] }); above(dots[i][j][1], p, panels[i]); });
    });
    const from = keys.to([0, 0]), tip = keys.to(state.query);
    set(arrow, { d: `M${from}L${tip}` });
    knob.place(tip);
    const before = tip[0] > keys.width - 60;
    set(queryText, { x: tip[0] + (before ? -18 : 18), y: tip[1] + 5, "text-anchor": before ? "end" : "start" });
    set(answer, { cx: centre[0], cy: centre[1] });
    set(answerText, { x: centre[0] - 11, y: centre[1] + 5 });
    list.put(entries.map(({ name }, j) => ({ label: name, value: a[j], role: "text", strong: a[j] === Math.max(...a) })));
    said.textContent = `Answer: ${told(mixed)}`;
  }
}
