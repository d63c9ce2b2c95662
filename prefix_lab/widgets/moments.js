// Models in training: what each guesses for one covered word at moments of its training, and its loss beside it.
// data: moments [percent of the training], truth (the word), models [{name, role, dashed, read, steps, losses, guesses [[[word, p]...] each moment]}], start
function mount(stage, data) {
  const { moments, models, truth, start = moments.length - 1 } = data;
  const boxes = models.map((model) => {
    const box = el(stage, "div"), head = el(box, "p", "pl-head");
    const title = el(head, "b", "", model.name), step = el(head, "span");
    title.style.color = `var(--pl-${model.role}-ink)`;
    el(box, "p", "pl-read", model.read);
    return { step, list: bars(box, { label: `Guesses of ${model.name}` }) };
  });
  const curves = models.map(({ name, role, dashed, losses }) => ({ name, role, dashed, values: losses }));
  const losses = chart(set(el(stage, "div", "pl-losses"), {}), { label: "Held-out loss of each model at these moments", xs: moments, curves, xlabel: "percent of its training", ylabel: "held-out loss (nats)" });
  const said = set(el(stage, "p", "pl-said"), { "aria-live": "polite" });
  function show(i) {
    models.forEach((model, k) => {
      boxes[k].step.textContent = model.steps[i] ? `after ${model.steps[i]} steps` : "before any training";
      const rows = model.guesses[i].slice(0, 5), place = model.guesses[i].findIndex(([word]) => word === truth);
      if (place > 4) rows.push([truth, model.guesses[i][place][1], true]);
      while (rows.length < 6) rows.push(["", 0]);
      boxes[k].list.put(rows.map(([word, p, far]) => ({ label: (far ? "… " : "") + word, value: p, role: word === truth ? "text" : model.role,
        strong: word === truth, text: !word ? "" : p < 0.005 ? "< 1 %" : `${Math.round(100 * p)} %` })));
    });
    said.textContent = models.map((model) => `${model.name} guesses \u201c${model.guesses[i][0][0]}\u201d`).join(", ") + ".";
    losses.mark(i);
  }
  player(stage, { label: "moment of training", count: moments.length, value: start, say: (i) => `${moments[i]} %`, onStep: show });
  show(start);
}
