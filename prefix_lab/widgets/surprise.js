// A text word by word: how surprised several models were at each word, and what each of them had expected.
// data: words, models [{name, role, surprise: [nats for each word], guesses: [[word, probability]s for each word]}], start
function mount(stage, data) {
  const { words, models } = data, high = Math.max(...models.flatMap((m) => m.surprise));
  const line = el(stage, "p", "pl-story");
  const spans = words.map((word, i) => {
    if (i && !/^[.,;:!?]$/.test(word)) line.append(" ");
    const span = el(line, "span", "", word);
    span.addEventListener("click", () => walk.set(i));
    return span;
  });
  const rows = models.map((model) => {
    const box = el(stage, "div"), head = el(box, "p", "pl-head");
    let bars = [];
    const svg = sheet(box, 56, `Surprise of the ${model.name} at each word`, (width) => {
      const step = width / words.length;
      bars.forEach((bar) => bar.remove());
      bars = model.surprise.map((s, i) => draw(svg, "rect", "pl-word", { x: i * step + 1, width: step - 2, y: 54 - (50 * s) / high, height: (50 * s) / high + 1, style: `fill: var(--pl-${model.role})` }));
      mark();
    });
    svg.addEventListener("click", (event) => {
      const seen = svg.getBoundingClientRect();
      walk.set(clamp(Math.floor(((event.clientX - seen.left) / seen.width) * words.length), 0, words.length - 1));
    });
    const mark = () => bars.forEach((bar, i) => bar.classList.toggle("pl-here", i === at));
    return { model, head, mark };
  });
  let at = data.start ?? 0;
  const walk = player(stage, { label: "word", count: words.length, value: at, seconds: 20, say: (i) => `${i + 1}: ${words[i]}`, onStep: show });
  const lists = models.map((model) => {
    const box = el(stage, "div", "pl-expected");
    el(box, "p", "pl-head", `${model.name} expected`);
    return bars(box, { label: `What the ${model.name} expected` });
  });
  function show(i) {
    at = i;
    spans.forEach((span, k) => { span.className = k === i ? "pl-here" : k > i ? "pl-later" : ""; });
    rows.forEach(({ model, head, mark }) => { head.textContent = `${model.name}: ${fixed(model.surprise[i], 1)} nats`; mark(); });
    lists.forEach((list, k) => list.put(models[k].guesses[i].map(([word, p]) => ({ label: word, value: p, role: models[k].role, strong: word === words[i], text: p < 0.005 ? "< 1 %" : `${Math.round(100 * p)} %` }))));
  }
  show(at);
}
