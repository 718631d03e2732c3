"""Gives Wharf descriptions that mean harm: each is refused in words or made a good plugin, soon and in little memory."""

import json
import shutil
import threading
import unicodedata
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fetch
from harmful import cases
from measure import Run, wharf
from shapes import METADATA

# In seconds of a processor, and by the clock.
SECONDS, LONGEST = 10, 60
MEBIBYTES = 512


class Canary:
    """A server on loopback that nobody should ask for anything that a description refers to."""

    # What `--from` may ask for itself.
    OWN = ("/endless", "/to-metadata", "/to-a-file", "/around", "/page", "/head")

    def __init__(self):
        self.asked: list[str] = []
        canary = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                canary.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler):
        if not request.path.startswith(self.OWN):
            self.asked.append(request.path)
        leads = {"/to-metadata": METADATA, "/to-a-file": "file:///etc/passwd", "/around": "/around"}.get(request.path)
        request.send_response(302 if leads else 200)
        if leads:
            request.send_header("Location", leads)
        if request.path == "/head":
            for number in range(100_000):
                request.send_header(f"X-{number}", "a" * 1000)
        request.send_header("Content-Type", "application/json")
        try:
            request.end_headers()
            if request.path == "/page":
                request.wfile.write(b"<html>Sign in</html>")
            while request.path == "/endless":
                request.wfile.write(b"[" * 65536)
        except OSError:
            pass

    def end(self):
        self.server.shutdown()
        self.server.server_close()


def judge() -> list[str]:
    print("--- descriptions that mean harm")
    folder = fetch.GENERATED / "hostile"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "plugins").mkdir(parents=True)
    canary = Canary()
    wrong, refused, slowest, largest = [], [], 0.0, 0.0
    try:
        all_of_them = cases(folder, canary.url)
        for case in all_of_them:
            plugin = folder / "plugins" / case.name
            # Four times the memory that it may have: who takes more is ended, before the machine is.
            run = wharf(
                "new",
                case.name,
                "--from",
                case.source,
                "--json",
                folder=folder / "plugins",
                seconds=LONGEST,
                data=4 * MEBIBYTES << 20,
            )
            wrong += [f"hostile, {case.name}: {what}" for what in wrong_with(run, plugin)]
            if run.code:
                refused.append(f"{case.name}: {run.last_words()}")
            slowest, largest = max(slowest, run.worked), max(largest, run.mebibytes)
            shutil.rmtree(plugin, ignore_errors=True)
    finally:
        canary.end()
    (folder / "refused.txt").write_text("\n".join(refused))
    if canary.asked:
        wrong.append(f"hostile: what a description refers to was asked for: {', '.join(canary.asked)}")
    print(f"{len(all_of_them)}, of which {len(refused)} are refused; at most {slowest:.1f} s and {largest:.0f} MiB")
    return wrong


def wrong_with(run: Run, plugin: Path) -> list[str]:
    wrong = []
    if run.panicked:
        wrong.append(f"it ended with {run.code}: {run.last_words()}")
    if run.worked > SECONDS or run.seconds > LONGEST:
        wrong.append(f"it took {run.seconds:.1f} s, of which it worked {run.worked:.1f} s")
    if run.mebibytes > MEBIBYTES:
        wrong.append(f"it took {run.mebibytes:.0f} MiB")
    if "root:" in run.out + run.err:
        wrong.append("it printed a file of the system")
    if trick := trick_in(run.err) or trick_in(run.out):
        wrong.append(f"it printed {trick}")
    if len(run.err) > 20_000:
        wrong.append(f"it printed {len(run.err)} letters of error")
    if run.code and not run.panicked:
        if len((run.err or run.out).split()) < 5:
            wrong.append(f"it was refused without a word: {run.last_words()}")
        if plugin.exists():
            wrong.append("it was refused, and left a folder")
    if not run.code:
        wrong += wrong_with_plugin(plugin)
    return wrong


def wrong_with_plugin(plugin: Path) -> list[str]:
    wrong = []
    checked = wharf("check", plugin.name, folder=plugin.parent, seconds=LONGEST)
    if checked.code or checked.panicked:
        wrong.append(f"`wharf check` says {checked.code}: {checked.last_words()}")
    for file in plugin.rglob("*"):
        text = file.read_text(errors="replace") if file.is_file() and file.suffix != ".wasm" else ""
        if trick := trick_in(text):
            wrong.append(f"{trick} is in {file.name}")
        if "root:" in text:
            wrong.append(f"a file of the system is in {file.name}")
    built = wharf("build", plugin.name, folder=plugin.parent, seconds=LONGEST)
    described = wharf("describe", f"{plugin.name}/{plugin.name}.wasm", "--json", folder=plugin.parent, seconds=LONGEST)
    if built.code or described.code:
        wrong.append(f"it does not build: {(built if built.code else described).last_words()}")
    elif trick := trick_in_texts(json.loads(described.out)):
        wrong.append(f"{trick} is in its manifest")
    return wrong


def trick_in(text: str) -> str:
    """A character that shows as nothing, or turns others around."""
    found = next(
        (letter for letter in text if letter not in "\n\t" and unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs")), None
    )
    return f"U+{ord(found):04X}" if found else ""


def trick_in_texts(value) -> str:
    """The same in what people read of a manifest, however it is escaped."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            for name, member in one.items():
                if (
                    name in ("title", "summary", "description", "unverified")
                    and isinstance(member, str)
                    and (trick := trick_in(member))
                ):
                    return trick
                waiting.append(member)
    return ""
