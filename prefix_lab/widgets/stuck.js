// "The loss does not move": a tree of questions, walked by answering. What was answered stays on the page.
// data: nodes {name: {ask, look, yes, no}} or {name: {cause, cure, seen}}, first (a name), answers (those given at the start)
function mount(stage, { nodes, first, answers: given = [] }) {
  let answers = [...given];
  const path = set(el(stage, "ol", "pl-path"), { "aria-live": "polite" }), row = el(stage, "div", "pl-answer");
  const say = (text) => () => { answers.push(text); show(); (text === "yes" ? yes : no).disabled || (text === "yes" ? yes : no).focus(); };
  const yes = button(row, "Yes", say("yes")), no = button(row, "No", say("no"));
  const back = button(row, "One step back", () => { answers.pop(); show(); }), again = button(row, "Start again", () => { answers = []; show(); });
  function show() {
    path.replaceChildren();
    let name = first;
    for (const answer of [...answers, null]) {
      const node = nodes[name], item = el(path, "li", node.cause ? "pl-cause" : answer ? "" : "pl-asked");
      el(item, "b", "", node.ask ?? node.cause);
      if (answer) el(item, "i", "", answer);
      else el(item, "p", "", node.cause ? node.cure : node.look);
      if (node.cause) el(item, "p", "pl-head", node.seen);
      name = node[answer];
    }
    const open = !path.lastChild.classList.contains("pl-cause");
    yes.disabled = no.disabled = !open;
    back.disabled = again.disabled = !answers.length;
  }
  show();
}
