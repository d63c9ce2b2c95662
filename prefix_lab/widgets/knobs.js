// Sweeps of one setting each: the score of every training, and whether the setting did more than another draw of the seed.
// data: unit, seeds (trainings at each value), knobs [{name, values: [text], scores: [[one for each seed]]}], start (the first shown)
// By how much the largest and the smallest of k means differ by chance once in twenty times: a studentized range (Tukey), for three seeds each.
const RANGE = { 2: 3.93, 3: 4.34, 4: 4.53, 5: 4.65, 6: 4.75 };
const mean = (xs) => xs.reduce((a, b) => a + b, 0) / xs.length;
function verdict(scores) {
  const means = scores.map(mean), n = scores[0].length;
  const variance = mean(scores.map((xs, i) => xs.reduce((sum, x) => sum + (x - means[i]) ** 2, 0) / (n - 1)));
  const effect = Math.max(...means) - Math.min(...means);
  return { means, effect, chance: RANGE[scores.length] * Math.sqrt(variance / n), spread: Math.sqrt(variance) };
}

function mount(stage, { knobs, unit, start = 0 }) {
  const found = knobs.map((knob) => verdict(knob.scores)), largest = Math.max(...found.flatMap((f) => [f.effect, f.chance]));
  const all = knobs.flatMap((knob) => knob.scores.flat()), low = Math.floor(Math.min(...all) / 10) * 10, high = Math.ceil(Math.max(...all) / 10) * 10;
  const height = 214, left = 34, top = 24, bottom = 40;
  let now = start, width = 0;
  choice(stage, { label: "setting", options: knobs.map((knob) => knob.name), value: start, onChange: (i) => { now = i; show(); } });
  const a = el(stage, "div"), b = el(stage, "div");
  const svg = set(sheet(a, height, "", (w) => { width = w; show(); }), { role: "img" });
  const grid = draw(svg, "path", "pl-axis"), marks = draw(svg, "g");
  draw(svg, "text", "pl-quiet", { x: 0, y: 13 }, unit);
  el(b, "p", "pl-head", "What each setting moves, best to worst");
  const list = bars(b, { label: "How far each setting moves the mean score" });
  el(b, "p", "pl-head pl-key", "grey: what chance alone would reach, once in twenty times");
  const said = set(el(stage, "p", "pl-said"), { "aria-live": "polite" });

  function show() {
    const { values, scores, name } = knobs[now], { means, effect, chance } = found[now];
    const y = (v) => height - bottom - ((v - low) / (high - low)) * (height - top - bottom);
    const x = (i) => left + ((i + 0.5) / values.length) * (width - left);
    list.put(knobs.map((knob, i) => ({ label: knob.name, value: found[i].effect / largest, role: found[i].effect > found[i].chance ? "prefix" : "frozen",
      text: fixed(found[i].effect, 0), strong: i === now })));
    b.querySelectorAll(".pl-bar i").forEach((bar, i) => bar.style.setProperty("--chance", `${(100 * found[i].chance) / largest}%`));
    said.textContent = `${name}: from its worst value to its best the mean moves by ${fixed(effect, 1)} points; by chance alone ${fixed(chance, 1)} would be possible. `
      + (effect > chance ? `This setting matters here, and ${values[means.indexOf(Math.max(...means))]} is its best value.` : "So three seeds cannot tell whether this setting matters.");
    set(svg, { "aria-label": `${name}: ` + values.map((v, i) => `${v}: ${scores[i].map((s) => fixed(s, 0)).join(", ")}`).join("; ") });
    if (!width) return;
    const levels = [0, 1, 2, 3].map((i) => low + (i / 3) * (high - low));
    set(grid, { d: levels.map((v) => `M${left} ${y(v)}H${width}`).join("") });
    marks.replaceChildren();
    levels.forEach((v) => draw(marks, "text", "pl-end pl-quiet", { x: left - 6, y: y(v) + 4.5 }, fixed(v, 0)));
    values.forEach((value, i) => {
      draw(marks, "path", "pl-mean", { d: `M${x(i) - 14} ${y(means[i])}h28` });
      scores[i].forEach((score, k) => draw(marks, "circle", "pl-seed", { cx: x(i) + 7 * (k - (scores[i].length - 1) / 2), cy: y(score), r: 4 }));
      draw(marks, "text", "pl-mid", { x: x(i), y: height - bottom + 17 }, value);
    });
    draw(marks, "text", "pl-quiet pl-mid", { x: (left + width) / 2, y: height - 5 }, name);
  }
  show();
}
