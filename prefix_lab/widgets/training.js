// A text as it is written after more and more steps of training, the loss curve beside it.
// data: steps [0, 10, ...], texts [a text for each step], wanted (the target), curves [{name, role, values}], prompt, start (an index)
function mount(stage, data) {
  const { steps, texts, wanted, prompt, start = steps.length - 1 } = data;
  const left = el(stage, "div", "pl-written"), right = el(stage, "div");
  if (prompt) { el(left, "p", "pl-head", "The model reads"); el(left, "p", "pl-read", prompt); }
  const head = el(left, "p", "pl-head"), now = set(el(left, "p", "pl-now"), { "aria-live": "polite" });
  if (wanted) { el(left, "p", "pl-head", "Written by the town"); el(left, "p", "pl-wanted", wanted); }
  const losses = chart(right, { label: "Loss at each of these steps", xs: steps, curves: data.curves, xlabel: "training step", ylabel: data.ylabel ?? "loss (nats per token)" });
  const show = (i) => {
    head.textContent = steps[i] ? `It writes, after ${steps[i]} steps` : "It writes, before any training";
    now.textContent = texts[i];
    losses.mark(i);
  };
  const bar = player(stage, { label: "training step", count: steps.length, value: start, say: (i) => String(steps[i]), onStep: show });
  show(start);
  return bar;
}
