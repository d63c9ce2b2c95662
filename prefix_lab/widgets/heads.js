// Who looks at whom in a text: the arcs of one head of a trained model, from a token that the reader chooses.
// data: tokens [...], shares [layer][head] (row after row of the triangle, in thousandths), next [[token, percent] after each], start {layer, head, token}
function mount(stage, data) {
  const { tokens, next, start } = data, layers = data.shares.length, heads = data.shares[0].length;
  const state = { ...start };
  const look = (layer, head, t, j) => data.shares[layer][head][(t * (t + 1)) / 2 + j] / 1000;
  const from = (layer, head, t) => tokens.slice(0, t + 1).map((_, j) => look(layer, head, t, j));
  const percent = (x) => `${Math.round(100 * x)}\u00a0%`;
  const visible = (token) => token.replaceAll(" ", "·").replaceAll("\n", "↵");

  const grid = set(el(stage, "div", "pl-grid"), { role: "radiogroup", "aria-label": "Layer and head" });
  grid.style.gridTemplateColumns = `auto repeat(${heads}, 1fr)`;
  const cells = data.shares.map((row, layer) => {
    el(grid, "span", "pl-name", `layer ${layer + 1}`);
    return row.map((_, head) => set(button(grid, `${layer + 1}.${head + 1}`, () => choose({ layer, head })), { role: "radio" }));
  });
  grid.addEventListener("keydown", (event) => {
    const way = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!way) return;
    event.preventDefault();
    choose({ layer: (state.layer + way[0] + layers) % layers, head: (state.head + way[1] + heads) % heads });
    cells[state.layer][state.head].focus();
  });
  const words = el(stage, "div", "pl-words");
  const title = el(words, "p", "pl-head"), most = el(words, "p"), after = el(words, "p");
  button(words, "Reset", () => choose(start));

  const row = 23;
  let width = 0, places = [];
  const svg = sheet(el(stage, "div", "pl-text"), 190, "The text, and the arcs from one of its tokens", (w) => { width = w; arrange(); });
  const arcs = tokens.map(() => draw(svg, "path", "pl-arc"));
  const strip = set(draw(svg, "g", "pl-strip"), { tabindex: 0, role: "slider", "aria-label": "Token that looks", "aria-valuemin": 1, "aria-valuemax": tokens.length });
  const boxes = tokens.map(() => draw(strip, "rect", "pl-token", { rx: 3, height: 21 }));
  const texts = tokens.map((token) => draw(strip, "text", "", {}, visible(token)));
  const amounts = tokens.map(() => draw(svg, "text", "pl-quiet"));

  function choose(change) { Object.assign(state, change); render(); }
  function arrange() {  // in a line, or one under another on a phone
    const long = texts.map((text) => text.getComputedTextLength());
    const gap = (width - long.reduce((a, b) => a + b)) / tokens.length, line = gap > 5;
    svg.style.height = `${line ? 190 : tokens.length * row + 8}px`;
    let x = gap / 2;
    places = long.map((w, j) => {
      const place = line ? { x, y: 140, w, line } : { x: width / 2 - 30, y: 4 + j * row, w, line };
      x += w + gap;
      return place;
    });
    render();
  }
  function arc(a, b) {
    if (a.line) {
      const [p, q] = [a.x + a.w / 2, b.x + b.w / 2], rise = Math.min(132, 24 + Math.abs(p - q) * 0.42);
      return a === b ? `M${p - 4} 138C${p - 14} 112 ${p + 14} 112 ${p + 4} 138` : `M${p} 138C${p} ${138 - rise} ${q} ${138 - rise} ${q} 138`;
    }
    const [p, q] = [a.y + 10, b.y + 10], edge = a.x - 8, reach = Math.min(edge, 24 + Math.abs(p - q) * 0.6);
    return a === b ? `M${edge} ${p - 4}C${edge - 24} ${p - 12} ${edge - 24} ${p + 12} ${edge} ${p + 4}` : `M${edge} ${p}C${edge - reach} ${p} ${edge - reach} ${q} ${edge} ${q}`;
  }
  function render() {
    const { layer, head, token } = state, row = from(layer, head, token);
    const order = row.map((_, j) => j).sort((i, j) => row[j] - row[i]), best = order.slice(0, 3).filter((j) => row[j] >= 0.02);
    cells.flat().forEach((cell, i) => {
      const [l, h] = [Math.floor(i / heads), i % heads], top = from(l, h, token), j = top.indexOf(Math.max(...top));
      const chosen = l === layer && h === head;
      set(cell, { "aria-checked": chosen, tabindex: chosen ? 0 : -1, "aria-label": `Layer ${l + 1}, head ${h + 1}: most, ${percent(top[j])}, to token ${j + 1}, ${visible(tokens[j])}` });
      cell.style.setProperty("--share", percent(0.85 * top[j]).replace("\u00a0", ""));
    });
    title.textContent = `Head ${layer + 1}.${head + 1} looks from token ${token + 1}, “${visible(tokens[token])}”, at`;
    most.textContent = best.map((j) => `“${visible(tokens[j])}” (token ${j + 1}) ${percent(row[j])}`).join(", ");
    const [guess, sure] = next[token];
    after.textContent = `After this token the whole model expects “${visible(guess)}” (${sure}\u00a0%).`;
    set(strip, { "aria-valuenow": token + 1, "aria-valuetext": `token ${token + 1}, ${visible(tokens[token])}: ${most.textContent}` });
    if (!places.length) return;
    const shown = [];
    places.forEach((place, j) => {
      const share = row[j] ?? 0;
      set(arcs[j], { d: share >= 0.02 ? arc(places[token], place) : "", "stroke-width": 1 + 5 * share, "stroke-opacity": 0.25 + 0.75 * share });
      set(boxes[j], { x: place.x - 4, y: place.y, width: place.w + 8, "fill-opacity": share, class: `pl-token ${j === token ? "pl-looks" : ""}` });
      set(texts[j], { x: place.x, y: place.y + 15, class: j > token ? "pl-quiet" : "" });
      set(amounts[j], { visibility: "hidden" });
    });
    for (const j of best) {
      const place = places[j], x = place.line ? place.x + place.w / 2 : place.x + place.w + 14;
      if (place.line && shown.some((other) => Math.abs(other - x) < 36)) continue;
      shown.push(x);
      set(amounts[j], { x: place.line ? clamp(x, 16, width - 16) : x, y: place.line ? 182 : place.y + 15, visibility: "visible", class: `pl-quiet ${place.line ? "pl-mid" : ""}` });
      amounts[j].textContent = percent(row[j]);
    }
  }
  const nearest = (event) => {
    const box = svg.getBoundingClientRect(), [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const far = places.map((p) => (p.line ? Math.abs(p.x + p.w / 2 - x) : Math.abs(p.y + 10 - y)));
    return far.indexOf(Math.min(...far));
  };
  svg.addEventListener("pointermove", (event) => event.pointerType === "mouse" && choose({ token: nearest(event) }));
  svg.addEventListener("pointerdown", (event) => { choose({ token: nearest(event) }); strip.classList.remove("pl-keyed"); });
  strip.addEventListener("keydown", (event) => {
    const to = { ArrowRight: state.token + 1, ArrowDown: state.token + 1, ArrowLeft: state.token - 1, ArrowUp: state.token - 1, Home: 0, End: tokens.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    strip.classList.add("pl-keyed");
    choose({ token: clamp(to, 0, tokens.length - 1) });
  });
  render();
}
