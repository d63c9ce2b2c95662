// One head, one token that asks, a prefix of one row: drag its key and its value and see lambda, g, h and f move.
// data: queries [{name, at}], words [{word, key, value}], prefix {key, value}, reach [x, y] of both planes
const LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9];  // lines of equal lambda among the keys
const DISC = 42, RULER = 24, HIGH = 308;     // px: radius of a disc with all the attention; strip above a plane; its height
const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
const spoken = ([x, y]) => `${fixed(Math.abs(x))} ${x < 0 ? "left" : "right"}, ${fixed(Math.abs(y))} ${y < 0 ? "down" : "up"}`;
const line = (a, b) => `M${a}L${b}`;

// The whole of the mathematics.
function attend(query, words, key, value) {
  const score = (k) => dot(query, k) / Math.SQRT2;
  const heap = Math.log(words.reduce((sum, word) => sum + Math.exp(score(word.key)), 0));
  const share = 1 / (1 + Math.exp(heap - score(key)));  // lambda
  const among = words.map((word) => Math.exp(score(word.key) - heap));
  const g = [0, 1].map((i) => words.reduce((sum, word, j) => sum + among[j] * word.value[i], 0));
  return { share, among, g, f: mix(g, value, share), heap };
}

function mount(stage, { queries, words, prefix, reach }) {
  const state = { key: [...prefix.key], value: [...prefix.value] };
  let query = queries[0].at, frame = 0;
  const top = el(stage, "div", "pl-top");
  choice(top, { label: "token that asks", options: queries.map((q) => q.name), onChange: (i) => { query = queries[i].at; render(); } });
  button(top, "Reset", reset, "Reset the prefix's key and value");
  const [keys, values] = [["Keys", "drag the orange key", "the query, the keys of five words and the key of the prefix"],
    ["Values", "drag the orange value", "the values of five words and of the prefix, and the output"]].map(([name, hint, what]) => {
    const half = el(stage, "div"), head = el(half, "p", "pl-head");
    el(head, "b", "", name);
    head.append(hint);
    return sheet(half, HIGH, `${name}: ${what}`, () => render());
  });
  const sum = el(stage, "p", "pl-sum"), read = {};
  sum.innerHTML = "<i>f</i> = (1 − <i>λ</i>) <i>g</i> + <i>λ</i> <i>h</i> = <b></b> <i>g</i> + <b></b> <i>h</i>";
  [read.rest, read.share] = sum.querySelectorAll("b");
  const strip = sheet(stage, 160, "How the attention is divided", () => render());

  // Everything is made once, back to front; render only sets attributes.
  const axes = [keys, values].map((svg) => draw(svg, "path", "pl-axis"));
  const levels = LEVELS.map((level) => ({ level, line: draw(keys, "path", "pl-level"), text: draw(keys, "text", "pl-warm pl-mid", {}, fixed(level)) }));
  draw(keys, "text", "pl-warm", { x: 0, y: 16 }, "λ");
  const own_disc = draw(keys, "circle", "pl-disc pl-of-prefix"), discs = words.map(() => draw(keys, "circle", "pl-disc"));
  const spokes = words.map(() => draw(values, "path", "pl-spoke"));
  const dots = [keys, values].map((svg) => words.map(({ word }) => ({ dot: draw(svg, "circle", "pl-dot", { r: 3.5 }), text: draw(svg, "text", "", {}, word) })));
  const arrow = draw(keys, "path", "pl-arrow"), asks = named(keys, "pl-mid", "q", "query");
  const segment = draw(values, "path", "pl-segment"), covered = draw(values, "path", "pl-covered"), along = draw(values, "text", "pl-warm pl-mid");
  const gDot = draw(values, "circle", "pl-g", { r: 5.5 }), gText = named(values, "pl-cool", "g", "text's answer");
  const fDot = draw(values, "circle", "pl-f", { r: 6 }), fText = named(values, "pl-bold", "f", "output");
  const keyText = draw(keys, "text", "pl-warm pl-mid", {}, "prefix's key"), hText = named(values, "pl-warm pl-mid", "h", "prefix's answer");
  const shareText = draw(strip, "text", "pl-warm", { x: 0, y: 14 }), restText = draw(strip, "text", "pl-cool pl-end", { y: 14 });
  const shareBar = draw(strip, "rect", "pl-own", { x: 0, y: 24, height: 24 });
  const parts = words.map(({ word }) => ({ fan: draw(strip, "path", "pl-fan"), whole: draw(strip, "rect", "pl-word", { y: 24, height: 24 }),
    number: draw(strip, "text", "pl-inside pl-mid", { y: 40.5 }), low: draw(strip, "rect", "pl-word", { y: 78, height: 10 }),
    word: draw(strip, "text", "pl-mid", { y: 106 }, word), among: draw(strip, "text", "pl-mid pl-cool", { y: 124 }) }));
  draw(strip, "text", "pl-quiet", { x: 0, y: 150 }, "shares of the words among themselves: fixed");
  const bounds = reach.map((far) => [-far, far]);
  const handle = (svg, name, label, say) => point(svg, { label, bounds, say, from: (x, y) => plane(svg).from(x, y),
    get: () => state[name], put: (to) => { cancelAnimationFrame(frame); state[name] = to; render(); } });
  const now = () => attend(query, words, state.key, state.value);
  const keyHandle = handle(keys, "key", "Prefix's key", () => `${spoken(state.key)}. Lambda ${fixed(now().share)}: the prefix takes ${Math.round(100 * now().share)} percent of the attention.`);
  const valueHandle = handle(values, "value", "Prefix's value", () => `${spoken(state.value)}. Output f at ${spoken(now().f)}.`);

  function named(svg, className, symbol, text) {  // "g text's answer", the symbol in italics
    const node = draw(svg, "text", className);
    draw(node, "tspan", "pl-var", {}, symbol);
    draw(node, "tspan", "", {}, ` ${text}`);
    return node;
  }
  function plane(svg) {  // between the values of a plane and its pixels
    const { width } = svg.getBoundingClientRect();
    const scale = Math.min(width / (2 * reach[0] + 0.4), (HIGH - RULER) / (2 * reach[1] + 0.4)), cx = width / 2, cy = RULER + (HIGH - RULER) / 2;
    return { width, cx, cy, to: ([x, y]) => [cx + scale * x, cy - scale * y], from: (x, y) => [(x - cx) / scale, (cy - y) / scale] };
  }
  const centre = (node, [cx, cy]) => set(node, { cx, cy });
  const beside = (node, [x, y], way, gap = 9) => set(node, { x: x + (way < 0 ? -gap : gap), y: y + 4.5, "text-anchor": way < 0 ? "end" : "start" });
  const above = (node, [x, y], width, gap, below = y - gap < RULER + 14) => set(node, { x: clamp(x, 50, width - 50), y: below ? y + gap + 9 : y - gap });

  function render() {
    const K = plane(keys), V = plane(values), W = strip.getBoundingClientRect().width;
    if (!K.width || !V.width || !W) return;
    const { share, among, g, f, heap } = now();
    [K, V].forEach((p, i) => set(axes[i], { d: `M0 ${p.cy}H${p.width}M${p.cx} ${RULER}V${HIGH}` }));

    // Keys. Lambda depends on the score alone, so the places of equal lambda are straight lines across the query.
    for (const { level, line: path, text } of levels) {
      const score = Math.SQRT2 * (heap + Math.log(level / (1 - level)));
      const at = (py) => { const y = K.from(0, py)[1]; return K.to([(score - query[1] * y) / query[0], y]); };
      const end = at(RULER);
      set(path, { d: line(end, at(HIGH)) });
      set(text, { x: end[0], y: 16, visibility: end[0] > 26 && end[0] < K.width - 16 ? "visible" : "hidden" });
    }
    const tip = K.to(query), o = K.to([0, 0]), length = Math.hypot(tip[0] - o[0], tip[1] - o[1]), u = [(tip[0] - o[0]) / length, (tip[1] - o[1]) / length];
    const wing = (side) => [tip[0] - 9 * u[0] - side * 4.5 * u[1], tip[1] - 9 * u[1] + side * 4.5 * u[0]];
    set(arrow, { d: `${line(o, tip)}M${wing(1)}L${tip}L${wing(-1)}` });
    above(asks, tip, K.width, 10, query[1] < 0);
    words.forEach(({ key, value }, j) => {
      const at = K.to(key), to = V.to(value);
      set(centre(discs[j], at), { r: DISC * Math.sqrt((1 - share) * among[j]) });
      [at, to].forEach((p, i) => centre(dots[i][j].dot, p));
      const name = dots[0][j].text, clear = 4 + DISC * Math.sqrt(among[j]);  // of the largest disc that it can have
      beside(name, at, key[0], clear);
      if (+name.getAttribute("x") + name.getComputedTextLength() > K.width) beside(name, at, -1, clear);
      beside(dots[1][j].text, to, value[0]);
      set(spokes[j], { d: line(to, V.to(g)) });
    });
    const own_at = K.to(state.key);
    set(centre(own_disc, own_at), { r: DISC * Math.sqrt(share) });
    keyHandle.place(own_at);
    above(keyText, own_at, K.width, Math.max(20, 6 + DISC * Math.sqrt(share)));

    // Values. f lies on the line from g to h, a fraction lambda of the way.
    const G = V.to(g), F = V.to(f), H = V.to(state.value), span = Math.hypot(H[0] - G[0], H[1] - G[1]) || 1;
    const flip = H[0] < G[0] ? -1 : 1, e = [(H[0] - G[0]) / span, (H[1] - G[1]) / span];
    const up = [flip * e[1], -flip * e[0]], turn = (Math.atan2(flip * e[1], flip * e[0]) * 180) / Math.PI;
    const s = clamp((share * span) / 2, 30, Math.max(30, span - 44));
    set(along, { transform: `translate(${G[0] + s * e[0] + 11 * up[0]} ${G[1] + s * e[1] + 11 * up[1]}) rotate(${turn})`, visibility: span > 74 ? "visible" : "hidden" });
    along.textContent = `λ = ${fixed(share)}`;
    set(segment, { d: line(G, H) }); set(covered, { d: line(G, F) }); centre(gDot, G); centre(fDot, F);
    set(fText, { x: F[0] - 18 * up[0], y: F[1] - 18 * up[1] + 4.5, "text-anchor": up[0] < 0 ? "start" : "end" });
    if (Math.abs(e[0]) > 0.8) beside(gText, G, -flip, 11);
    else set(gText, { x: G[0], y: G[1] + 4.5 - Math.sign(e[1]) * 18, "text-anchor": "middle" });
    above(hText, H, V.width, 20, H[1] < RULER + 34 || (e[1] > 0.2 && H[1] < HIGH - 34));
    valueHandle.place(H);

    // The strip: above, all the attention; below, the words' part stretched to the whole width.
    let left = 0;
    shareText.textContent = `λ = ${fixed(share)} to the prefix`;
    set(restText, { x: W }).textContent = `1 − λ = ${fixed(1 - share)}${W < 330 ? "" : " to the text"}`;
    set(shareBar, { width: Math.max(0, share * W - 1) });
    parts.forEach((part, j) => {
      const [a, b] = [left, left + among[j]].map((x) => (share + (1 - share) * x) * W), [c, d] = [left * W, (left + among[j]) * W], seam = j && 1;
      set(part.whole, { x: a + 1, width: Math.max(0, b - a - 1) }); set(part.low, { x: c + seam, width: Math.max(0, d - c - seam) });
      set(part.fan, { d: `M${a + 1} 50H${b}L${d} 76H${c + seam}Z` });
      set(part.number, { x: (a + b + 1) / 2 }).textContent = b - a > 36 ? fixed((1 - share) * among[j]) : "";
      const half = part.word.getComputedTextLength() / 2 + 2;
      set(part.word, { x: clamp((c + d) / 2, half, W - half) }); set(part.among, { x: (c + d) / 2 }).textContent = fixed(among[j]);
      left += among[j];
    });
    read.rest.textContent = fixed(1 - share); read.share.textContent = fixed(share);
    keyHandle.announce(); valueHandle.announce();
  }
  function reset() {
    const from = { ...state }, began = performance.now(), time = calm() ? 0 : 300;
    cancelAnimationFrame(frame);
    (function step(at) {
      const t = time ? clamp((at - began) / time, 0, 1) : 1;
      for (const name of ["key", "value"]) state[name] = mix(from[name], prefix[name], t * (2 - t));
      render();
      if (t < 1) frame = requestAnimationFrame(step);
    })(began);
  }
}
