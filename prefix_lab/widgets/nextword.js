// The next word of a typed text by counting in a training text, which travels with the page: where the longest history
// was never seen, a shorter one answers.
// data: words (by frequency), text (packed), letters, pairs (how many letters begin a pair), end, unknown,
//       starts [{name, text}], order
function mount(stage, data) {
  const ids = unpack(data), number = new Map(data.words.map((word, i) => [word, i]));
  const pick = choice(stage, { label: "begin with", options: data.starts.map((start) => start.name), onChange: begin });
  const field = set(el(stage, "textarea", "pl-field"), { rows: 3, spellcheck: "false", "aria-label": "The text so far: type your own" });
  const order = slider(stage, { label: "order n", min: 1, max: 6, value: data.order, say: (n) => `${n}: looks at ${n === 1 ? "no word" : n === 2 ? "1 word" : `${n - 1} words`}`, onInput: show });
  const ladder = set(el(stage, "ol", "pl-ladder"), { "aria-label": "How often each history was seen in training" });
  const rungs = Array.from({ length: 6 }, () => ["span", "span", "b"].reduce((row, tag) => (el(row, tag), row), el(ladder, "li")));
  const guesses = el(stage, "div", "pl-guesses"), head = set(el(guesses, "p", "pl-head"), { "aria-live": "polite" });
  const list = bars(guesses, { label: "The likeliest next words" });
  const feet = el(stage, "div", "pl-feet"), note = set(el(feet, "p", "pl-head"), { "aria-live": "polite" });
  button(feet, "Draw the next word", append);
  let answer = null;

  const tokens = () => (field.value.match(/[\p{L}\p{N}_'-]+|[^\p{L}\p{N}_'\s-]/gu) ?? []).map((word) => number.get(word) ?? data.unknown);
  const spoken = (id, end) => (id === data.end ? end : id === data.unknown ? "(a word not on the list)" : data.words[id]);
  function begin(i) { field.value = data.starts[i].text; note.textContent = ""; show(); }

  function show() {
    const text = [...Array(5).fill(data.end), ...tokens()];
    answer = null;
    for (let n = 6; n >= 1; n--) {
      const history = text.slice(text.length - n + 1), asked = n <= order.value, row = rungs[6 - n];
      const found = asked && !answer ? followers(ids, history, data.end) : null;
      row.children[0].textContent = n;
      row.children[1].textContent = n === 1 ? "any word at all" : history.map((id) => spoken(id, "(start)")).join(" ");
      row.children[2].textContent = !found ? "" : found.total ? `${found.total.toLocaleString("en")} ×` : "never seen";
      if (found?.total) answer = { n, ...found };
      row.className = !asked ? "pl-faint" : found?.total ? "pl-answers" : found ? "" : "pl-faint";
    }
    const best = [...answer.counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    list.put(best.slice(0, 6).map(([id, count], i) => ({ label: spoken(id, "(end of story)"), value: count / answer.total, role: "text", strong: !i, text: percent(count / answer.total) })));
    head.textContent = `Order ${answer.n} answers, with ${best.length === 1 ? "one word" : `${best.length.toLocaleString("en")} words`}; likeliest: ${spoken(best[0][0], "(end of story)")}, ${percent(best[0][1] / answer.total)}.`;
  }
  function append() {
    let place = Math.random() * answer.total, drawn = data.end;
    for (const [id, count] of answer.counts) if ((place -= count) < 0) { drawn = id; break; }
    const word = data.words[drawn];
    note.textContent = drawn === data.end ? "It drew the end of the story." : `It drew: ${spoken(drawn)}.`;
    if (drawn !== data.end) field.value += /^[.,;:!?]$/.test(word) || !field.value ? word : ` ${word}`;
    show();
  }
  field.addEventListener("input", () => { note.textContent = ""; show(); });
  begin(pick.value);
}
const percent = (p) => (p < 0.005 ? "< 1 %" : `${Math.round(100 * p)} %`);

// What came after the ids of `history`, and how often; before a story's first word stand ends without end.
function followers(ids, history, end) {
  const counts = new Map();
  let total = 0;
  for (let t = 0; t < ids.length; t++) {
    let start = false, same = true;
    for (let back = 1; back <= history.length && same; back++) {
      start ||= t < back || ids[t - back] === end;
      same = history.at(-back) === (start ? end : ids[t - back]);
    }
    if (same) { counts.set(ids[t], (counts.get(ids[t]) ?? 0) + 1); total++; }
  }
  return { counts, total };
}
// One letter for a frequent word, two for the others.
function unpack({ text, letters, pairs }) {
  const ids = [], place = new Map([...letters].map((letter, i) => [letter, i]));
  for (let i = 0; i < text.length; i++) {
    const first = place.get(text[i]);
    ids.push(first >= pairs ? first - pairs : letters.length - pairs + first * letters.length + place.get(text[++i]));
  }
  return Int16Array.from(ids);
}
