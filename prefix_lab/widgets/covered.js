// Words of a sentence are covered, one or two at a time; the guesses of an encoder, and of a decoder that sees the left side only.
// data: sentences [{words, start [places], encoder {"2": [guess], "2,5": [guess, guess]}, decoder [guess or null for each place]}],
// vocabulary, temperatures; a guess is {words [indices], logits, totals [log of the sum over the whole vocabulary, at each temperature]}.
function mount(stage, data) {
  const { sentences, vocabulary, temperatures } = data;
  let sentence, covered, shown;
  const pick = choice(stage, { label: "sentence", options: sentences.map((s) => s.name), onChange: reset });
  const line = set(el(stage, "div", "pl-sentence"), { role: "toolbar", "aria-label": "The sentence: press a word to cover it or to uncover it; the arrow keys go from word to word" });
  const which = set(el(stage, "p", "pl-which"), { "aria-live": "polite" });
  const models = ["encoder", "decoder"].map((name) => {
    const box = el(stage, "div", "pl-guesses"), head = el(box, "p", "pl-head");
    return { name, title: el(head, "b"), note: el(head, "span"), list: bars(box, { label: `Guesses of the ${name}` }) };
  });
  const foot = el(stage, "div", "pl-foot");
  const heat = slider(foot, { label: "temperature", min: 0, max: temperatures.length - 1, value: temperatures.indexOf(1), say: (i) => fixed(temperatures[i]), onInput: render });
  button(foot, "Reset", () => { heat.set(temperatures.indexOf(1)); reset(pick.value); });

  function reset(i) {
    sentence = sentences[i];
    covered = [...sentence.start];
    shown = covered.at(-1);
    line.replaceChildren();
    sentence.words.forEach((word, place) => button(line, word, () => press(place), ""));
    render();
  }
  // A word is covered; a covered word that is not looked at is looked at; the one that is looked at is uncovered.
  function press(place) {
    if (!covered.includes(place)) { covered.push(place); if (covered.length > 2) covered.shift(); shown = place; }
    else if (shown !== place) shown = place;
    else if (covered.length > 1) { covered = covered.filter((p) => p !== place); shown = covered[0]; }
    render();
  }
  line.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key], words = [...line.children];
    if (!way) return;
    event.preventDefault();
    const next = words[(words.indexOf(document.activeElement) + way + words.length) % words.length];
    words.forEach((word) => set(word, { tabindex: word === next ? 0 : -1 }));
    next.focus();
  });
  // Softmax at a temperature: the sum runs over the whole vocabulary, also over what is not listed.
  function guesses(guess) {
    const t = temperatures[heat.value], total = guess.totals[heat.value];
    return guess.words.map((word, i) => ({ word: vocabulary[word], p: Math.exp(guess.logits[i] / t - total) }));
  }
  function list(model, guess) {
    const truth = sentence.words[shown], all = guess ? guesses(guess) : [];
    const best = all.slice(0, 5), place = all.findIndex((g) => g.word === truth);
    if (place > 4) best.push({ ...all[place], far: true });
    while (best.length < 6) best.push({ word: "", p: 0 });
    model.list.put(best.map(({ word, p, far }) => ({ label: (far ? "… " : "") + word, value: p, role: word === truth ? "text" : "frozen",
      strong: word === truth, text: !word ? "" : p < 0.005 ? "< 1 %" : `${Math.round(100 * p)} %` })));
    return all[0];
  }
  function render() {
    if (!sentence) return;
    [...line.children].forEach((word, place) => {
      const hidden = covered.includes(place);
      word.className = hidden ? (place === shown ? "pl-hidden pl-shown" : "pl-hidden") : "";
      set(word, { "aria-pressed": hidden, "aria-label": `${sentence.words[place]}${hidden ? ", covered" : ""}` });
      if (!line.contains(document.activeElement)) set(word, { tabindex: place === shown ? 0 : -1 });
    });
    const order = [...covered].sort((a, b) => a - b), left = sentence.words.slice(0, shown).join(" ");
    const first = list(models[0], sentence.encoder[order.join()][order.indexOf(shown)]);
    const second = list(models[1], sentence.decoder[shown]);
    models[0].title.textContent = "lab-bert"; models[0].note.textContent = "reads both sides";
    models[1].title.textContent = "lab-gpt"; models[1].note.textContent = left ? `has read: ${left.length > 34 ? "… " + left.slice(-32) : left}` : "nothing stands before the first word";
    const said = ({ word, p }) => `\u201c${word}\u201d (${p < 0.005 ? "under 1" : Math.round(100 * p)} %)`;
    which.textContent = `In the text: \u201c${sentence.words[shown]}\u201d. lab-bert guesses ${said(first)}${second ? `, lab-gpt ${said(second)}` : ""}.`;
  }
  reset(pick.value);
}
