// How much of the attention is left to a prefix as the text grows: lambda = a P / (a P + S).
// data: lengths {least, most} of the text in tokens, start {P, S, a}
function mount(stage, { least, most, start }) {
  const state = { ...start }, height = 210, left = 34, right = 10, top = 24, bottom = 40;
  const share = ({ P, S, a }) => (a * P) / (a * P + S);
  const per = (x) => `${Math.round(100 * x)} %`, times = (x) => fixed(x, x < 10 ? 1 : 0);
  let width = 0;
  const sliders = el(stage, "div", "pl-three");
  const make = (label, key, low, high, say) => slider(sliders, { label, min: Math.log2(low), max: Math.log2(high), step: 0.05, value: Math.log2(state[key]), say: (v) => say(2 ** v),
    onInput: (v) => { state[key] = key === "a" ? 2 ** v : Math.round(2 ** v); show(); } });
  make("text, S tokens", "S", least, most, (v) => `${Math.round(v)}`);
  const length = make("prefix, P rows", "P", 1, 1024, (v) => `${Math.round(v)}`);
  make("a row's weight, a", "a", 0.25, 16, (v) => `${times(v)} words`);
  const svg = set(sheet(stage, height, "", (w) => { width = w; show(); }), { role: "img" });
  const grid = draw(svg, "path", "pl-axis"), ticks = draw(svg, "g"), area = draw(svg, "path", "pl-area"), line = draw(svg, "path", "pl-line pl-own"), cursor = draw(svg, "path", "pl-cursor");
  const dot = draw(svg, "circle", "pl-dot", { r: 5 }), label = draw(svg, "text", "pl-warm");
  draw(svg, "text", "pl-quiet", { x: 0, y: 13 }, "λ, the share of the attention that falls on the prefix");
  const foot = el(stage, "div", "pl-line-two"), said = set(el(foot, "p", "pl-said"), { "aria-live": "polite" });
  const twice = button(foot, "Double text and prefix", () => {
    sliders.querySelectorAll("input")[0].value = Math.log2((state.S = Math.min(most, 2 * state.S)));
    sliders.querySelectorAll("input")[0].dispatchEvent(new Event("input"));
    length.set(Math.log2(Math.min(1024, 2 * state.P)));
  });
  const back = button(foot, "Reset", () => [start.S, start.P, start.a].forEach((v, i) => {
    const input = sliders.querySelectorAll("input")[i];
    input.value = Math.log2(v);
    input.dispatchEvent(new Event("input"));
  }));
  function show() {
    const now = share(state), half = Math.max(1, Math.round(state.S / state.a));
    said.textContent = `Of 100 parts of the attention ${Math.round(100 * now)} fall on the prefix. At ten times the text it would be ${Math.round(100 * share({ ...state, S: 10 * state.S }))}; half of the attention would take ${half.toLocaleString("en")} rows.`;
    set(svg, { "aria-label": `Lambda over the length of the text: ${per(now)} at ${state.S} tokens` });
    if (!width) return;
    const x = (S) => left + (Math.log2(S / least) / Math.log2(most / least)) * (width - left - right), y = (v) => height - bottom - v * (height - top - bottom);
    set(grid, { d: [0, 0.25, 0.5, 0.75, 1].map((v) => `M${left} ${y(v)}H${width - right}`).join("") });
    ticks.replaceChildren();
    for (const v of [0, 0.5, 1]) draw(ticks, "text", "pl-end pl-quiet", { x: left - 6, y: y(v) + 4.5 }, fixed(v, 1));
    for (let S = least; S <= most; S *= 8) draw(ticks, "text", `pl-quiet ${S === least ? "" : 8 * S > most ? "pl-end" : "pl-mid"}`, { x: x(S), y: height - bottom + 16 }, S.toLocaleString("en"));
    draw(ticks, "text", "pl-quiet pl-mid", { x: (left + width) / 2, y: height - 5 }, "length of the text, S tokens");
    const path = Array.from({ length: 81 }, (_, i) => least * (most / least) ** (i / 80)).map((S) => `${x(S)} ${y(share({ ...state, S }))}`).join("L");
    set(line, { d: `M${path}` });
    set(area, { d: `M${left} ${y(0)}L${path}L${width - right} ${y(0)}Z` });
    set(cursor, { d: `M${x(state.S)} ${top}V${height - bottom}` });
    set(dot, { cx: x(state.S), cy: y(now) });
    const after = x(state.S) < width - 80;
    set(label, { x: x(state.S) + (after ? 9 : -9), y: Math.max(y(now) - 8, top + 12), "text-anchor": after ? "start" : "end" }).textContent = `λ = ${fixed(now)}`;
  }
  show();
  return { twice, back };
}
