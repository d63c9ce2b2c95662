// Prefixes of one row each in one head of width two: side by side or averaged, with weights; the next word follows.
// data: people, words (what each answers), queries [2] of each, out [2] of each word, sets [{name, keys, values}], start {asked, set}
function mount(stage, data) {
  const { people, words, queries, out, sets, start } = data, HIGH = 230, GROUND = 40;
  const state = { asked: start.asked, set: start.set, way: 0, weights: people.map(() => 1) };
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1], sum = (list) => list.reduce((a, b) => a + b, 0);
  const total = (weights, rows) => [0, 1].map((i) => sum(rows.map((row, n) => weights[n] * row[i])));
  const percent = (x) => `${Math.round(100 * x)} %`;

  function compute() {  // the text is one row of zeros, whose weight is 1
    const { keys, values } = sets[state.set], all = sum(state.weights), query = queries[state.asked];
    const shares = state.weights.map((w) => (all ? w / all : 0));
    const rows = state.way && all ? { weights: [1], keys: [total(shares, keys)], values: [total(shares, values)] } : { weights: state.weights, keys, values };
    const heaps = rows.keys.map((key, n) => rows.weights[n] * Math.exp(dot(query, key) / Math.SQRT2)), whole = 1 + sum(heaps);
    const lambdas = heaps.map((heap) => heap / whole), f = total(lambdas, rows.values);
    const odds = out.map((row) => Math.exp(dot(row, f)));
    return { rows, lambdas, text: 1 / whole, chances: odds.map((x) => x / sum(odds)) };
  }

  const top = el(stage, "div", "pl-top");
  const asked = choice(top, { label: "asked about", options: people, value: state.asked, onChange: (i) => { state.asked = i; render(); } });
  const which = choice(top, { label: "prefixes", options: sets.map((s) => s.name), value: state.set, onChange: (i) => { state.set = i; render(); } });
  const way = choice(top, { label: "joined", options: ["side by side", "averaged"], onChange: (i) => { state.way = i; render(); } });
  const said = set(el(stage, "p", "pl-said"), { "aria-live": "polite" });
  const left = el(stage, "div"), right = el(stage, "div", "pl-right");
  el(left, "p", "pl-head", "keys, and the query that asks");
  const svg = sheet(left, HIGH, "The plane of keys: the query is an arrow, each prefix's key a dot", () => render());
  const axes = draw(svg, "path", "pl-axis"), arrow = draw(svg, "path", "pl-arrow"), q = draw(svg, "text", "pl-mid", {}, "query");
  const marks = people.map((name) => ({ spot: draw(svg, "circle", "pl-key"), name: draw(svg, "text", "", {}, name) }));
  const mean = { spot: draw(svg, "circle", "pl-mean", { r: 7 }), name: draw(svg, "text", "", {}, "average") };
  const sliders = people.map((name, n) => slider(left, { label: `weight of ${name}'s`, min: 0, max: 3, step: 0.05, value: 1, say: (v) => fixed(v, 2), onInput: (v) => { state.weights[n] = v; render(); } }));
  el(right, "p", "pl-head", "shares of the attention, λ");
  const shares = bars(right, { label: "Shares of the attention" });
  el(right, "p", "pl-head", "the next word");
  const answers = bars(right, { label: "Chances of the next word" });
  button(right, "Reset", () => { sliders.forEach((s) => s.set(1)); asked.pick(start.asked); which.pick(start.set); way.pick(0); });

  function render() {
    const now = compute(), width = svg.getBoundingClientRect().width;
    said.textContent = `Asked about ${people[state.asked]}: the right word, ${words[state.asked]}, has ${percent(now.chances[state.asked])} of the chances.`;
    const row = (label, value, role, strong) => ({ label, value, role, strong, text: percent(value) });
    shares.put([...(now.lambdas.length === 1 ? [row("the average", now.lambdas[0], "prefix")] : people.map((name, n) => row(`${name}'s`, now.lambdas[n], "prefix", n === state.asked))), row("the text", now.text, "text"),
      ...(now.lambdas.length === 1 ? people.slice(1).map(() => row(" ", 0, "text")).map((r) => ({ ...r, text: " " })) : [])]);
    answers.put(words.map((word, n) => row(word, now.chances[n], "frozen", n === state.asked)));
    if (!width) return;
    const { keys } = sets[state.set], points = [...queries, ...sets.flatMap((s) => s.keys)];
    const far = [0, 1].map((i) => Math.max(...points.map((at) => Math.abs(at[i]))));
    const scale = Math.min((width / 2 - 44) / far[0], (HIGH - GROUND - 24) / far[1]), [cx, cy] = [width / 2, HIGH - GROUND], to = ([x, y]) => [cx + scale * x, cy - scale * y];
    set(axes, { d: `M0 ${cy}H${width}M${cx} 0V${HIGH}` });
    const tip = to(queries[state.asked]), length = Math.hypot(tip[0] - cx, tip[1] - cy), u = [(tip[0] - cx) / length, (tip[1] - cy) / length];
    const wing = (side) => `${tip[0] - 9 * u[0] - side * 4.5 * u[1]} ${tip[1] - 9 * u[1] + side * 4.5 * u[0]}`;
    set(arrow, { d: `M${cx} ${cy}L${tip}M${wing(1)}L${tip}L${wing(-1)}` });
    set(q, { x: tip[0], y: tip[1] - 9 });
    marks.forEach(({ spot, name }, n) => {
      const [x, y] = to(keys[n]), r = 4 + 12 * Math.sqrt(now.lambdas.length === 1 ? 0 : now.lambdas[n]), way = Math.abs(x - cx) < 8 ? 0 : Math.sign(x - cx);
      set(spot, { cx: x, cy: y, r });
      set(name, { x: clamp(x, 30, width - 30), y: y + (way ? r + 15 : -r - 5), "text-anchor": "middle" });
    });
    const [mx, my] = to(now.rows.keys[0]), shown = now.lambdas.length === 1 ? "visible" : "hidden";
    set(mean.spot, { cx: mx, cy: my, visibility: shown });
    set(mean.name, { x: mx + 12, y: my + 20, visibility: shown });
  }
  render();
}
