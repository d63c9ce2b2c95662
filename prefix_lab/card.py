"""The card beside a saved prefix: a README.md that says what the files do not, and what they do in words."""

from . import hub

TOLD = ("title", "about", "base", "data", "settings", "scores", "limits", "licence", "language")


def checked(told: dict) -> dict:
    """What an author tells of a prefix; ValueError names what a card has no place for."""
    if not isinstance(told, dict):
        raise TypeError(f"card must be a dict of {', '.join(TOLD)}, got {type(told).__name__}")
    if unknown := sorted(set(told) - set(TOLD)):
        raise ValueError(f"card has no place for {', '.join(unknown)}; it tells {', '.join(TOLD)}")
    return told


def written(prefix, told: dict, weights: str, use: str) -> str:
    """The text of the card; what its author leaves out is written as not said.

    - prefix: the one that was saved
    - told: title, about, base, data, settings, scores, limits, licence, language, each a text, or names and values
    - weights: the file of its tensors, by whose name one sees that card and tensors belong together
    - use: the folder or repository, for the lines that attach it
    """
    config, made_for = prefix.config, prefix.config.base
    base = [made_for.get("name") or "not said", f"class {made_for.get('class') or 'unknown'}"]
    base += [f"revision {made_for['revision']}"] if made_for.get("revision") else []
    shapes = sorted({f"{s.kv_heads} x {s.key_dim}" for s in config.sites})
    network = f", through a network of width {config.hidden}" if config.reparam else ""
    numbers = f"{prefix.num_parameters:,} in {str(next(prefix.parameters()).dtype).removeprefix('torch.')}"
    rows = {
        "base": ", ".join(base + ([_words(told["base"])] if told.get("base") else [])),
        "shape": f"{config.length} keys and values at {len(config.sites)} attentions "
        f"({', '.join(config.kinds) or 'self'}; heads {' or '.join(shapes)}){network}",
        "numbers": f"{numbers}, in {weights}",
        **{name: _words(told.get(name) or "not said") for name in ("data", "settings", "scores", "limits", "licence")},
    }
    lines = ["---", _metadata(config, told), "---", "", f"# {told.get('title', 'A prefix')}", ""]
    lines += [told["about"], ""] if told.get("about") else []
    lines += ["| | |", "| :-- | :-- |", *(f"| {name} | {text} |" for name, text in rows.items()), ""]
    lines += ["```python", "import prefix_lab as pl", "", f'pl.attach(model, "{use}")', "```", ""]
    return "\n".join(lines)


def _words(told) -> str:
    text = ", ".join(f"{name} {value}" for name, value in told.items()) if isinstance(told, dict) else str(told)
    return " ".join(text.split()).replace("|", "\\|")


def _metadata(config, told: dict) -> str:
    from huggingface_hub import ModelCardData

    name = config.base.get("name")
    known = {"license": told.get("licence"), "language": told.get("language")}
    if hub.is_repository(name):
        known |= {"base_model": name, "base_model_relation": "adapter"}
    return ModelCardData(library_name="prefix-lab", tags=["prefix-tuning"], **known).to_yaml()
