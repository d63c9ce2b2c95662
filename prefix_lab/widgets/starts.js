// Ways to train one prefix, step by step: their losses, what the chosen one writes, and how alike its virtual tokens are.
// data: steps [0, 2, ...], tokens P, ways [{name, role, losses, texts, cosines: [percent of each pair i < j, for each step]}], wanted, way (the first shown)
function mount(stage, data) {
  const { steps, tokens, ways, wanted } = data, left = el(stage, "div"), right = el(stage, "div");
  const curves = ways.map((way) => ({ name: "", role: way.role, values: way.losses }));
  const losses = chart(left, { label: "Loss of each way on unseen records", xs: steps, curves, xlabel: "training step", ylabel: "loss on unseen records (nats per token)" });
  const count = el(right, "p", "pl-head");
  const square = set(sheet(right, 176, "", redraw), { role: "img" }), cells = [];
  for (let k = 0; k < tokens ** 2; k++) cells.push(draw(square, "rect"));
  const pick = choice(stage, { label: "way", options: ways.map((way) => way.name), value: data.way ?? 0, onChange: show });
  stage.querySelectorAll(".pl-choice button").forEach((node, i) => node.style.setProperty("--way", `var(--pl-${ways[i].role})`));
  const bar = player(stage, { label: "training step", count: steps.length, say: (i) => String(steps[i]), onStep: show });
  const box = el(stage, "div", "pl-now"), head = el(box, "p", "pl-head"), page = el(box, "div", "pl-page"), now = set(el(page, "p"), { "aria-live": "polite" });
  const all = ways.flatMap((way) => way.texts.map(oneLine));
  set(el(page, "p", "pl-size", all.reduce((a, b) => (b.length > a.length ? b : a))), { "aria-hidden": "true" });  // keeps the height
  el(stage, "p", "pl-head pl-whole", "The town’s own entry");
  el(stage, "p", "pl-whole pl-wanted", wanted);

  function redraw(width) {
    const size = Math.min(width, 176) / tokens;
    cells.forEach((cell, k) => set(cell, { x: (k % tokens) * size, y: Math.floor(k / tokens) * size, width: size - 0.5, height: size - 0.5 }));
  }
  function show() {
    const way = ways[pick.value], i = bar.value, cosine = matrix(way.cosines[i], tokens), alike = worth(cosine);
    cosine.forEach((c, k) => { cells[k].style.cssText = `fill: var(--pl-${c < 0 ? "frozen" : "prefix"}); fill-opacity: ${Math.abs(c).toFixed(2)}`; });
    count.textContent = `${tokens} tokens count as ${fixed(alike, 1)} different ones`;
    set(square, { "aria-label": `Cosines between ${tokens} virtual tokens, which count as ${fixed(alike, 1)} different ones` });
    head.textContent = steps[i] ? `${way.name} writes, after ${steps[i]} steps` : `${way.name} writes, before any training`;
    now.textContent = oneLine(way.texts[i]);
    losses.mark(i);
  }
  show();
}
// The whole matrix, row by row, from the percents of the pairs above its diagonal.
function matrix(pairs, n) {
  const cosine = new Array(n * n).fill(1);
  for (let i = 0, k = 0; i < n; i++) for (let j = i + 1; j < n; j++) cosine[i * n + j] = cosine[j * n + i] = pairs[k++] / 100;
  return cosine;
}
// How many directions share the matrix evenly: n^2 / (sum of squares); 1 when all tokens are one, n when all are at right angles.
const worth = (cosine) => cosine.length / cosine.reduce((sum, c) => sum + c * c, 0);
