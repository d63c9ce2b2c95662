// The same record read by a model without and with its prefix: choose the record.
// data: rows [{name, record: [[key, value]], without, with, wanted}]
function mount(stage, data) {
  const pick = choice(stage, { label: "record", options: data.rows.map((row) => row.name), onChange: show });
  const record = el(stage, "dl", "pl-record");
  const texts = [["without", "The model alone", "frozen"], ["with", "The same model with the prefix", "prefix"], ["wanted", "The town's own entry", "text"]].map(([key, title, role]) => {
    const box = el(stage, "div", "pl-entry");
    box.style.borderColor = `var(--pl-${role})`;
    el(box, "p", "pl-head", title);
    return [key, set(el(box, "p"), key === "with" ? { "aria-live": "polite" } : {})];
  });
  function show(i) {
    const row = data.rows[i];
    record.replaceChildren();
    for (const [key, value] of row.record) { el(record, "dt", "", key); el(record, "dd", "", value); }
    for (const [key, node] of texts) node.textContent = row[key];
  }
  show(pick.value);
}
