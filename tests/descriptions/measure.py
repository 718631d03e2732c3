"""Runs commands, with what they cost."""

import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

WHARF = os.environ["WHARF"]


@dataclass
class Run:
    """A command that has ended. A negative code is the signal that ended it."""

    code: int
    out: str
    err: str
    # By the clock, and of a processor: others may use the machine, too.
    seconds: float
    worked: float
    mebibytes: float

    @property
    def panicked(self) -> bool:
        return self.code < 0 or self.code == 101 or "panicked at" in self.err

    def last_words(self) -> str:
        """What it said in the end, on one line."""
        words = " ".join((self.err or self.out).split())
        return words if len(words) < 400 else f"{words[:200]} … {words[-200:]}"


def wharf(*arguments: str | Path, folder: Path, seconds: float = 120, data: int | None = None, text: str = "") -> Run:
    """Runs Wharf in a folder. After so many seconds it is ended; `data` is how many bytes it may have as its own at most."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.monotonic()
        process = subprocess.Popen(
            [WHARF, *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "NO_COLOR": "1", "HOME": str(folder)},
            stdin=subprocess.PIPE if text else subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_DATA, (data, data))) if data else None,
        )
        late = threading.Timer(seconds, os.kill, (process.pid, signal.SIGKILL))
        late.start()
        if text:
            with process.stdin as stdin:
                stdin.write(text.encode())
        _, status, used = os.wait4(process.pid, 0)
        late.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        taken = time.monotonic() - begun
        worked = used.ru_utime + used.ru_stime
        return Run(process.returncode, read(out), read(err), taken, worked, used.ru_maxrss / 1024)


def read(file) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
