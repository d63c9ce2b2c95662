// What live parts are built from. Each part defines mount(stage, data, root) and draws into stage.
const SVG = "http://www.w3.org/2000/svg";
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
const fixed = (x, digits = 2) => (Math.abs(x) < 0.5 * 10 ** -digits ? 0 : x).toFixed(digits).replace("-", "\u2212");
const oneLine = (text) => text.replace(/\n+/g, " ↵ ");  // line ends of a text shown as signs
const mix = (a, b, t) => a.map((x, i) => x + t * (b[i] - x));
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
// An HTML element: el(parent, "p", "pl-head", "text").
function el(parent, tag, className = "", text = "") {
  const node = parent.appendChild(document.createElement(tag));
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}
// An SVG element: draw(svg, "circle", "pl-dot", { r: 4 }, "text").
function draw(parent, tag, className = "", attributes = {}, text = "") {
  const node = parent.appendChild(document.createElementNS(SVG, tag));
  if (className) node.setAttribute("class", className);
  if (text) node.textContent = text;
  return set(node, attributes);
}
// An <svg> without viewBox, one unit a CSS pixel: letters keep their size at every width. redraw(width) follows the width.
function sheet(parent, height, label, redraw) {
  const svg = set(draw(parent, "svg", "pl-sheet"), { role: "group", "aria-label": label });
  svg.style.height = `${height}px`;
  let last = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
    if (width && width !== last) redraw((last = width), svg);
  }).observe(svg);
  return svg;
}
// A range with its name before and its value after it; say(value) is what is shown and announced.
function slider(parent, { label, min, max, step = 1, value, say = String, onInput }) {
  const row = el(parent, "label", "pl-slider");
  el(row, "span", "pl-name", label);
  const input = set(el(row, "input"), { type: "range", min, max, step, "aria-label": label });
  const output = el(row, "b", "pl-value");
  const show = () => { output.textContent = say(+input.value); input.setAttribute("aria-valuetext", say(+input.value)); };
  input.value = value;
  input.addEventListener("input", () => { show(); onInput(+input.value); });
  show();
  return { input, set(to) { input.value = to; show(); onInput(+input.value); }, get value() { return +input.value; } };
}
function button(parent, text, onClick, label = text) {
  const node = set(el(parent, "button", "", text), { type: "button", "aria-label": label });
  node.addEventListener("click", onClick);
  return node;
}
// One of several: buttons in a row, moved through with the arrow keys.
function choice(parent, { label, options, value = 0, onChange }) {
  const row = set(el(parent, "div", "pl-choice"), { role: "radiogroup", "aria-label": label });
  el(row, "span", "pl-name", label);
  const buttons = options.map((text, i) => set(button(row, text, () => pick(i)), { role: "radio" }));
  let chosen = value;
  function show() {
    buttons.forEach((b, i) => set(b, { "aria-checked": i === chosen, tabindex: i === chosen ? 0 : -1 }));
  }
  function pick(i) { chosen = i; show(); onChange(i); }
  row.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    pick((chosen + way + options.length) % options.length);
    buttons[chosen].focus();
  });
  show();
  return { pick, get value() { return chosen; } };
}
// A slider over steps with a button that plays them; say(i) is the text of step i.
function player(parent, { label, count, value = count - 1, say, onStep, seconds = 6 }) {
  const row = el(parent, "div", "pl-player");
  let timer = 0;
  const stop = () => { clearInterval(timer); timer = 0; play.textContent = "Play"; };
  const play = button(row, "Play", () => {
    if (timer) return stop();
    if (bar.value >= count - 1) bar.set(0);
    play.textContent = "Pause";
    timer = setInterval(() => { bar.set(bar.value + 1); if (bar.value >= count - 1) stop(); }, (1000 * seconds) / count);
  });
  play.setAttribute("aria-label", `Play or pause: ${label}`);
  const bar = slider(row, { label, min: 0, max: count - 1, value, say, onInput: onStep });
  bar.input.addEventListener("pointerdown", stop);
  bar.input.addEventListener("keydown", stop);
  return bar;
}

// A point that is dragged in an SVG by mouse, touch and the four arrow keys.
// from(x, y): pixels to values; get() and put(values): the state; bounds [[low, high], [low, high]]; say(): announced.
function point(svg, { label, from, get, put, bounds, say, className = "", step = 0.05 }) {
  const node = set(draw(svg, "g", `pl-handle ${className}`), { tabindex: 0, role: "slider", "aria-label": label,
    "aria-roledescription": "point in a plane, moved with the four arrow keys", "aria-valuemin": bounds[0][0], "aria-valuemax": bounds[0][1] });
  for (const [part, r] of [["pl-hit", 22], ["pl-ring", 13], ["pl-knob", 8]]) draw(node, "circle", part, { r });
  let grip = null;  // from the pointer to the knob while dragging
  const at = (event) => { const box = svg.getBoundingClientRect(); return from(event.clientX - box.left, event.clientY - box.top); };
  const move = (to) => { put(to.map((x, i) => clamp(x, ...bounds[i]))); announce(); };
  const announce = () => set(node, { "aria-valuenow": get()[0].toFixed(2), "aria-valuetext": say() });
  node.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    node.focus({ preventScroll: true, focusVisible: false });
    node.classList.remove("pl-keyed");
    node.setPointerCapture(event.pointerId);
    grip = at(event).map((x, i) => get()[i] - x);
  });
  node.addEventListener("pointermove", (event) => grip && move(at(event).map((x, i) => x + grip[i])));
  node.addEventListener("lostpointercapture", () => { grip = null; });
  node.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });  // touch-action has no effect inside an SVG
  node.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    node.classList.add("pl-keyed");  // keys after a drag: show the focus ring
    move(get().map((x, i) => x + way[i] * (event.shiftKey ? 5 * step : step)));
  });
  announce();
  return { node, place: ([x, y]) => set(node, { transform: `translate(${x} ${y})` }), announce };
}

// A line chart: curves [{name, values, role, dashed}] over xs, with a cursor that mark(i) puts at point i.
function chart(parent, { label, xs, curves, xlabel, ylabel, height = 190, low = 0, high = Math.max(...curves.flatMap((c) => c.values)) }) {
  const left = 42, right = 12, top = 26, bottom = 38;
  let at = xs.length - 1, width = 0;
  const svg = sheet(parent, height, label, (w) => { width = w; render(); });
  const grid = draw(svg, "path", "pl-axis"), names = draw(svg, "g"), ticks = draw(svg, "g");
  const lines = curves.map((c) => draw(svg, "path", `pl-line ${c.dashed ? "pl-dashed" : ""}`, { style: `stroke: var(--pl-${c.role})` }));
  const cursor = draw(svg, "path", "pl-cursor");
  const dots = curves.map((c) => draw(svg, "circle", "", { r: 4.5, style: `fill: var(--pl-${c.role})` }));
  const values = curves.map((c) => draw(svg, "text", "", { style: `fill: var(--pl-${c.role}-ink)` }));
  const x = (v) => left + ((v - xs[0]) / (xs.at(-1) - xs[0])) * (width - left - right);
  const y = (v) => height - bottom - ((v - low) / (high - low)) * (height - top - bottom);
  function render() {
    const levels = [0, 1, 2, 3, 4].map((i) => low + (i / 4) * (high - low));
    set(grid, { d: levels.map((v) => `M${left} ${y(v)}H${width - right}`).join("") });
    ticks.replaceChildren();
    for (const v of levels) draw(ticks, "text", "pl-end pl-quiet", { x: left - 6, y: y(v) + 4.5 }, fixed(v, high - low < 0.5 ? 2 : 1));
    const half = (xs[0] + xs.at(-1)) / 2, middle = xs.reduce((a, b) => (Math.abs(b - half) < Math.abs(a - half) ? b : a));
    for (const v of new Set([xs[0], middle, xs.at(-1)]))
      draw(ticks, "text", `${v === xs[0] ? "" : v === xs.at(-1) ? "pl-end" : "pl-mid"} pl-quiet`, { x: x(v), y: height - bottom + 16 }, String(v));
    draw(ticks, "text", "pl-quiet", { x: 0, y: 13 }, ylabel);
    draw(ticks, "text", "pl-quiet pl-mid", { x: (left + width - right) / 2, y: height - 6 }, xlabel);
    curves.forEach((c, k) => set(lines[k], { d: "M" + c.values.map((v, i) => `${x(xs[i])} ${y(v)}`).join("L") }));
    names.replaceChildren();
    if (curves.length > 1) {
      let across = width - right;
      for (const c of [...curves].reverse()) {
        const text = draw(names, "text", "pl-end", { x: across, y: 13, style: `fill: var(--pl-${c.role}-ink)` }, c.name);
        across -= text.getComputedTextLength() + 16;
      }
    }
    place();
  }
  function place() {
    set(cursor, { d: `M${x(xs[at])} ${top}V${height - bottom}` });
    let above = null;  // where the value before was written: no two of them on one another
    for (const k of curves.map((_, k) => k).sort((a, b) => curves[b].values[at] - curves[a].values[at])) {
      const value = curves[k].values[at], [px, py] = [x(xs[at]), y(value)], after = px < width - 70;
      above = above === null ? Math.max(py - 7, 12) : Math.max(py + 17, above + 15);
      set(dots[k], { cx: px, cy: py });
      set(values[k], { x: px + (after ? 8 : -8), y: above, "text-anchor": after ? "start" : "end" }).textContent = fixed(value);
    }
  }
  return { mark(i) { at = i; if (width) place(); } };
}

// Horizontal bars: put([{label, value, role, text, strong}]) with values of 0 to 1 of the width.
function bars(parent, { label }) {
  const list = set(el(parent, "div", "pl-barlist"), { role: "group", "aria-label": label });
  return {
    put(items) {
      while (list.children.length > items.length) list.lastChild.remove();
      items.forEach((item, i) => {
        const row = list.children[i] ?? el(list, "div", "pl-bar");
        if (!row.children.length) { el(row, "span"); el(el(row, "i"), "u"); el(row, "b"); }
        row.classList.toggle("pl-strong", !!item.strong);
        row.children[0].textContent = item.label;
        row.children[1].firstChild.style.cssText = `width: ${100 * clamp(item.value, 0, 1)}%; background: var(--pl-${item.role ?? "frozen"})`;
        row.children[2].textContent = item.text ?? fixed(item.value);
      });
    },
  };
}
