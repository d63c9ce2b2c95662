"""Write the reference of the package's public names, as Markdown, from their signatures and docstrings."""

import inspect

import prefix_lab


def markdown() -> str:
    """A section for each public name: how it is called, then what its docstring says."""
    return "\n\n".join(_section(name, getattr(prefix_lab, name)) for name in prefix_lab.__all__)


def _section(name: str, thing) -> str:
    parts = [f"## {name}", _entry(name, thing)]
    if inspect.isclass(thing):
        for method in dir(thing):
            function = inspect.unwrap(getattr(getattr(thing, method), "__func__", getattr(thing, method)))
            own = inspect.isfunction(function) and function.__module__.startswith("prefix_lab")
            if own and not method.startswith("_") and function.__doc__:
                parts += [f"### {name}.{method}", _entry(f"{name}.{method}", function)]
    return "\n\n".join(parts)


def _entry(name: str, thing) -> str:
    return f"```python\n{name}{_signature(thing)}\n```\n\n{inspect.getdoc(thing) or ''}"


def _signature(thing) -> str:
    """The parameters with their defaults, one a line where one line would be too long."""
    signature = inspect.signature(thing)
    kept = [p.replace(annotation=p.empty) for p in signature.parameters.values() if p.name not in ("self", "cls")]
    short = str(signature.replace(parameters=kept, return_annotation=signature.empty))
    if len(short) <= 60:
        return short
    lines, starred = [], False
    for p in kept:
        starred = starred or p.kind is p.VAR_POSITIONAL
        if p.kind is p.KEYWORD_ONLY and not starred:
            lines, starred = [*lines, "*"], True
        lines.append(str(p))
    return "(\n" + "".join(f"    {line},\n" for line in lines) + ")"
