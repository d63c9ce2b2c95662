// The attention map of trained heads, the prefix's columns apart: point at a cell, or move with the arrow keys, and read its share.
// data: words [text], first (the word of the first row), length (rows of the prefix), heads [{name, shares}], start [row, column]
// shares: for each row, in thousandths, the columns of the prefix and then as many words as the row sees
const HIGH = 15, TOP = 22, GAP = 7;  // px: height of a row, strip above the map, gap between prefix and text

function mount(stage, { words, first, length, heads, start, head = 0 }) {
  let [row, column] = start, chosen = head, cell = 1, left = 0;
  const count = heads[0].shares.length, wide = length + words.length;
  choice(stage, { label: "head", options: heads.map((h) => h.name), value: chosen, onChange: (i) => { chosen = i; paint(); show(); } });
  const map = sheet(stage, TOP + count * HIGH + 2, "The attention map: a row for each word just read, a column for each key", (width) => lay(width));
  const said = el(stage, "p", "pl-said"), strip = el(stage, "div", "pl-strip");
  const bar = el(strip, "div", "pl-two"), own_part = el(bar, "span", "pl-own"), rest = el(bar, "span", "pl-rest");
  const line = el(strip, "p", "pl-line-of-words");
  const tokens = Array.from({ length: wide }, (_, j) => {
    const token = el(line, "span", j < length ? "pl-row" : "", j < length ? String(j + 1) : words[j - length]);
    token.addEventListener("click", () => at(row, j));
    return token;
  });

  const shares = (i) => heads[chosen].shares[i];
  const share = (i, j) => (shares(i)[j] ?? 0) / 1000;
  const lambda = (i) => shares(i).slice(0, length).reduce((a, b) => a + b, 0) / 1000;
  const seen = (i) => length + first + i + 1;  // columns that row i sees
  const x = (j) => left + j * cell + (j < length ? 0 : GAP);
  const word = (k) => ({ "": "a space", "⏎": "a new line" })[words[k].trim()] ?? `“${words[k].trim()}”`;
  const name = (j) => (j < length ? `row ${j + 1} of the prefix` : word(j - length));

  const titles = [draw(map, "text", "pl-warm", { y: 13 }, "prefix"), draw(map, "text", "pl-cool", { y: 13 }, "text")];
  const labels = heads[0].shares.map((_, i) => draw(map, "text", "pl-end", { y: TOP + i * HIGH + 12 }, words[first + i].trim() || "·"));
  const ground = draw(map, "path", "pl-ground"), band = draw(map, "rect", "pl-band", { height: HIGH, x: 0 });
  const cells = heads[0].shares.map((_, i) => Array.from({ length: seen(i) }, (_, j) =>
    draw(map, "rect", j < length ? "pl-warm" : "pl-cool", { y: TOP + i * HIGH + 1, height: HIGH - 2 })));
  const cursor = set(draw(map, "rect", "pl-cursor-cell", { height: HIGH }), { tabindex: 0, role: "slider", "aria-label": "Cell of the attention map",
    "aria-roledescription": "cell, moved with the four arrow keys", "aria-valuemin": 0, "aria-valuemax": 1 });

  function lay(width) {
    left = Math.max(...labels.map((label) => label.getComputedTextLength())) + 8;
    cell = (width - left - GAP) / wide;
    labels.forEach((label) => set(label, { x: left - 6 }));
    titles.forEach((title, k) => set(title, { x: x(k * length) }));
    set(band, { width });
    set(ground, { d: `M${left} ${TOP}h${length * cell}v${count * HIGH}h${-length * cell}Z` + Array.from({ length: count }, (_, i) =>
      `M${x(length)} ${TOP + i * HIGH}h${(seen(i) - length) * cell}v${HIGH}h${-(seen(i) - length) * cell}Z`).join("") });
    cells.forEach((line) => line.forEach((rect, j) => set(rect, { x: x(j) + cell / 12, width: (5 * cell) / 6 })));
    paint();
    show();
  }
  function paint() {  // the ink grows with the root of the share, so that small shares are seen
    cells.forEach((line, i) => line.forEach((rect, j) => set(rect, { "fill-opacity": Math.sqrt(share(i, j)).toFixed(2) })));
  }
  function show() {
    const mass = lambda(row);
    set(band, { y: TOP + row * HIGH });
    set(cursor, { x: x(column) - 1, y: TOP + row * HIGH, width: cell + 2, "aria-valuenow": share(row, column).toFixed(2),
      "aria-valuetext": `Having read ${word(first + row)}: ${fixed(share(row, column))} to ${name(column)}; ${fixed(mass)} to the whole prefix.` });
    said.innerHTML = "Having read <b></b>, with <b></b> to come, this head gives <b></b> to <b></b>.";
    [word(first + row), word(first + row + 1), fixed(share(row, column)), name(column)].forEach((text, k) => { said.children[k].textContent = text; });
    own_part.style.width = `${100 * mass}%`;
    own_part.textContent = mass > 0.12 ? `λ = ${fixed(mass)}` : "";
    rest.textContent = mass > 0.88 ? "" : `${mass > 0.12 ? "" : `λ = ${fixed(mass)}; `}${fixed(1 - mass)} to the text`;
    tokens.forEach((token, j) => {
      token.style.setProperty("--share", `${Math.round(100 * Math.sqrt(share(row, j)))}%`);
      token.className = `${j < length ? "pl-row" : ""} ${j >= seen(row) ? "pl-later" : ""} ${j === column ? "pl-here" : ""}`;
    });
  }
  function at(i, j) {
    row = clamp(i, 0, count - 1);
    column = clamp(j, 0, seen(row) - 1);
    show();
  }
  const under = (event) => {
    const box = map.getBoundingClientRect(), px = event.clientX - box.left, py = event.clientY - box.top;
    if (px >= left && py >= TOP) at(Math.floor((py - TOP) / HIGH), px < x(length) ? Math.min(length - 1, Math.floor((px - left) / cell)) : length + Math.floor((px - x(length)) / cell));
  };
  map.addEventListener("pointermove", (event) => event.pointerType === "mouse" && under(event));
  map.addEventListener("pointerdown", under);
  cursor.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    at(row + way[0], column + way[1]);
  });
}
