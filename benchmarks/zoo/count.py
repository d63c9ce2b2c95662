"""The bars: what `attach` does on all architectures, counted."""

SILENT, PLAIN, PROBE, REFUSED, BARE = "faulty", "plain", "probe", "refused", "bare"
MEANING = {
    SILENT: "crash, give a wrong output, or lose an attention in silence",
    PLAIN: "work by plain attach(model)",
    PROBE: "work with the inputs that the error names (probe=)",
    REFUSED: "are refused by a sentence",
    BARE: "could not be built small, or run, without a prefix",
}


def outcome(record: dict) -> str:
    return SILENT if record.get("faults") else record["attach"]


def main_records(records: dict[str, dict]) -> dict[str, dict]:
    """One record for each model type: of "bert BertForMaskedLM" and "bert BertLMHeadModel" the one that is no extra."""
    types = {}
    for name, record in records.items():
        types.setdefault(name.split()[0], {})[name] = record
    main = {}
    for of_type in types.values():
        extra = [name for name in of_type if of_type[name].get("task") == "MASKED_LM"] if len(of_type) > 1 else []
        main |= {name: record for name, record in of_type.items() if name not in extra}
    return main


def counts(records: dict[str, dict]) -> dict[str, int]:
    """How many records there are of each outcome."""
    return {kind: sum(outcome(record) == kind for record in records.values()) for kind in MEANING}


def bars(records: dict[str, dict]) -> list[tuple[str, int, int]]:
    """What is counted, how many, out of how many."""
    main = main_records(records)
    run = sum(record["attach"] != BARE for record in main.values())
    found = counts(main)
    rows = [(MEANING[SILENT], found[SILENT], len(main)), (MEANING[BARE], found[BARE], len(main))]
    rows += [(MEANING[kind], found[kind], run) for kind in (PLAIN, PROBE, REFUSED)]
    for task, name in (("CAUSAL_LM", "causal language models"), ("MASKED_LM", "masked language models")):
        of_task = [record for record in records.values() if record.get("task") == task and record["attach"] != BARE]
        works = sum(outcome(record) == PLAIN for record in of_task)
        rows.append((f"{name} that work by plain attach(model)", works, len(of_task)))
    return rows


def report(records: dict[str, dict]) -> str:
    """The table that is printed in the end, and every fault by name."""
    lines = [f"{number:4} of {total:4}  {name}" for name, number, total in bars(records)]
    for name, record in sorted(records.items()):
        lines += [f"      {name}: {fault}" for fault in record.get("faults", ())]
    return "\n".join(lines)
