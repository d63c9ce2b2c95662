"""Write the entry of a public name in the reference, as Markdown, from its signature and docstring.

A docstring lists its parameters, one at a line, as `- name: what it is`; two of one meaning share a line.
"""

import inspect
import re

import prefix_lab

PLACE = re.compile(r"<!-- pl\.([\w.]+) -->")
PARAMETER = re.compile(r"^- ((?:\w+, )*\w+): ", re.M)


def listed(page: str) -> list[str]:
    """The names whose entries a page asks for, each with `<!-- pl.name -->`."""
    return PLACE.findall(page)


def entries(page: str) -> dict[str, str]:
    """What is to stand in each of these places."""
    return {f"pl.{name}": entry(name) for name in listed(page)}


def entry(name: str) -> str:
    """A heading, how the name is called, and what its docstring says."""
    thing = named(name)
    text = PARAMETER.sub(lambda found: re.sub(r"(\w+)", r"`\1`", found[0]), inspect.getdoc(thing) or "")
    return f"### {name}\n\n```python\npl.{name}{_signature(name)}\n```\n\n{text}"


def named(name: str):
    """What stands behind `pl.name`, the function itself where it is a method."""
    thing = prefix_lab
    for part in name.split("."):
        thing = getattr(thing, part)
    return inspect.unwrap(getattr(thing, "__func__", thing))


def methods(name: str) -> list[str]:
    """The public methods of the class `pl.name` that this package wrote, as `name.method`."""
    thing = named(name)
    if not inspect.isclass(thing):
        return []
    own = [(method, named(f"{name}.{method}")) for method in dir(thing) if not method.startswith("_")]
    return [
        f"{name}.{method}"
        for method, f in own
        if inspect.isfunction(f) and f.__doc__ and f.__module__.startswith("prefix_lab")
    ]


def parameters(name: str) -> list[inspect.Parameter]:
    """What a caller of `pl.name` passes."""
    signature = inspect.signature(named(name))
    return [p for p in signature.parameters.values() if p.name not in ("self", "cls")]


def explained(name: str) -> list[str]:
    """The parameters that the docstring of `pl.name` lists."""
    return [one for names in PARAMETER.findall(inspect.getdoc(named(name)) or "") for one in names.split(", ")]


def _signature(name: str) -> str:
    """The parameters with their defaults, one a line where one line would be too long."""
    kept = [p.replace(annotation=p.empty) for p in parameters(name)]
    short = str(inspect.Signature(kept)).replace("<factory>", "...")
    if len(short) <= 60:
        return short
    lines, starred = [], False
    for p in kept:
        starred = starred or p.kind is p.VAR_POSITIONAL
        if p.kind is p.KEYWORD_ONLY and not starred:
            lines, starred = [*lines, "*"], True
        lines.append(str(p).replace("<factory>", "..."))
    return "(\n" + "".join(f"    {line},\n" for line in lines) + ")"
