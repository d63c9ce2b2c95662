// An entry as it is written after more and more steps of training, its record and the loss curve beside it.
// data: record [[key, value, words that tell it]], steps [0, 10, ...], texts [a text for each step], wanted (the target), curves [{name, role, values}], start (an index)
function mount(stage, data) {
  const { record, steps, texts, wanted, start = steps.length - 1 } = data;
  const left = el(stage, "div"), right = el(stage, "div");
  el(left, "p", "pl-head", "The model reads this record");
  const list = el(left, "dl", "pl-record");
  const told = record.map(([key, value]) => [el(list, "dt", "pl-key", key), el(list, "dd", "", value), el(list, "dd", "pl-mark")]);
  const losses = chart(right, { label: "Loss on unseen records at each of these steps", xs: steps, curves: data.curves, xlabel: "training step", ylabel: "loss on unseen records (nats per token)" });
  const bar = player(stage, { label: "training step", count: steps.length, value: start, say: (i) => String(steps[i]), onStep: show });
  const box = el(stage, "div", "pl-now"), head = el(box, "p", "pl-head"), page = el(box, "div", "pl-page");
  const now = set(el(page, "p"), { "aria-live": "polite" });
  const longest = texts.reduce((a, b) => (oneLine(b).length > oneLine(a).length ? b : a));
  set(el(page, "p", "pl-size", oneLine(longest)), { "aria-hidden": "true" });  // keeps the height that the longest text needs
  el(stage, "p", "pl-head pl-whole", "The town’s own entry");
  el(stage, "p", "pl-whole pl-wanted", wanted);

  function show(i) {
    const facts = record.map(([, , words]) => place(texts[i], words));
    facts.forEach((found, j) => {
      told[j].forEach((node) => node.classList.toggle("pl-missing", !found));
      told[j][2].textContent = found ? "✓ told" : "not told";
    });
    head.textContent = `${steps[i] ? `It writes, after ${steps[i]} steps` : "It writes, before any training"}: ${facts.filter(Boolean).length} of ${record.length} facts`;
    now.replaceChildren();
    for (const [kind, text] of pieces(texts[i], facts, wanted)) kind ? el(now, "span", kind, oneLine(text)) : now.append(oneLine(text));
    losses.mark(i);
  }
  show(start);
  return bar;
}
// Where `words` stand in `text`, as whole words: [first, behind the last]; null where they do not.
function place(text, words) {
  const found = new RegExp(`(?<!\\p{L})${words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?!\\p{L})`, "u").exec(text);
  return found && [found.index, found.index + words.length];
}
// The text in stretches [kind, text]: facts, words that `wanted` does not have in this order, and the rest.
function pieces(text, facts, wanted) {
  const words = [...text.matchAll(/\S+/g)], own = wanted.split(/\s+/), kept = common(words.map((w) => w[0]), own), parts = [];
  const inside = (at, end) => facts.some((f) => f && at < f[1] && end > f[0]);
  let last = 0;
  words.forEach((word, i) => {
    const end = word.index + word[0].length, kind = inside(word.index, end) ? "pl-fact" : kept.has(i) ? "" : "pl-odd";
    const gap = text.slice(last, word.index);
    if (parts.length && parts.at(-1)[0] === kind) parts.at(-1)[1] += gap + word[0];
    else { parts.push(["", gap]); parts.push([kind, word[0]]); }
    last = end;
  });
  return parts;
}
// Which words of `a` belong to the longest sequence that it has in common with `b`.
function common(a, b) {
  const longest = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0)), kept = new Set();
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--)
    longest[i][j] = a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
  for (let i = 0, j = 0; i < a.length && j < b.length; )
    if (a[i] === b[j]) { kept.add(i++); j++; } else longest[i + 1][j] >= longest[i][j + 1] ? i++ : j++;
  return kept;
}
