"""The half of a description that Prism needs: what is asked, without what is answered.

Prism judges requests here. Of the answers of Stripe's description, which have each other within them, it does not come to an end.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

HERE = Path(__file__).parent
# What is no part of a request falls away, such as webhooks.
MEMBERS = {
    *("openapi", "info", "servers", "paths", "components", "security"),
    *(
        "swagger",
        "host",
        "basePath",
        "schemes",
        "consumes",
        "produces",
        "definitions",
        "parameters",
        "responses",
        "securityDefinitions",
    ),
}
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def write(described: Path, to: Path):
    document = json.loads(described.read_text())
    if "paths" not in document:
        # What Google writes is no language of Prism's.
        subprocess.run(["node", HERE / "convert.mjs", described, to], check=True)
        document = json.loads(to.read_text())
    document = without_answers(document)
    to.write_text(json.dumps(document))


def without_answers(document: dict) -> dict:
    document = {name: member for name, member in document.items() if name in MEMBERS}
    parts_by_themselves(document)
    for item in document["paths"].values():
        for operation in (item[method] for method in item.keys() & METHODS):
            operation["responses"] = {"200": {"description": "Good."}}
            operation.pop("callbacks", None)
    needed = reached(document)
    for kind, parts in parts_of(document):
        for name in [name for name in parts if f"#/{kind}/{name}" not in needed]:
            del parts[name]
    return document


def parts_by_themselves(document: dict):
    """What is referred to within a path stands among the schemas, as it may be a part of an answer."""
    for one in list(mappings(document)):
        reference = str(one.get("$ref"))
        if reference.startswith("#/paths/"):
            name = "of" + re.sub(r"[^A-Za-z0-9]+", "-", reference)
            document.setdefault("components", {}).setdefault("schemas", {})[name] = at(document, reference)
            one["$ref"] = f"#/components/schemas/{name}"


def at(document, reference: str):
    for step in steps_of(reference)[1:]:
        document = document[int(step) if isinstance(document, list) else step]
    return document


def parts_of(document: dict) -> Iterator[tuple[str, dict]]:
    """What is referred to, by where it stands."""
    for kind in ("definitions", "parameters", "responses"):
        yield kind, document.get(kind, {})
    for kind, parts in document.get("components", {}).items():
        if kind != "securitySchemes":
            yield f"components/{kind}", parts


def reached(document: dict) -> set[str]:
    """What the paths refer to, and what that refers to."""
    parts = {f"#/{kind}/{name}": part for kind, of_kind in parts_of(document) for name, part in of_kind.items()}
    found: set[str] = set()
    waiting = [document["paths"]]
    while waiting:
        for one in mappings(waiting.pop()):
            # A part of a part needs all of it.
            steps = steps_of(str(one.get("$ref")))
            reference = "/".join(steps[: 4 if steps[1:2] == ["components"] else 3])
            if reference in parts and reference not in found:
                found.add(reference)
                waiting.append(parts[reference])
    return found


def mappings(value) -> Iterator[dict]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def steps_of(reference: str) -> list[str]:
    return [unquote(step).replace("~1", "/").replace("~0", "~") for step in reference.split("/")]
