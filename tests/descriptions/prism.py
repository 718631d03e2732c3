"""A Prism, and a relay before it that keeps what Prism says of each request."""

import http.client
import json
import re
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

HERE = Path(__file__).parent
# The largest description takes it half a minute.
START = 180
# The relay has its own framing.
FRAMING = {"connection", "transfer-encoding", "content-length"}
# What Prism does not read. Lists of objects in a form (`a[0][b]=c`) are JSON to it, whatever the description says.
LIMITS = ["Cannot deserialize JSON object array in form data"]


@dataclass
class Exchange:
    """A request as Wharf sent it, and what Prism said of it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    # Why it was refused; nothing where it was accepted.
    refused: list[str] = field(default_factory=list)
    # What went wrong in Prism itself, so that it said neither.
    fault: str = ""


class Prism:
    """A mock of a description, on a port that the system picks."""

    def __init__(self, document: Path, log: Path):
        self.log = log
        command = ["node", HERE / "node_modules/@stoplight/prism-cli/dist/index.js", "mock", "--port", "0", document]
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        self.port = self.listens()

    def listens(self) -> int:
        end = time.monotonic() + START
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(rb"Prism is listening on http://127\.0\.0\.1:(\d+)", self.log.read_bytes())
            if found:
                return int(found[1])
            time.sleep(0.1)
        self.end()
        said = self.log.read_text(errors="replace")
        raise RuntimeError(f"Prism does not listen:\n{said[-2000:]}")

    def end(self):
        self.process.kill()
        self.process.wait()

    def judge(self, exchange: Exchange):
        """Hands a request on, and keeps the verdict."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(exchange.method, exchange.target, skip_host=True, skip_accept_encoding=True)
            for name, value in exchange.headers.items():
                connection.putheader(name, value)
            connection.endheaders(exchange.body)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            exchange.fault = f"Prism did not answer: {error!r}"
            return
        finally:
            connection.close()
        if answer.status != 200:
            self.refusal(exchange, answer.status, content)

    def refusal(self, exchange: Exchange, status: int, content: bytes):
        """Prism has one answer to each request that is as described, so any other one is a problem."""
        try:
            problem = json.loads(content)
        except ValueError:
            problem = {"detail": content.decode(errors="replace")}
        kind = str(problem.get("type", "")).removeprefix("https://stoplight.io/prism/errors#")
        if status >= 500 or kind == "UNKNOWN" or any(words in str(problem.get("detail")) for words in LIMITS):
            exchange.fault = f"{status} {problem.get('title')}: {problem.get('detail')}"
        elif "validation" in problem:
            exchange.refused = [words_of(one) for one in problem["validation"] if counts(one, exchange)]
        else:
            exchange.refused = [f"{kind}: {problem.get('detail')}"]


def counts(violation: dict, exchange: Exchange) -> bool:
    """Prism reads forms in its own way.

    An object that was not sent is there to it, and empty, so that it misses what that requires. A list that is written as it should
    be (`a=1&a=2`) is a text to it.
    """
    place = violation.get("location") or []
    form = next((value for name, value in exchange.headers.items() if name.lower() == "content-type"), "")
    if place[:1] != ["body"] or len(place) < 2 or not form.startswith("application/x-www-form-urlencoded"):
        return True
    name = str(place[1]) + "".join(f"[{step}]" for step in place[2:])
    sent = [field for field, _ in parse_qsl(exchange.body.decode(errors="replace"), keep_blank_values=True)]
    if name in sent and violation.get("message", "").endswith("must be array"):
        return False
    return any(field == name or field.startswith(f"{name}[") for field in sent)


def words_of(violation: dict) -> str:
    place = ".".join(map(str, violation.get("location") or []))
    return f"{place}: {violation.get('code')}: {violation.get('message')}"


class Relay:
    """Where Wharf sends its requests: one at a time."""

    def __init__(self, prism: Prism):
        self.prism = prism
        # How many segments of a path come before those of the description.
        self.leading = 0
        self.exchanges: list[Exchange] = []
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                relay.handle(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, leading: int):
        """From now on, requests of this kind; those so far are forgotten."""
        self.leading, self.exchanges = leading, []

    def handle(self, request: BaseHTTPRequestHandler):
        path, mark, query = request.path.partition("?")
        target = "/" + "/".join(path.split("/")[1 + self.leading :]) + mark + query
        headers = {name: value for name, value in request.headers.items() if name.lower() not in FRAMING}
        body = body_of(request)
        if body or "content-length" in request.headers:
            headers["Content-Length"] = str(len(body))
        exchange = Exchange(request.command, target, headers, body)
        self.prism.judge(exchange)
        self.exchanges.append(exchange)
        # What Wharf makes of answers is not judged here.
        content = b"{}"
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)


def body_of(request: BaseHTTPRequestHandler) -> bytes:
    if "chunked" not in request.headers.get("transfer-encoding", ""):
        return request.rfile.read(int(request.headers.get("content-length") or 0))
    body = b""
    while size := int(request.rfile.readline().split(b";")[0], 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body
