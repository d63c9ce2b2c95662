// A prefix file, byte for byte: what safetensors writes for a base's shape, and the base, a LoRA and a floppy disk to the same scale.
// data: models [{name, sites: [[kind, layers], ...], H: key/value heads, D: width of a head, N: numbers of the base, lora: numbers of a LoRA}], start {model, numbers, where, P, at: [tensor, head, row, number]}
const NUMERALS = [{ name: "float32", code: "F32", size: 4 }, { name: "bfloat16", code: "BF16", size: 2 }, { name: "float16", code: "F16", size: 2 }];
const PLACES = ["all", "encoder", "decoder", "cross"], FLOPPY = 1474560, NAMES = ["base", "LoRA", "floppy disk", "prefix"];

// The attentions of a model in the order in which a prefix numbers them: [kind, layer].
function sitesOf({ sites }, where) {
  const found = [], of = (kind) => sites.find(([name]) => name === kind)?.[1] ?? 0;
  for (let i = 1; i <= of("encoder"); i++) found.push(["encoder", i]);
  for (let i = 1; i <= of("decoder"); i++) { found.push(["decoder", i]); if (of("cross")) found.push(["cross", i]); }
  return where ? found.filter(([kind]) => kind === PLACES[where]) : found;
}
// The file: 8 bytes that say how long the header is, the header (JSON, filled up to a multiple of 8), and the tensors by name.
function fileOf(model, { P, numbers, where }) {
  const { code, size } = NUMERALS[numbers], sites = sitesOf(model, where), bytes = model.H * P * model.D * size;
  const tensors = ["keys", "values"].flatMap((part) => sites.map(([kind, layer], i) => ({ name: `${part}.${i}`, part, kind, layer })));
  tensors.sort((a, b) => (a.name < b.name ? -1 : 1));
  const entries = tensors.map((t, i) => `"${t.name}":{"dtype":"${code}","shape":[${model.H},${P},${model.D}],"data_offsets":[${i * bytes},${(i + 1) * bytes}]}`);
  const json = `{${entries.join(",")}}`, header = 8 * Math.ceil(json.length / 8);
  return { tensors, entries, json, bytes, size, header: 8 + header, total: 8 + header + tensors.length * bytes, shape: [model.H, P, model.D] };
}
const whole = (x) => Math.round(x).toLocaleString("en");
const weight = (x) => {
  const unit = clamp(Math.floor(Math.log10(Math.max(x, 1)) / 3), 1, 4), value = x / 1000 ** unit;
  return `${value >= 100 ? whole(value) : value.toPrecision(3)}\u00a0${["", "kB", "MB", "GB", "TB"][unit]}`;
};

function mount(stage, data) {
  const { models, start } = data, state = { ...start }, at = [...start.at];  // the place: tensor (0 is the header), head, row, number
  let file, width = 0, wide = 0;
  const change = (key) => (value) => { state[key] = value; compute(); };
  choice(stage, { label: "base", options: models.map((m) => m.name), value: state.model, onChange: (i) => { state.model = i; places.pick(0); } });
  choice(stage, { label: "numbers", options: NUMERALS.map((n) => n.name), value: state.numbers, onChange: change("numbers") });
  const places = choice(stage, { label: "attention", options: PLACES, value: state.where, onChange: (i) => (sitesOf(models[state.model], i).length ? change("where")(i) : places.pick(0)) });
  const kinds = [...[...stage.querySelectorAll(".pl-choice")].at(-1).querySelectorAll("button")];
  slider(stage, { label: "length P", min: 1, max: 200, value: state.P, onInput: change("P") });

  const scale = sheet(stage, 226, "Base, LoRA, floppy disk and prefix, as areas to one scale", (w) => { wide = w; areas(); });
  const things = NAMES.map((_, i) => ({
    square: draw(scale, "rect", `pl-thing${i}`), name: draw(scale, "text", `pl-mid ${i === 3 ? "pl-strong" : ""}`, {}), size: draw(scale, "text", "pl-mid pl-quiet") }));

  const TALL = 22, STEP = 62, UNITS = ["tensor", "head", "row", "number"];
  const map = sheet(stage, 4 * STEP + 4, "The bytes of the file, enlarged three times", (w) => { width = w; render(); });
  const fans = UNITS.map(() => draw(map, "path", "pl-fan"));
  const strips = UNITS.map((unit, k) => {
    const y = 20 + k * STEP, node = set(draw(map, "g", "pl-strip"), { tabindex: 0, role: "slider", "aria-label": `Place in the file: ${unit}` });
    const text = draw(map, "text", "pl-quiet", { x: 0, y: y - 6 });
    const parts = [0, 1, 2].map((i) => draw(node, "rect", `pl-bytes${i}`, { y, height: TALL }));
    const seams = draw(node, "path", "pl-seam"), here = draw(node, "rect", "pl-here", { y: y - 1.5, height: TALL + 3 });
    draw(node, "rect", "pl-hit", { x: 0, y: y - 5, height: TALL + 10, width: "100%" });
    const move = (to) => { at[k] = clamp(to, 0, file ? count(k) - 1 : 0); for (let i = k + 1; i < 4; i++) at[i] = 0; render(); };
    const follow = (event) => { const x = event.clientX - map.getBoundingClientRect().left; move(unitAt(k, x)); };
    let held = false;
    node.addEventListener("pointerdown", (event) => { if (!event.button) { held = true; node.setPointerCapture(event.pointerId); follow(event); } });
    node.addEventListener("pointermove", (event) => (held || event.pointerType === "mouse") && follow(event));
    node.addEventListener("lostpointercapture", () => { held = false; });
    node.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    node.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: at[k] - 1, ArrowDown: at[k] - 1, ArrowRight: at[k] + 1, ArrowUp: at[k] + 1, Home: 0, End: count(k) - 1 }[event.key];
      if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      move(to);
    });
    return { y, node, text, parts, seams, here };
  });
  const said = set(el(stage, "div", "pl-said"), { "aria-live": "polite" });
  const [size, fits, place, entry] = ["", "", "", "pl-entry"].map((name) => el(said, "p", name));

  const count = (k) => (k === 0 ? 1 + file.tensors.length : file.shape[k - 1]);
  const begins = (k, i) => (k === 0 ? (i === 0 ? 0 : (file.header + (i - 1) * file.bytes) / file.total) : i / count(k)) * width;  // pixels
  const unitAt = (k, x) => {
    if (k) return Math.floor((x / width) * count(k));
    const byte = (x / width) * file.total;
    return byte < file.header ? 0 : 1 + Math.floor((byte - file.header) / file.bytes);
  };
  function firstByte() {  // of the number that is pointed at
    const [H, P, D] = file.shape, [tensor, head, row, number] = at;
    return tensor ? file.header + (tensor - 1) * file.bytes + file.size * ((head * P + row) * D + number) : 0;
  }
  function compute() {
    const model = models[state.model];
    file = fileOf(model, state);
    kinds.forEach((node, i) => { node.disabled = !sitesOf(model, i).length; });
    at[0] = Math.min(at[0], file.tensors.length);
    file.shape.forEach((n, i) => { at[i + 1] = Math.min(at[i + 1], n - 1); });
    areas();
    render();
  }
  function areas() {
    if (!wide || !file) return;
    const model = models[state.model], sizes = [2 * model.N, 2 * model.lora, FLOPPY, file.total], side = Math.min(0.34 * wide, 180), bottom = side + 6;
    scale.style.height = `${bottom + 40}px`;
    const unit = side / Math.sqrt(Math.max(...sizes)), left = 0.37 * wide, column = (wide - left) / 3;
    things.forEach((thing, i) => {
      const s = Math.max(unit * Math.sqrt(sizes[i]), 0.7), middle = i ? left + (i - 0.5) * column : side / 2;
      set(thing.square, { x: middle - s / 2, y: bottom - s, width: s, height: s });
      set(thing.name, { x: middle, y: bottom + 18 }).textContent = wide < 400 ? NAMES[i].split(" ")[0] : NAMES[i];
      set(thing.size, { x: middle, y: bottom + 35 }).textContent = weight(sizes[i]);
    });
  }
  function render() {
    if (!file) return;
    const model = models[state.model], [H, P, D] = file.shape, [tensor, head, row, number] = at, many = file.tensors.length;
    const now = tensor ? file.tensors[tensor - 1] : null, kind = model.sites.length > 1 && now ? `${now.kind} ` : "";
    const name = now ? `${now.part} of ${kind}layer ${now.layer}` : "the header";
    const texts = [`the file: header, keys, values`, now ? `${name}: ${H} heads` : "", `head ${head + 1}: ${P} ${P === 1 ? "row" : "rows"}`, `row ${row + 1}: ${D} numbers of ${file.size} bytes`];
    size.textContent = `${whole(file.total)} bytes: a header of ${whole(file.header)}, then ${many} tensors of ${H} × ${P} × ${D} numbers of ${file.size} bytes`;
    const onDisk = Math.floor(FLOPPY / file.total), inBase = Math.floor((2 * model.N) / file.total);
    fits.textContent = `${onDisk ? `On a floppy disk there is room for ${whole(onDisk)}` : `It takes ${Math.ceil(file.total / FLOPPY)} floppy disks`}; the base, in 16 bits, takes the room of ${whole(inBase)}`;
    place.textContent = now ? `Byte ${whole(firstByte())}: number ${number + 1} of row ${row + 1}, head ${head + 1}, ${name}` : `Byte 0: the length of the header, then names, shapes and places of all tensors`;
    entry.textContent = now ? file.entries[tensor - 1] : `${file.json.slice(0, 60)} …`;
    strips.forEach(({ node, text }, k) => {
      text.textContent = k && !now ? "" : texts[k];
      node.style.visibility = k && !now ? "hidden" : "visible";
      const told = k ? `${UNITS[k]} ${at[k] + 1} of ${count(k)}` : name;
      set(node, { "aria-valuemin": 1, "aria-valuemax": count(k), "aria-valuenow": at[k] + 1, "aria-valuetext": now ? `${told}, from byte ${whole(firstByte())}` : told });
    });
    if (!width) return;
    strips.forEach(({ y, parts, seams, here }, k) => {
      const n = count(k), first = k ? 0 : begins(0, 1), middle = k ? 0 : begins(0, 1 + many / 2), role = now?.part === "values" ? 2 : 1;
      const edges = k ? [0, 0, role === 1 ? width : 0, width] : [0, first, middle, width];  // header, keys, values
      parts.forEach((part, i) => set(part, { x: edges[i], width: Math.max(0, edges[i + 1] - edges[i]) }));
      set(seams, { d: width / n > 2.5 ? Array.from({ length: n - 1 }, (_, i) => `M${begins(k, i + 1)} ${y}v${TALL}`).join("") : "" });
      const x = begins(k, at[k]), end = at[k] + 1 < n ? begins(k, at[k] + 1) : width;
      set(here, { x: clamp(x - 1, 1, width - 5), width: Math.max(end - x + 1, 4) });
      set(fans[k], { d: k < 3 && now ? `M${x} ${y + TALL + 2}H${end}L${width} ${y + STEP - 1}H0Z` : "" });
    });
  }
  compute();
}
