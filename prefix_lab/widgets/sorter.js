// A tiny GPT-2 that works on lists of digits, run in the page: the reader sets the digits and chooses what was trained.
// data: size {layers, heads, width, length, digits}, weights {name: whole numbers of `coarse`}, ways [{name, task,
// prefix: [[keys, values] of each layer], lora: {name: [column, row]}}] in whole numbers of `fine`, tasks [names], list, way.
const TASKS = {
  ascending: (x) => [...x].sort((a, b) => a - b),
  descending: (x) => [...x].sort((a, b) => b - a),
  "add 1": (x) => x.map((d) => d + 1),
  "add 2": (x) => x.map((d) => d + 2),
};
const times = (x, weight, bias) => {  // (in) times (in, out)
  const y = Float64Array.from(bias);
  x.forEach((value, i) => { for (let j = 0; j < y.length; j++) y[j] += value * weight[i * y.length + j]; });
  return y;
};
const normed = (x, gain, shift) => {
  const mean = x.reduce((a, b) => a + b) / x.length, variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * gain[i] + shift[i]);
};
const plus = (x, y) => x.map((value, i) => value + y[i]);
const gelu = (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const largest = (x) => x.reduce((best, value, i) => (value > x[best] ? i : best), 0);

// One head: the shares of all keys, those of the prefix first; the mixture of values is added into `into`.
function attend(query, keys, values, from, to, into) {
  const scores = keys.map((key) => { let s = 0; for (let i = from; i < to; i++) s += query[i] * key[i]; return s / Math.sqrt(to - from); });
  const top = Math.max(...scores), weights = scores.map((s) => Math.exp(s - top)), total = weights.reduce((a, b) => a + b);
  const shares = weights.map((weight) => weight / total);
  shares.forEach((share, k) => { for (let i = from; i < to; i++) into[i] += share * values[k][i]; });
  return shares;
}

// The model with one way of teaching it: a function that reads the next token and says what comes after it.
function reader({ layers, heads, width }, w, prefix) {
  const rows = (flat) => Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));
  const past = Array.from({ length: layers }, (_, l) => (prefix ? prefix[l].map(rows) : [[], []]));
  let place = 0;
  return (token) => {
    const looks = [];
    let x = plus(w["wte.weight"].slice(token * width, (token + 1) * width), w["wpe.weight"].slice(place * width, (place + 1) * width));
    past.forEach(([keys, values], l) => {
      const of = (name) => w[`${l}.${name}`], apply = (x, name) => times(x, of(`${name}.weight`), of(`${name}.bias`));
      const norm = (x, name) => normed(x, of(`${name}.weight`), of(`${name}.bias`));
      const qkv = apply(norm(x, "ln_1"), "attn.c_attn"), mixed = new Float64Array(width);
      keys.push(qkv.slice(width, 2 * width));
      values.push(qkv.slice(2 * width));
      for (let h = 0; h < heads; h++) looks.push(attend(qkv, keys, values, (h * width) / heads, ((h + 1) * width) / heads, mixed));
      x = plus(x, apply(mixed, "attn.c_proj"));
      x = plus(x, apply(apply(norm(x, "ln_2"), "mlp.c_fc").map(gelu), "mlp.c_proj"));
    });
    place += 1;
    return { logits: times(normed(x, w["ln_f.weight"], w["ln_f.bias"]), w.head, new Float64Array(w.head.length / width)), looks };
  };
}

function mount(stage, data) {
  const { size, ways, tasks } = data, places = Array.from({ length: size.length }, (_, i) => i);
  const numbers = (whole, unit) => Float64Array.from(whole, (value) => value * unit);
  const frozen = Object.fromEntries(Object.entries(data.weights).map(([name, flat]) => [name, numbers(flat, data.coarse)]));
  const taught = ways.map(({ prefix, lora = {} }) => {
    const weights = { ...frozen };
    for (const [name, [column, row]] of Object.entries(lora)) weights[name] = frozen[name].map((value, i) => value + data.fine ** 2 * column[Math.floor(i / row.length)] * row[i % row.length]);
    return () => reader(size, weights, prefix?.map((pair) => pair.map((flat) => numbers(flat, data.fine))));
  });
  const head = size.layers * size.heads === 1;  // one head: it can be shown where it looks
  let list = [...data.list], way = data.way, step = 0, run;

  const table = el(stage, "div", "pl-digits");
  const cells = set(el(table, "div", "pl-cells"), { role: "group", "aria-label": "The list of digits" });
  el(cells, "span", "pl-name", "the list");
  const keys = places.map((i) => {
    const cell = set(el(cells, "div", "pl-digit"), { tabindex: 0, role: "spinbutton", "aria-label": `digit ${i + 1} of the list`, "aria-valuemin": 0, "aria-valuemax": size.digits - 1 });
    const put = (digit) => { list[i] = (digit + size.digits) % size.digits; render(); };
    cell.addEventListener("click", () => put(list[i] + 1));
    cell.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (by) put(list[i] + by);
      else if (event.key >= "0" && event.key < String(size.digits)) put(+event.key);
      else return;
      event.preventDefault();
    });
    return cell;
  });
  const wanted = el(table, "div", "pl-cells pl-wanted");
  el(wanted, "span", "pl-name", "wanted");
  const targets = places.map(() => el(wanted, "span"));
  const written = el(table, "div", "pl-written");
  const picked = head ? choice(written, { label: "it writes", options: places.map(String), onChange: (i) => { step = i; render(); } }) : null;
  const plain = head ? null : el(written, "div", "pl-cells");
  if (plain) el(plain, "span", "pl-name", "it writes");
  const digits = head ? [...written.querySelectorAll("button")] : places.map(() => el(plain, "b"));
  const side = el(table, "div", "pl-side");
  button(side, "Another list", () => { list = places.map(() => Math.floor(size.digits * Math.random())); render(); });
  button(side, "Reset", () => { list = [...data.list]; picked?.pick(0); teach.pick(data.way); });
  const teach = choice(stage, { label: data.label, options: ways.map(({ name }) => name), value: way, onChange: (i) => { way = i; render(); } });
  const said = set(el(stage, "p", "pl-said"), { "aria-live": "polite" });
  const picture = head ? looks(stage) : null;

  // The greedy answer, and for each digit the look that went before it: of the taught model, and of the frozen one on the same text.
  function write() {
    const next = taught[way](), bare = reader(size, frozen), text = [...list], found = [];
    let out, plain;
    for (const digit of list) { out = next(digit); plain = bare(digit); }
    for (const i of places) {
      text.push(largest(out.logits));
      found.push({ look: out.looks[0], plain: plain.looks[0] });
      if (i < size.length - 1) { out = next(text.at(-1)); plain = bare(text.at(-1)); }
    }
    return { text, found, answer: text.slice(size.length) };
  }
  function render() {
    run = write();
    const { task, name } = ways[way], aim = task ? TASKS[task](list) : null;
    const good = places.filter((i) => aim && aim[i] === run.answer[i]).length;
    keys.forEach((cell, i) => { cell.textContent = list[i]; set(cell, { "aria-valuenow": list[i], "aria-valuetext": String(list[i]) }); });
    targets.forEach((cell, i) => { cell.textContent = aim ? aim[i] : "?"; });
    digits.forEach((cell, i) => {
      const wrong = aim && aim[i] !== run.answer[i];
      cell.textContent = run.answer[i];
      cell.classList.toggle("pl-wrong", !!wrong);
      if (head) set(cell, { "aria-label": `digit ${i + 1} of the answer: ${run.answer[i]}${wrong ? `, wanted ${aim[i]}` : ""}` });
    });
    const done = tasks.filter((task) => TASKS[task](list).join() === run.answer.join());
    const verdict = aim ? `${good} of ${size.length} digits are right` : `this is ${done.length ? done.join(" and ") : "none of its tasks"}`;
    said.textContent = `${name}: it writes ${run.answer.join(" ")}; ${verdict}.`;
    picture?.(run, step, list.length);
  }
  render();
  return { render };
}

// Columns: the share of each token among the text; a mark where the frozen model's column ends on the same text; lambda at the left.
function looks(stage) {
  const height = 176, base = 132, tall = 88;
  const box = el(stage, "div", "pl-looks"), title = el(box, "p", "pl-head");
  let last, width = 0;
  const svg = sheet(box, height, "Where the head looks", (w) => { width = w; if (last) paint(...last); });
  function paint({ text, found }, step, length) {
    last = [{ text, found }, step, length];
    title.innerHTML = `<b>Where the head looks before it writes digit ${step + 1}</b> shares among the digits it has read; a mark: the frozen model`;
    if (!width) return;
    const { look, plain } = found[step], rows = look.length - plain.length, lambda = look.slice(0, rows).reduce((a, b) => a + b, 0);
    const left = 78, pitch = Math.min(48, (width - left) / text.length), wide = 0.66 * pitch, top = Math.max(0.5, ...plain, ...look.slice(rows).map((s) => s / (1 - lambda)));
    svg.replaceChildren();
    const column = (x, w, share, role) => draw(svg, "rect", "", { x, y: base - tall * share, width: w, height: tall * share, style: `fill: var(--pl-${role})` });
    draw(svg, "path", "pl-axis", { d: `M0 ${base + 0.5}H${width}` });
    draw(svg, "rect", "pl-frame", { x: 6, y: base - tall, width: 36, height: tall });
    column(6, 36, lambda, "prefix");
    draw(svg, "text", "pl-mid", { x: 24, y: base - tall - 10, style: "fill: var(--pl-prefix-ink)" }, `λ ${fixed(lambda)}`);
    draw(svg, "text", "pl-mid pl-quiet", { x: 24, y: base + 18 }, "prefix");
    const shares = look.slice(rows).map((share) => share / (1 - lambda));
    shares.forEach((share, i) => {
      const x = left + i * pitch + (i < length ? 0 : 8), mid = x + wide / 2, y = base - (tall * plain[i]) / top;
      column(x, wide, share / top, "text");
      draw(svg, "path", "pl-mark", { d: `M${x - 3} ${y}H${x + wide + 3}` });
      draw(svg, "text", "pl-mid", { x: mid, y: base + 18 }, String(text[i]));
      if (share > 0.045 && pitch > 34) draw(svg, "text", "pl-mid pl-quiet", { x: mid, y: Math.min(base - (tall * share) / top, y) - 7 }, `${Math.round(100 * share)} %`);
    });
    draw(svg, "text", "pl-mid pl-quiet", { x: left + (length * pitch) / 2, y: base + 38 }, "the list");
    if (step) draw(svg, "text", "pl-mid pl-quiet", { x: left + 8 + (length + step / 2) * pitch - 4, y: base + 38 }, step > 1 ? "written" : "");
  }
  return paint;
}
