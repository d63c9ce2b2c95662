// How far a word, a free row at the bottom, and a prefix reach: a decoder of two layers, two numbers wide, and one row before its text.
// data: layers [{key, value}] (2 x 2), inner and outer (2 x 2, of the network between), words [{word, at}], wanted [key 1, value 1, key 2, value 2], start
const HIGH = 204, FAR = 2.2;  // px: height of a plane; half of its width in values
const apply = (m, x) => m.map((row) => row[0] * x[0] + row[1] * x[1]);
const plus = (a, b) => a.map((x, i) => x + b[i]);
const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const spoken = ([x, y]) => `${fixed(Math.abs(x))} ${x < 0 ? "left" : "right"}, ${fixed(Math.abs(y))} ${y < 0 ? "down" : "up"}`;
const NAMES = ["key 1", "value 1", "key 2", "value 2"];

function mount(stage, { layers, inner, outer, words, wanted, start }) {
  // What the frozen model makes of one row at the embedding: its key and value at both attentions. It reads only itself.
  function carried(row) {
    const after = plus(row, apply(layers[0].value, row));
    const next = plus(after, apply(outer, apply(inner, after).map(Math.tanh)));
    return [apply(layers[0].key, row), apply(layers[0].value, row), apply(layers[1].key, next), apply(layers[1].value, next)];
  }
  const miss = (four) => four.reduce((sum, at, i) => sum + apart(at, wanted[i]), 0) / 4;
  const least = (rows) => rows.reduce((best, row) => (miss(carried(row)) < miss(carried(best)) ? row : best));
  const grid = Array.from({ length: 6561 }, (_, i) => [((i % 81) - 40) / 20, (Math.floor(i / 81) - 40) / 20]);
  const bestWord = words.indexOf(words.find((w) => w.at === least(words.map((v) => v.at)))), bestRow = least(grid);
  let way = 1, word = bestWord, row = start ?? bestRow, four = carried(row);

  choice(stage, { label: "before the text", options: ["word", "free row", "prefix"], value: way, onChange: (i) => {
    way = i;
    if (i < 2) follow();  // a prefix goes on from where it is
    else render();
  } });
  const line = el(stage, "div", "pl-line-two");
  const chosen = choice(line, { label: "word", options: words.map((w) => w.word), value: word, onChange: (i) => { word = i; follow(); } });
  button(line, "Best of its kind", () => {
    if (way === 0) chosen.pick(bestWord);
    else if (way === 1) { row = bestRow; follow(); }
    else { four = wanted.map((at) => [...at]); render(); }
  });
  const titles = [["Embedding", "one row"], ["Attention 1", "key, value"], ["Attention 2", "key, value"]];
  const planes = titles.map(([name, what], i) => {
    const half = el(stage, "div", `pl-plane-${i}`), head = el(half, "p", "pl-head");
    el(head, "b", "", name);
    head.append(what);
    return sheet(half, HIGH, `${name}: ${what}`, () => render());
  });
  const measure = bars(stage, { label: "How far the four places are missed, on the mean" });

  const axes = planes.map((svg) => draw(svg, "path", "pl-axis"));
  const rings = wanted.map((_, i) => draw(planes[1 + (i >> 1)], "path", "pl-ring-wanted"));
  const gaps = wanted.map((_, i) => draw(planes[1 + (i >> 1)], "path", "pl-gap"));
  const marks = wanted.map((_, i) => draw(planes[1 + (i >> 1)], "path", "pl-mark"));
  const texts = wanted.map((_, i) => draw(planes[1 + (i >> 1)], "text", "pl-warm pl-mid", {}, i % 2 ? "value" : "key"));
  const dots = words.map(() => draw(planes[0], "circle", "pl-dot", { r: 3.5 })), labels = words.map((w) => draw(planes[0], "text", "", {}, w.word));
  const here = draw(planes[0], "circle", "pl-here", { r: 8 });
  const bounds = [[-2, 2], [-2, 2]];
  const rowHandle = point(planes[0], { label: "Free row at the embedding", className: "pl-row-handle", bounds, from: (x, y) => scale(planes[0]).from(x, y),
    get: () => row, put: (to) => { row = to; follow(); }, say: () => `${spoken(row)}. The four places are missed by ${fixed(miss(four))} on the mean.` });
  const handles = wanted.map((ring, i) => point(planes[1 + (i >> 1)], { label: `Prefix, ${NAMES[i]}`, bounds, from: (x, y) => scale(planes[1 + (i >> 1)]).from(x, y),
    get: () => four[i], put: (to) => { four[i] = to; render(); }, say: () => `${spoken(four[i])}. ${fixed(apart(four[i], ring))} from its ring.` }));

  function scale(svg) {
    const { width } = svg.getBoundingClientRect(), unit = Math.min(width, HIGH) / (2 * FAR), cx = width / 2, cy = HIGH / 2;
    return { width, cx, cy, to: ([x, y]) => [cx + unit * x, cy - unit * y], from: (x, y) => [(x - cx) / unit, (cy - y) / unit] };
  }
  // A circle for a key, a diamond for a value.
  const shape = ([x, y], r, i) => (i % 2 ? `M${x - r} ${y}L${x} ${y - r}L${x + r} ${y}L${x} ${y + r}Z` : `M${x - r} ${y}a${r} ${r} 0 1 1 ${2 * r} 0a${r} ${r} 0 1 1 ${-2 * r} 0Z`);

  function follow() {
    four = carried(way === 0 ? words[word].at : row);
    render();
  }
  function render() {
    const [bottom, ...tops] = planes.map(scale);
    if (![bottom, ...tops].every((p) => p.width)) return;
    [bottom, ...tops].forEach((p, i) => set(axes[i], { d: `M0 ${p.cy}H${p.width}M${p.cx} 0V${HIGH}` }));
    stage.dataset.way = way;
    words.forEach((w, i) => {
      const [x, y] = bottom.to(w.at);
      set(dots[i], { cx: x, cy: y });
      set(labels[i], { x: clamp(x, 22, bottom.width - 22), y: y - 8, "text-anchor": "middle" });
    });
    const [hx, hy] = bottom.to(words[word].at);
    set(here, { cx: hx, cy: hy });
    rowHandle.place(bottom.to(row));
    four.forEach((at, i) => {
      const p = tops[i >> 1], to = p.to(at), ring = p.to(wanted[i]);
      set(rings[i], { d: shape(ring, i % 2 ? 15 : 13, i) });
      set(gaps[i], { d: `M${to}L${ring}` });
      set(marks[i], { d: shape(to, i % 2 ? 8 : 6.5, i) });
      set(texts[i], { x: clamp(ring[0], 20, p.width - 20), y: ring[1] < 40 ? ring[1] + 30 : ring[1] - 19 });
      handles[i].place(to);
      handles[i].announce();
    });
    rowHandle.announce();
    const now = miss(four), best_of = [miss(carried(words[bestWord].at)), miss(carried(bestRow)), 0];
    measure.put([
      { label: "missed by, now", value: now / 2, text: fixed(now), role: "prefix", strong: true },
      { label: "by the best word", value: best_of[0] / 2, text: fixed(best_of[0]), role: "text" },
      { label: "by the best row", value: best_of[1] / 2, text: fixed(best_of[1]), role: "trained" },
      { label: "by a prefix", value: 0, text: fixed(0), role: "prefix" },
    ]);
  }
  render();
}
