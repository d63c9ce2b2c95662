// One attention with a prefix, carried from (H, P, D_h) to (P, H, D_h) in three ways: which vector lands where, and what each head makes of it.
// data: query, text [head][D_h] (the text's answer g), heap [head] (log of the text's weights), keys, values [head][row][D_h],
// rows [P, ...], texts {"way P": what the model writes}, start [way, place in rows]
const WAYS = ["transpose", "reshape", "nothing"];
const CELL = 24, HEAD = 22, BAR = 24;  // px: a row of the grid, the strip above it, a head's bar

// Where the vector for row r of head h is taken from, as [head, row] of the file; null where it cannot be carried.
function source(way, H, P, h, r) {
  if (way === "transpose") return [h, r];
  if (way === "reshape") return [Math.floor((r * H + h) / P), (r * H + h) % P];
  return P === H ? [r, h] : null;
}
// A head's share for the prefix and its output, from rows of keys and values.
function answer(query, heap, text, keys, values) {
  const scores = keys.map((key) => key.reduce((sum, k, i) => sum + k * query[i], 0) / Math.sqrt(query.length));
  const top = Math.max(heap, ...scores), own = scores.map((s) => Math.exp(s - top)), words = Math.exp(heap - top);
  const all = own.reduce((a, b) => a + b, words);
  return { share: 1 - words / all, output: text.map((g, i) => (words * g + own.reduce((sum, w, r) => sum + w * values[r][i], 0)) / all) };
}

function mount(stage, { query, text, heap, keys, values, rows, texts, start }) {
  const H = keys.length, most = Math.max(...rows);
  let way = start[0], P = rows[start[1]], at = [1, 2], width = 0;  // at: head and row of the cursor
  const top = el(stage, "div", "pl-top");
  choice(top, { label: "moved by", options: WAYS, value: WAYS.indexOf(way), onChange: (i) => { way = WAYS[i]; render(); } });
  choice(top, { label: "rows of the prefix", options: rows.map(String), value: start[1], onChange: (i) => { P = rows[i]; at = [at[0], Math.min(at[1], P - 1)]; render(); } });
  const left = el(stage, "div"), right = el(stage, "div");
  title(left, "Where each vector lands", "head·row in the file");
  const grid = sheet(left, HEAD + most * CELL + 2, "Rows and heads in TensorFlow's layout; each cell names the head and the row that the vector had in the file", (w) => { width = w; render(); });
  title(right, "Share of the prefix", "line: in torch");
  const chart = sheet(right, H * BAR + 4, "The share of the attention that the prefix takes in each head", () => render());
  const off = el(right, "p", "pl-off"), said = el(right, "p", "pl-said"), wrote = el(stage, "p", "pl-wrote");

  const heads = keys.map((_, h) => draw(grid, "text", "pl-mid pl-quiet", { y: 14 }, `head ${h + 1}`));
  const cells = Array.from({ length: most }, (_, r) => keys.map((_, h) => ({ rect: draw(grid, "rect", "", { y: HEAD + r * CELL + 1, height: CELL - 2 }), text: draw(grid, "text", "pl-mid", { y: HEAD + r * CELL + 16.5 }) })));
  const cursor = set(draw(grid, "rect", "pl-cursor-cell", { height: CELL }), { tabindex: 0, role: "slider", "aria-label": "Cell of the prefix",
    "aria-roledescription": "cell, moved with the four arrow keys", "aria-valuemin": 1, "aria-valuemax": H });
  const bars = keys.map((_, h) => ({ name: draw(chart, "text", "", { x: 0, y: h * BAR + 17 }, `head ${h + 1}`), ground: draw(chart, "rect", "pl-track", { x: 56, y: h * BAR + 5, height: 15 }),
    bar: draw(chart, "rect", "pl-own", { x: 56, y: h * BAR + 5, height: 15 }), torch: draw(chart, "path", "pl-torch"), value: draw(chart, "text", "pl-end", { y: h * BAR + 17 }) }));

  function title(parent, name, hint) {
    const head = el(parent, "p", "pl-head");
    el(head, "b", "", name);
    head.append(hint);
  }
  function carried(how) {  // what each head computes after the move; null where TensorFlow stops
    if (!source(how, H, P, 0, 0)) return null;
    return keys.map((_, h) => {
      const from = Array.from({ length: P }, (_, r) => source(how, H, P, h, r));
      return answer(query[h], heap[h], text[h], from.map(([a, b]) => keys[a][b]), from.map(([a, b]) => values[a][b]));
    });
  }
  function render() {
    if (!width) return;
    const torch = carried("transpose"), here = carried(way), cell = width / H;
    heads.forEach((node, h) => set(node, { x: (h + 0.5) * cell }));
    cells.forEach((line, r) => line.forEach(({ rect, text: label }, h) => {
      const from = r < P ? source(way, H, P, h, r) : null, right_place = from && from[0] === h && from[1] === r;
      set(rect, { x: h * cell + 1, width: cell - 2, class: r >= P ? "pl-none" : !from ? "pl-stopped" : right_place ? "pl-right" : "pl-wrong" });
      set(label, { x: (h + 0.5) * cell }).textContent = from ? `${from[0] + 1}·${from[1] + 1}` : "";
    }));
    const [h, r] = at, from = source(way, H, P, h, r), place = `Row ${r + 1} of head ${h + 1}`;
    const holds = !from ? `${place}: nothing is carried` : from[0] === h && from[1] === r ? `${place} holds what the file has there` : `${place} holds row ${from[1] + 1} of head ${from[0] + 1}`;
    set(cursor, { x: h * cell, y: HEAD + r * CELL, width: cell, "aria-valuenow": h + 1, "aria-valuetext": `${holds}.` });
    said.textContent = `${holds}.`;
    const wide = chart.getBoundingClientRect().width - 56 - 44;
    bars.forEach(({ ground, bar, torch: mark, value }, i) => {
      set(ground, { width: Math.max(0, wide) });
      set(bar, { width: here ? Math.max(0, here[i].share * wide) : 0 });
      set(mark, { d: `M${56 + torch[i].share * wide} ${i * BAR + 2}v21` });
      set(value, { x: 56 + wide + 44 }).textContent = here ? fixed(here[i].share) : "–";
    });
    off.innerHTML = here ? "The attention's output is off by <b></b> of its length." : "TensorFlow stops: <b></b>.";
    off.querySelector("b").textContent = here ? `${Math.round(100 * distance(here, torch))} %` : `(${H}, ${P}, D_h) does not fit before (T, ${H}, D_h)`;
    wrote.innerHTML = "<i>The model then writes:</i> ";
    wrote.append(texts[`${way} ${P}`] ?? "nothing, because no step can be computed.");
  }
  function distance(a, b) {
    const flat = (all) => all.flatMap(({ output }) => output), [x, y] = [flat(a), flat(b)];
    return Math.hypot(...x.map((v, i) => v - y[i])) / Math.hypot(...y);
  }
  function move(h, r) { at = [clamp(h, 0, H - 1), clamp(r, 0, P - 1)]; render(); }
  const under = (event) => {
    const box = grid.getBoundingClientRect(), y = event.clientY - box.top;
    if (y >= HEAD) move(Math.floor(((event.clientX - box.left) * H) / width), Math.floor((y - HEAD) / CELL));
  };
  grid.addEventListener("pointermove", (event) => event.pointerType === "mouse" && under(event));
  grid.addEventListener("pointerdown", under);
  cursor.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(at[0] + step[0], at[1] + step[1]);
  });
}
