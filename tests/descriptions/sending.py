"""Sends a sample of operations of each imported plugin to Prism, which knows the description alone."""

import json
import os
import random
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import yaml

import asked
import fetch
from inputs import Inputs
from measure import wharf
from prism import Exchange, Prism, Relay

SAMPLE = int(os.environ.get("SAMPLE", "200"))
SEED = os.environ.get("SEED", "20")
# How many inputs are made up for an operation until Wharf takes one.
ATTEMPTS = 6
# Made up, and long enough that nobody could guess it.
os.environ["JUDGE_SECRET"] = "k7Qm2xVb9Rt4Zc8Ld3Wf6Hs1Np5Gj0Ya"

FILES = {
    "application/json": "file.json",
    "application/pdf": "file.pdf",
    "application/zip": "file.zip",
    "audio/*": "file.mp3",
    "audio/mpeg": "file.mp3",
    "image/*": "file.png",
    "image/gif": "file.gif",
    "image/jpeg": "file.jpg",
    "image/png": "file.png",
    "image/svg+xml": "file.svg",
    "text/*": "file.txt",
    "text/csv": "file.csv",
    "text/plain": "file.txt",
    "video/*": "file.mp4",
    "application/xml": "file.xml",
    "text/xml": "file.xml",
    "text/html": "file.html",
    "application/gzip": "file.gz",
}


@dataclass
class Sent:
    """What became of the operations of an API that were sent."""

    sent: int = 0
    accepted: int = 0
    # What Prism refused, and what never came to it: an operation, and why.
    refused: list[tuple[str, str]] = field(default_factory=list)
    # Of those Prism said neither.
    faults: list[tuple[str, str]] = field(default_factory=list)

    @property
    def judged(self) -> int:
        return self.sent - len(self.faults)


def send(descriptions: list[fetch.Description], plugins: Path) -> dict[str, Sent]:
    """By APIs. Two descriptions at a time."""
    documents = {one.plugin: document_of(plugins / one.plugin / f"{one.plugin}.wasm") for one in descriptions}
    totals: dict[str, Sent] = {one.api: Sent() for one in descriptions}
    samples = sampled(descriptions, documents)
    with ThreadPoolExecutor(2) as pool:
        jobs = [(one, pool.submit(send_one, one, plugins, documents[one.plugin], samples[one.plugin])) for one in descriptions]
        for one, job in jobs:
            add(totals[one.api], job.result())
    return totals


def add(total: Sent, part: Sent):
    total.sent += part.sent
    total.accepted += part.accepted
    total.refused += part.refused
    total.faults += part.faults


def document_of(component: Path) -> dict:
    described = wharf("describe", component, "--json", folder=component.parent)
    if described.code:
        raise SystemExit(f"wharf describe {component.name}: {described.last_words()}")
    return json.loads(described.out)


def sampled(descriptions: list[fetch.Description], documents: dict) -> dict[str, list[str]]:
    """The operations that are sent, by plugins: so many of each API, by chance."""
    samples: dict[str, list[str]] = {one.plugin: [] for one in descriptions}
    for api in {one.api for one in descriptions}:
        all_of_it = [
            (one.plugin, name) for one in descriptions if one.api == api for name in sorted(documents[one.plugin]["operations"])
        ]
        chance = random.Random(f"{SEED} {api}")
        for plugin, name in sorted(chance.sample(all_of_it, min(SAMPLE, len(all_of_it)))):
            samples[plugin].append(name)
    return samples


def send_one(one: fetch.Description, plugins: Path, document: dict, names: list[str]) -> Sent:
    result = Sent()
    if not names:
        return result
    folder = fetch.GENERATED / "sent" / one.plugin
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    asked.write(one.file, folder / "asked.json")
    prism = Prism(folder / "asked.json", folder / "prism.log")
    relay = Relay(prism)
    try:
        component = with_tokens(plugins / one.plugin, document, folder)
        configure(document, component, relay.port, folder)
        operations = pinned(plugins / one.plugin)
        for name in names:
            result.sent += 1
            if name not in operations:
                result.refused.append((name, "import.yaml does not say which operation of the description it is"))
            elif "#" in operations[name]:
                result.faults.append((name, "its path differs from another one by what stands behind `#`, which no request has"))
            else:
                call(document, name, operations[name], relay, folder, result)
    finally:
        relay.end()
        prism.end()
    return result


def pinned(plugin: Path) -> dict[str, str]:
    """`METHOD /path` of the description by the names of operations."""
    kept = yaml.safe_load((plugin / "import.yaml").read_text())
    return {name: described for described, name in kept["names"].items()}


def with_tokens(plugin: Path, document: dict, folder: Path) -> Path:
    """The component, made anew where it needs a person in a browser: a person's edit puts a token there that needs none."""
    credentials = document.get("credentials", {})
    if not credentials:
        return plugin / f"{plugin.name}.wasm"
    copy = folder / plugin.name
    shutil.copytree(plugin, copy)
    clients = {name for one in credentials.values() for name in one.get("oauth2", {}).get("client", {}).values()}
    schemes = {
        name: json.loads(re.sub(r"\{credential\.[^}]*\}", "{judge_token}", json.dumps(scheme)))
        for name, scheme in document.get("schemes", {}).items()
    }
    token = {"title": "Token", "summary": "Of the judge.", "secret": True}
    overlay = {"credentials": None, "fields": {**dict.fromkeys(clients), "judge_token": token}, "schemes": schemes}
    (copy / "overlay.yaml").write_text(json.dumps(overlay))
    built = wharf("build", copy, folder=folder)
    if built.code:
        raise SystemExit(f"wharf build {plugin.name}, with a token in place of OAuth 2: {built.last_words()}")
    document.update(document_of(copy / f"{plugin.name}.wasm"))
    return copy / f"{plugin.name}.wasm"


def configure(document: dict, component: Path, port: int, folder: Path):
    """A connection whose servers are all the relay, with secrets that are made up."""
    here = json.dumps(f"http://127.0.0.1:{port}")
    lines = [
        f"plugins = [{json.dumps(str(component))}]",
        "[connections.judge]",
        f"provider = {json.dumps(document['name'])}",
        f"base_url = {here}",
    ]
    if servers := document.get("servers"):
        lines.append(f"servers = {{ {', '.join(f'{name} = {here}' for name in servers)} }}")
    lines.append("[connections.judge.fields]")
    for name, field_of in document.get("fields", {}).items():
        plain = field_of.get("choices", [field_of.get("default", "judge")])[0]
        lines.append(f"{name} = " + ('{ env = "JUDGE_SECRET" }' if field_of.get("secret") else json.dumps(plain)))
    config = folder / "wharf.toml"
    config.write_text("\n".join(lines) + "\n")
    config.chmod(0o600)


def call(document: dict, name: str, described: str, relay: Relay, folder: Path, result: Sent):
    """Calls an operation with an input that Wharf takes, and keeps what Prism says of the request."""
    operation = document["operations"][name]
    requests = list(operation.get("requests", {}).values()) or [operation["request"]]
    words = ""
    for attempt in range(ATTEMPTS):
        relay.take(leading(document, requests[0], described))
        inputs = Inputs(document.get("$defs", {}), f"{SEED} {name} {attempt}")
        schema = operation.get("input", {"properties": {}})
        value = inputs.of(schema, variables(requests), texts(requests))
        ended = wharf(
            "call",
            document["name"],
            name,
            "--input",
            "-",
            "--json",
            *files(operation, requests, folder),
            folder=folder,
            text=json.dumps(value),
        )
        if ended.panicked:
            raise SystemExit(f"wharf call {document['name']} {name}: {ended.err}")
        words = ended.last_words() or " ".join(ended.out.split())[:400]
        if relay.exchanges:
            break
    keep(folder, name, relay.exchanges)
    if not relay.exchanges:
        result.refused.append((f"{name} ({described})", f"Wharf: {words}"))
    elif relay.exchanges[0].fault:
        result.faults.append((f"{name} ({described})", relay.exchanges[0].fault))
    elif relay.exchanges[0].refused:
        result.refused += [(f"{name} ({described})", why) for why in relay.exchanges[0].refused[:1]]
    else:
        result.accepted += 1


def keep(folder: Path, name: str, exchanges: list[Exchange]):
    """For people who look for the cause."""
    with (folder / "requests.jsonl").open("a") as kept:
        for one in exchanges:
            body = one.body.decode(errors="replace")
            line = {"operation": name, "request": f"{one.method} {one.target}", "headers": one.headers, "body": body}
            kept.write(json.dumps(line | {"refused": one.refused, "fault": one.fault}) + "\n")


def leading(document: dict, request: dict, described: str) -> int:
    """How many segments of the path of a request come before those that the description has: they are of its server."""
    server = document["server"] if "server" not in request else document["servers"][request["server"]]
    path = re.sub(r"\{[^}]*\}", "", request["path"])
    template = re.sub(r"\{[^}]*\}", "", re.split("[?#]", described.partition(" ")[2])[0])
    return server.get("suffix", "").count("/") + max(0, path.count("/") - template.count("/"))


def variables(requests: list[dict]) -> set[str]:
    """The inputs that stand in a path."""
    found = set()
    for request in requests:
        for name in re.findall(r"\{\+?([^}]*)\}", request["path"]):
            source = request.get("variables", {}).get(name, name)
            found.add(source if isinstance(source, str) else source.get("input", name))
    return found


def texts(requests: list[dict]) -> set[str]:
    """The inputs that stand where there is only text."""
    found = variables(requests)
    for request in requests:
        body = request.get("body", {})
        for one in [*request.get("query", []), *request.get("headers", []), *body.get("form", []), *body.get("multipart", [])]:
            found.add(one if isinstance(one, str) else one.get("input", one["name"]))
    return found


def files(operation: dict, requests: list[dict], folder: Path) -> list[str]:
    """Options that attach the files that are needed, each of a type that it may have."""
    options = []
    media_types = [one for request in requests for one in request.get("body", {}).get("media-types", [])]
    name = next((FILES[one] for one in media_types if one in FILES), "file.bin")
    (folder / name).write_bytes(b"wharf")
    for attachment, said in operation.get("attachments", {}).items():
        if said.get("required"):
            options += ["--attach", f"{attachment}=@{name}"]
    return options
