"""One deno process that runs learner code: how it is started, bounded, spoken to and ended.

Owns the operating system's side of the sandbox; knows no checks. The process has no permission but reading its runtime
folder, which it gives up before learner code starts. Whatever it prints without this run's secret is not heard.
"""

import contextlib
import os
import resource
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from deno import find_deno_bin

WASM_PAGES = 8192  # of 64 KiB: Python's own memory, 512 MiB
# Bytes of private memory of the process, JavaScript's included. Deno takes 0.75 GiB of it, most of it never touched:
# with 1 GiB the engine would struggle for seconds at 300 MB of Python's before it gave up.
MEMORY = 5 * 2**28
CPU_SPARE = 40  # seconds of all threads, beside twice the time limit: for a process that nobody waits for any more
HEARD = 6_000_000  # bytes of stdout; what the harness says is under half of it, more is a flood
COMPLAINTS = 4_000  # bytes kept of stderr
STARTING = 60.0  # seconds; half a second on an idle machine
# A time limit is one of processor time, so that a busy machine makes nobody's answer wrong; the clock may show so many
# times as much, for code that waits.
PATIENCE = 3
GRAIN = 0.05  # seconds: less than this is nothing left


class ProcessFailed(RuntimeError):
    """The process could not be started, or was ended by something else than the code it ran."""


class ProcessEnded(Exception):
    """The code that it ran ended the process, or used up a bound: `state` says how, as in `Outcome`."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class Process:
    """A running sandbox. `send` and `line` may raise ProcessEnded, or ProcessFailed before `is_booted`."""

    def __init__(self, popen: subprocess.Popen, secret: str) -> None:
        self.popen = popen
        self.secret = secret.encode()
        self.is_booted = False
        self.deadline = self._last_deadline = time.monotonic() + STARTING
        self._processor_limit = 0.0
        self._heard = 0
        self._rest = b""
        self._lines: list[tuple[str, bytes]] = []
        self._complaints = b""
        self._unsent = memoryview(b"")
        self._selector = selectors.DefaultSelector()
        for stream in (popen.stdin, popen.stdout, popen.stderr):
            os.set_blocking(stream.fileno(), False)  # type: ignore[union-attr]
        self._selector.register(popen.stdout, selectors.EVENT_READ)  # type: ignore[arg-type]
        self._selector.register(popen.stderr, selectors.EVENT_READ)  # type: ignore[arg-type]

    def limit(self, seconds: float) -> None:
        """From now on there are so many seconds of processor time left, and PATIENCE times as many by the clock."""
        now = time.monotonic()
        self.deadline, self._last_deadline = now + seconds, now + PATIENCE * seconds
        self._processor_limit = (_processor_seconds(self.popen.pid) or 0.0) + seconds

    def _is_out_of_time(self) -> bool:
        now = time.monotonic()
        if now < self.deadline:
            return False
        used = _processor_seconds(self.popen.pid)
        left = self._processor_limit - used if used is not None else 0.0
        if not self.is_booted or left < GRAIN or now >= self._last_deadline:
            return True
        self.deadline = min(now + left, self._last_deadline)
        return False

    def send(self, line: str) -> None:
        """Send one line; it is written while the next one is waited for."""
        assert self.popen.stdin is not None  # noqa: S101 (for the type checker)
        # A view: a job with files is 80 MB, and a pipe takes 64 kB at a time.
        self._unsent = memoryview(b"".join([self._unsent, line.encode("ascii"), b"\n"]))
        self._selector.register(self.popen.stdin, selectors.EVENT_WRITE)

    def line(self, label: str) -> str:
        """The text of the next line of ours, which must have this label."""
        while not self._lines:
            if self._is_out_of_time():
                if self.is_booted:
                    raise ProcessEnded("timed_out")
                raise ProcessFailed("the sandbox did not start in time")
            for key, _ in self._selector.select(max(self.deadline - time.monotonic(), 0)):
                self._turn(key.fileobj)
        heard, text = self._lines.pop(0)
        if heard == "broken":
            raise ProcessEnded("out_of_memory" if b"memory" in text or b"alloc" in text else "ended_early")
        if heard != label:
            raise ProcessEnded("ended_early")
        return text.decode("utf-8", "replace")

    def _turn(self, stream: object) -> None:
        """Take what one of the three pipes has, or give it what it takes."""
        if stream is self.popen.stdin:
            self._write()
            return
        data = os.read(stream.fileno(), 65536)  # type: ignore[attr-defined]
        if stream is self.popen.stderr:
            self._complaints = (self._complaints + data)[-COMPLAINTS:]
            if not data:
                self._selector.unregister(self.popen.stderr)  # type: ignore[arg-type]
            return
        self._heard += len(data)
        if self._heard > HEARD:
            raise ProcessEnded("ended_early")
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            secret, _, rest = line.partition(b" ")
            if secrets.compare_digest(secret, self.secret):
                label, _, text = rest.partition(b" ")
                self._lines.append((label.decode("ascii", "replace"), text))
        if not data and not self._lines:
            self._raise_ended()

    def _write(self) -> None:
        try:
            count = os.write(self.popen.stdin.fileno(), self._unsent)  # type: ignore[union-attr]
        except BrokenPipeError:
            count = len(self._unsent)  # it is gone; why is told when its stdout ends
        self._unsent = self._unsent[count:] or memoryview(b"")
        if not self._unsent:
            self._selector.unregister(self.popen.stdin)  # type: ignore[arg-type]

    def _raise_ended(self) -> None:
        """Say how a process ended that closed its stdout."""
        try:
            status = self.popen.wait(timeout=max(self.deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            raise ProcessEnded("timed_out") from None  # it closed its stdout and went on
        if not self.is_booted:
            complaint = self._complaints.decode("utf-8", "replace").strip()
            raise ProcessFailed(f"the sandbox ended with status {status} before it was ready: {complaint}")
        ended_by = -status if status < 0 else status - 128  # a wrapper may have turned the signal into a status
        # What V8 does when it gets no more memory differs by the place where it notices.
        if ended_by in (signal.SIGTRAP, signal.SIGABRT, signal.SIGSEGV, signal.SIGILL, signal.SIGBUS):
            raise ProcessEnded("out_of_memory")
        if ended_by == signal.SIGXCPU:
            raise ProcessEnded("timed_out")
        if status < 0:
            raise ProcessFailed(f"the sandbox was ended by signal {ended_by}")
        raise ProcessEnded("ended_early")

    def end(self) -> None:
        """Kill the process and what it may have started, and wait for it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        self._selector.close()
        for stream in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            with contextlib.suppress(BrokenPipeError):  # what is unsent is of no use to anyone
                stream.close()  # type: ignore[union-attr]


@contextlib.contextmanager
def started(folder: Path, arguments: list[str], *, readable: list[Path], seconds: float) -> Iterator[Process]:
    """A process that runs `runner.mjs` of `folder`, killed at the end; its secret is `Process.secret`.

    `seconds` is the time that learner code will get, for the bound that holds even if this process dies.

    Raises:
        ProcessFailed: it cannot be started.
    """
    if not (folder / "runner.mjs").is_file():
        raise ProcessFailed(f"no sandbox in {folder}: run `python -m mlpracticum.assets`")
    flags = ["--no-prompt", "--no-remote", "--no-npm", "--no-config", "--no-lock", "--cached-only", "--no-code-cache"]
    # Without code from strings a learner who reaches JavaScript can call what there is, but write no import() of more.
    flags.append(f"--v8-flags=--wasm-max-mem-pages={WASM_PAGES},--disallow-code-generation-from-strings")
    flags.append("--allow-read=" + ",".join(str(path) for path in [folder, *readable]))
    # A folder of this run's own: what a run leaves in deno's storage must not be there for the next learner.
    with tempfile.TemporaryDirectory(prefix="sandbox-", ignore_cleanup_errors=True) as cache:
        try:
            popen = subprocess.Popen(  # noqa: S603
                [*_bound_to_us(), find_deno_bin(), "run", *flags, str(folder / "runner.mjs"), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cache,
                env={"DENO_DIR": cache, "NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"},
                start_new_session=True,
            )
        except OSError as error:
            raise ProcessFailed(f"the sandbox cannot be started: {error}") from error
        process = Process(popen, secrets.token_hex(24))
        try:
            _limit(popen.pid, seconds)
            yield process
        finally:
            process.end()


def _processor_seconds(pid: int) -> float | None:
    """Processor time that a process has used, all its threads; None where the system does not tell, or it is gone."""
    try:
        # After the name, which may hold anything, field 14 is the user's time and 15 the kernel's (proc(5)).
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def _bound_to_us() -> list[str]:
    """A command in front that lets the kernel kill the process when this one dies; Linux alone can.

    Elsewhere the runner notices only when it next reads its stdin; an endless loop goes on until somebody ends it.
    """
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin:/usr/sbin:/sbin")
    return [setpriv, "--pdeathsig", "KILL", "--no-new-privs"] if setpriv and sys.platform == "linux" else []


def _limit(pid: int, seconds: float) -> None:
    """Bound memory and processor time. The job is sent after this, so learner code never runs without.

    Not by preexec_fn, which can dead-lock in a process with threads. Only Linux can bound another process: elsewhere
    Python's own memory is bounded (WASM_PAGES), JavaScript's is not.
    """
    if sys.platform != "linux":
        return
    cpu = int(2 * PATIENCE * seconds) + CPU_SPARE
    limits = ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_CPU, cpu), (resource.RLIMIT_CORE, 0))
    try:
        for kind, most in limits:
            hard = resource.prlimit(pid, kind)[1]
            if hard != resource.RLIM_INFINITY:
                most = min(most, hard)  # a bound that the machine has set can only be lowered
            # Hard bounds on time are left: reaching one is SIGKILL, which would look like a kill from outside.
            resource.prlimit(pid, kind, (most, most if kind == resource.RLIMIT_DATA else hard))
    except ProcessLookupError:
        pass  # it has ended already, and `line` will say how
    except OSError as error:
        raise ProcessFailed(f"the sandbox cannot be bounded: {error}") from error
