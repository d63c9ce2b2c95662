// Methods by what they cost and what they reach: choose the task and the cost, set a budget, point at a method.
// data: axes [{name, unit, digits}], tasks [{name, metric, points [{name, role, mark, scores, costs}]}], task, axis, share
// scores: one for each seed; costs: one for each axis; share: the budget, from 0 to 1 of the axis
const LEFT = 40, RIGHT = 14, ROOF = 24, FLOOR = 40, TALL = 320, MARK = 7;  // px
const CORNERS = { o: [40, 0], 8: [8, 22.5], s: [4, 45], D: [4, 0], d: [4, 0], p: [5, 0], h: [6, 0], "^": [3, 0], ">": [3, 90], v: [3, 180], "<": [3, 270] };
const STARS = { "*": [5, 0, 0.4], P: [4, 0, 0.4], X: [4, 45, 0.4], x: [4, 45, 0.25] };

function outline(mark) {  // the path of a marker around (0, 0)
  const [corners, turn, inner] = STARS[mark] ?? CORNERS[mark], count = inner ? 2 * corners : corners;
  const at = (i) => { const angle = ((turn + (360 * i) / count - 90) * Math.PI) / 180, r = inner && i % 2 ? inner * 1.25 * MARK : (inner ? 1.25 : 1) * MARK;
    return `${(r * Math.cos(angle) * (mark === "d" ? 0.6 : 1)).toFixed(1)} ${(r * Math.sin(angle)).toFixed(1)}`; };
  return `M${Array.from({ length: count }, (_, i) => at(i)).join("L")}Z`;
}

function mount(stage, { axes, tasks, task, axis, share }) {
  let width = 0, here = null;
  const mean = (p) => p.scores.reduce((a, b) => a + b, 0) / p.scores.length, cost = (p) => p.costs[axis];
  const points = () => [...tasks[task].points].sort((p, q) => cost(p) - cost(q) || mean(q) - mean(p));
  const amount = (v) => `${v >= 1000 ? Math.round(v).toLocaleString("en") : v.toFixed(axes[axis].digits)} ${axes[axis].unit}`;
  const round = (v) => +v.toPrecision(2);
  const ends = () => { const all = points().map(cost); return [Math.log(all[0] / 1.25), Math.log(all.at(-1) * 1.25)]; };
  const budget = () => { const [low, high] = ends(); return Math.exp(low + share * (high - low)); };
  const inside = () => points().filter((p) => cost(p) <= budget());
  const beats = (p) => points().filter((q) => q !== p && cost(q) <= cost(p) && mean(q) >= mean(p) && (cost(q) < cost(p) || mean(q) > mean(p)));

  choice(stage, { label: "task", options: tasks.map((t) => t.name), value: task, onChange: (i) => { task = i; fresh(); } });
  choice(stage, { label: "cost", options: axes.map((a) => a.name), value: axis, onChange: (i) => { axis = i; fresh(); } });
  const limit = slider(stage, { label: "budget", min: 0, max: 1, step: 0.01, value: share, say: (v) => { share = v; return `at most ${amount(round(budget()))}`; },
    onInput: () => { here = winner(); render(); } });
  const svg = sheet(stage, TALL, "Methods: what they cost to the right, what they reach upwards", (w) => { width = w; render(); });
  const grid = draw(svg, "path", "pl-axis"), over = draw(svg, "rect", "pl-over", { y: ROOF }), front = draw(svg, "path", "pl-front"), ticks = draw(svg, "g"), marks = draw(svg, "g");
  const ring = set(draw(svg, "g", "pl-point"), { tabindex: 0, role: "slider", "aria-label": "Method", "aria-valuemin": 0, "aria-valuemax": 100,
    "aria-roledescription": "method, moved with the arrow keys from the cheapest to the dearest" });
  draw(ring, "circle", "", { r: 12 });
  const said = el(stage, "p", "pl-said"), best = el(stage, "p", "pl-best");

  const winner = () => inside().reduce((a, b) => (a && mean(a) >= mean(b) ? a : b), null) ?? points()[0];
  const x = (v) => { const [low, high] = ends(); return LEFT + ((Math.log(v) - low) / (high - low)) * (width - LEFT - RIGHT); };
  function span() {
    const all = tasks[task].points.flatMap((p) => p.scores), low = Math.floor((Math.min(...all) - 1) / 10) * 10;
    return [Math.max(0, low), Math.ceil(Math.max(...all) / 10) * 10];
  }
  const y = (v) => { const [low, high] = span(); return ROOF + ((high - v) / (high - low)) * (TALL - ROOF - FLOOR); };

  function fresh() { limit.set(limit.value); }
  function render() {
    if (!width) return;
    const [low, high] = span(), step = high - low > 50 ? 20 : 10, all = points();
    const levels = Array.from({ length: 1 + Math.floor((high - low) / step) }, (_, i) => high - i * step);
    set(grid, { d: levels.map((v) => `M${LEFT} ${y(v)}H${width - RIGHT}`).join("") });
    ticks.replaceChildren();
    for (const v of levels) draw(ticks, "text", "pl-end pl-quiet", { x: LEFT - 6, y: y(v) + 4.5 }, String(v));
    const values = [cost(all[0]), cost(all.at(-1))];
    values.forEach((v, k) => draw(ticks, "text", `pl-quiet ${k ? "pl-end" : ""}`, { x: k ? width - RIGHT : LEFT, y: TALL - FLOOR + 17 }, amount(v)));
    draw(ticks, "text", "pl-quiet", { x: 0, y: 13 }, `${tasks[task].metric}: mean and range of ${all[0].scores.length} seeds`);
    draw(ticks, "text", "pl-quiet pl-mid", { x: (LEFT + width - RIGHT) / 2, y: TALL - 5 }, `${axes[axis].name} (logarithmic)`);
    set(over, { x: x(budget()), width: Math.max(0, width - RIGHT - x(budget())), height: TALL - ROOF - FLOOR });
    const free = all.filter((p) => !beats(p).length);
    set(front, { d: free.map((p, i) => (i ? `H${x(cost(p))}V${y(mean(p))}` : `M${x(cost(p))} ${y(mean(p))}`)).join("") });
    marks.replaceChildren();
    for (const p of all) {
      const look = `color: var(--pl-${p.role})`, dim = cost(p) > budget() ? "pl-dim" : "";
      draw(marks, "path", `pl-spread ${dim}`, { style: look, d: `M${x(cost(p))} ${y(Math.min(...p.scores))}V${y(Math.max(...p.scores))}` });
      draw(marks, "path", `pl-mark ${dim}`, { style: look, d: outline(p.mark), transform: `translate(${x(cost(p))} ${y(mean(p))})` });
    }
    const taken = [];  // names of the methods that nothing beats, where there is room
    for (const p of free.reverse()) {
      const at = [x(cost(p)), y(Math.max(...p.scores)) - 10];
      if (taken.some(([a, b]) => Math.abs(a - at[0]) < 84 && Math.abs(b - at[1]) < 15)) continue;
      taken.push(at);
      const side = at[0] > width - 80 ? "pl-end" : at[0] < LEFT + 50 ? "" : "pl-mid", shift = { "pl-end": 8, "pl-mid": 0 }[side] ?? -10;
      draw(marks, "text", side, { x: at[0] + shift, y: at[1] < ROOF - 4 ? y(Math.min(...p.scores)) + 20 : at[1], style: `fill: var(--pl-${p.role}-ink)` }, p.name);
    }
    show();
  }
  function show() {
    const all = points(), p = all.find((q) => q.name === here?.name) ?? winner();
    here = p;
    const scores = `${fixed(mean(p), 1)} (${fixed(Math.min(...p.scores), 1)} to ${fixed(Math.max(...p.scores), 1)})`;
    const rivals = beats(p).sort((a, b) => mean(b) - mean(a));
    const verdict = rivals.length ? `${rivals[0].name} reaches ${fixed(mean(rivals[0]), 1)} with ${amount(cost(rivals[0]))}.` : "Nothing that costs as little is better.";
    set(ring, { transform: `translate(${x(cost(p))} ${y(mean(p))})`, "aria-valuenow": mean(p).toFixed(1), "aria-valuetext": `${p.name}: ${scores} with ${amount(cost(p))}. ${verdict}` });
    said.innerHTML = "<b></b><span></span>";
    said.firstChild.textContent = p.name;
    said.lastChild.textContent = `: ${scores} with ${amount(cost(p))}. ${verdict}`;
    const within = inside().length ? winner() : null;
    best.textContent = within ? `Within the budget the best of ${inside().length} is ${within.name}, ${fixed(mean(within), 1)}.` : "No method costs so little.";
  }
  function nearest(event) {
    const box = svg.getBoundingClientRect(), at = [event.clientX - box.left, event.clientY - box.top];
    const far = (p) => Math.hypot(x(cost(p)) - at[0], y(mean(p)) - at[1]);
    here = points().reduce((a, b) => (far(a) <= far(b) ? a : b));
    show();
  }
  svg.addEventListener("pointermove", (event) => event.pointerType === "mouse" && nearest(event));
  svg.addEventListener("pointerdown", nearest);
  ring.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const all = points(), i = all.findIndex((p) => p.name === here.name);
    here = all[clamp(i + way, 0, all.length - 1)];
    show();
  });
}
