"""Imports descriptions, and holds Wharf to what it says of them."""

import json
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import fetch
from asked import METHODS
from measure import Run, wharf

# From good to bad: an operation is what the worst of its lines says.
OUTCOMES = ["carried", "relaxed", "lost", "left-out"]


@dataclass
class Imported:
    """What became of the operations of an API."""

    operations: int = 0
    outcomes: Counter = field(default_factory=Counter)
    # By outcomes and rules.
    rules: Counter = field(default_factory=Counter)
    # What the commands took, in seconds of a processor.
    new: float = 0
    build: float = 0
    describe: float = 0
    mebibytes: float = 0
    # What is wrong, in words.
    wrong: list[str] = field(default_factory=list)

    @property
    def carried(self) -> float:
        return self.outcomes["carried"] / max(1, self.operations)

    @property
    def working(self) -> float:
        return (self.outcomes["carried"] + self.outcomes["relaxed"]) / max(1, self.operations)


def import_all(descriptions: list[fetch.Description], plugins: Path) -> dict[str, Imported]:
    """By APIs. What was imported before is forgotten."""
    totals: dict[str, Imported] = {}
    for one in descriptions:
        total = totals.setdefault(one.api, Imported())
        shutil.rmtree(plugins / one.plugin, ignore_errors=True)
        import_one(one, plugins, total)
    return totals


def import_one(one: fetch.Description, plugins: Path, total: Imported):
    new = wharf("new", one.plugin, "--from", one.file, *one.options, "--json", folder=plugins)
    total.new += new.worked
    total.mebibytes = max(total.mebibytes, new.mebibytes)
    if failed(new, f"wharf new {one.plugin} --from {one.file.name}", total):
        return
    report = json.loads(new.out)
    count(report, one, total)
    if failed(wharf("check", one.plugin, folder=plugins), f"wharf check {one.plugin}", total):
        return
    build = wharf("build", one.plugin, folder=plugins)
    total.build += build.worked
    if failed(build, f"wharf build {one.plugin}", total):
        return
    described = wharf("describe", f"{one.plugin}/{one.plugin}.wasm", "--json", folder=plugins)
    if failed(described, f"wharf describe {one.plugin}", total):
        return
    # From the cache of components, as a person has it.
    total.describe = max(total.describe, wharf("describe", f"{one.plugin}/{one.plugin}.wasm", folder=plugins).worked)
    made, kept = len(json.loads(described.out)["operations"]), report["operations"] - report["left_out"]
    if made != kept:
        total.wrong.append(f"{one.plugin}: the report tells of {kept} operations, and the plugin has {made}")


def failed(run: Run, command: str, total: Imported) -> bool:
    if run.code or run.panicked:
        total.wrong.append(f"{command}: code {run.code}: {run.last_words()}")
    return bool(run.code or run.panicked)


def count(report: dict, one: fetch.Description, total: Imported):
    """The report's own sums are not believed."""
    described = operations_in(json.loads(one.file.read_text()))
    if report["operations"] != described:
        total.wrong.append(f"{one.plugin}: {described} operations are described, and the report tells of {report['operations']}")
    worst: dict[str, str] = {}
    for line in report["lines"]:
        name, outcome = line["operation"], line["outcome"]
        if name is None or outcome not in OUTCOMES:
            continue
        total.rules[outcome, line["rule"]] += 1
        worst[name] = max(outcome, worst.get(name, "carried"), key=OUTCOMES.index)
    outcomes = Counter(worst.values())
    outcomes["carried"] = report["operations"] - outcomes.total()
    if report["carried_over"] != outcomes["carried"]:
        total.wrong.append(
            f"{one.plugin}: its lines carry over {outcomes['carried']} operations, and the report says {report['carried_over']}"
        )
    total.operations += report["operations"]
    total.outcomes += outcomes


def operations_in(document: dict) -> int:
    """As OpenAPI, Swagger or Google's discovery describes them."""
    if "paths" in document:
        return sum(method in METHODS for item in document["paths"].values() for method in item)
    # What takes a file by an upload is two operations: with JSON, and with the file.
    methods = sum(1 + ("mediaUpload" in method) for method in document.get("methods", {}).values())
    return methods + sum(map(operations_in, document.get("resources", {}).values()))
