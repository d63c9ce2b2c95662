// A query and a key, a pair of numbers each, turned by their positions: their product depends on the distance alone.
// data: query and key [angle, length] before any turn, angle (the turn of one position), at, distance, farthest.
function mount(stage, data) {
  const places = el(stage, "div", "pl-controls"), height = 300;
  let width = 0;
  const at = slider(places, { label: "key at", min: 0, max: data.farthest, value: data.at, say: (v) => `position ${v}`, onInput: render });
  const far = slider(places, { label: "query", min: 0, max: 12, value: data.distance, say: (v) => (v ? `${v} further on` : "at the same"), onInput: render });
  const said = set(el(places, "p", "pl-said"), { "aria-live": "polite" });
  const chart = el(places, "div"), list = bars(chart, { label: "The same product for keys at other positions" });
  button(places, "Reset", () => { far.set(data.distance); at.set(data.at); });
  const svg = sheet(stage, height, "The pair as arrows on a circle", (w) => { width = w; render(); });
  const circle = draw(svg, "circle", "pl-frame"), arc = draw(svg, "path", "pl-arc");
  const arrows = ["text", "frozen"].map((role) => ({ line: draw(svg, "path", "pl-line", { style: `stroke: var(--pl-${role})` }), tip: draw(svg, "circle", "", { r: 5, style: `fill: var(--pl-${role})` }), name: draw(svg, "text", "pl-mid", { style: `fill: var(--pl-${role}-ink)` }) }));
  const tip = ([angle, length], t) => [length * Math.cos(angle + t * data.angle), length * Math.sin(angle + t * data.angle)];
  const product = (place) => { const q = tip(data.query, place + far.value), k = tip(data.key, place); return q[0] * k[0] + q[1] * k[1]; };

  function render() {
    const scale = Math.min(width, height) / 2 - 40, [cx, cy] = [width / 2, height / 2];
    const to = ([x, y], by = 1) => [cx + by * scale * x, cy - by * scale * y];
    [[data.key, at.value, "key"], [data.query, at.value + far.value, "query"]].forEach(([pair, t, name], i) => {
      const end = to(tip(pair, t)), label = to(tip([pair[0], 1], t), 1.17);
      set(arrows[i].line, { d: `M${cx} ${cy}L${end}`, "stroke-width": 3 });
      set(arrows[i].tip, { cx: end[0], cy: end[1] });
      set(arrows[i].name, { x: clamp(label[0], 34, width - 34), y: label[1] + 4.5 }).textContent = `${name}, ${t}`;
    });
    set(circle, { cx, cy, r: Math.max(0, scale) });
    const [a, b] = [data.key[0] + at.value * data.angle, data.query[0] + (at.value + far.value) * data.angle];
    const way = Array.from({ length: 41 }, (_, i) => to(tip([a + ((b - a) * i) / 40, 0.3], 0)));
    set(arc, { d: "M" + way.join("L") });
    const now = product(at.value), most = data.query[1] * data.key[1];
    said.textContent = `The key was turned by ${at.value} steps and the query by ${at.value + far.value}; the product of the two is ${fixed(now)}.`;
    list.put([0, 5, 20].map((place) => ({ label: `key at ${place}`, value: (product(place) / most + 1) / 2, role: "text", text: fixed(product(place)) })));
  }
  render();
}
