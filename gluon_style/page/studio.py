"""The studio: one run at a time, others wait for their turn."""

import asyncio
import errno
import itertools
import json
import logging
import os
import re
import shutil
import signal
import sys
import time
from contextlib import suppress

import psutil
from filelock import FileLock, Timeout

from ..errors import OutputError, reason
from ..machine import available, child_environment
from ..machine.files import discard
from ..settings import get_words, typed
from .estimate import Machine, plan_uploads
from .options import OWN
from .process import HIDDEN, PAUSE, RESUME, STOP
from .runs import (
    FAILED,
    FINISHED,
    PAUSED,
    RUNNING,
    STARTING,
    STOPPED,
    WAITING,
    Run,
    picture_words,
    printable,
    read_runs,
)
from .tab import Tabs

logger = logging.getLogger(__name__)

IDLE = 3  # seconds
UNTIL_SERVED = 30  # seconds until a server has an address, at most
AGAIN = 1.5  # seconds, in which a second click is none
LONGEST_LINE = 64_000_000  # bytes: a picture is one line
STOPPED_STATUSES = (130, 143, -signal.SIGINT, -signal.SIGTERM)
NOT_SHOWN = "[\\0-\\x1f\\x7f-\\x9f\\ud800-\\udfff]"  # control characters, half characters
CANNOT_BE_WRITTEN = "the folder of the pictures cannot be written: {reason}"


class Served(Exception):
    """Another server serves the folder, at this address."""


class Studio:
    """All runs in a folder by name, the newest last, and the queue of those that want to run.

    `views` are called whenever something has changed.
    """

    def __init__(self, root):
        self.root, hidden = root, root / HIDDEN
        try:
            hidden.mkdir(parents=True, exist_ok=True)
            hidden.chmod(0o700)  # holds an address with its token
            self.address = hidden / "address"
            self.lock = FileLock(hidden / "server.lock")
            self.lock.acquire(0)
            discard(self.address)  # an earlier server's
            self.tabs, self.runs = Tabs(hidden / "uploads"), read_runs(root)
        except Timeout:
            raise Served(self.wait_for_address()) from None
        except OSError as error:
            raise OutputError(
                "cannot be used: {reason}", "output", file=root, reason=reason(error)
            ) from None
        self.queue = [run for run in self.runs.values() if run.state == WAITING]
        self.machine, self.views = Machine(), set()
        self.changed = self.examination = None

    def wait_for_address(self):
        """The address of the folder's other server, which may just be starting."""
        end = time.monotonic() + UNTIL_SERVED
        while not self.address.exists() and time.monotonic() < end:
            time.sleep(0.1)
        return self.address.read_text()

    @property
    def current(self):
        """The run that has a process, None if there is none."""
        return self.queue[0] if self.queue and self.queue[0].state != WAITING else None

    @property
    def newest(self):
        """The run that is shown to who has chosen none: the current one, or the last."""
        return self.current or next(reversed([*self.runs.values()]), None)

    def add(self, tab):
        """Queue a new run of a tab's; a `GluonStyleError` says why it cannot work."""
        if time.monotonic() - tab.painted < AGAIN:
            return None
        settings, output = tab.read()
        self.estimate(tab, is_start=True)
        pictures = tab.files()
        order = {
            "arguments": get_words(settings, output, but=OWN | pictures.keys()),
            **{"size": tab.sizes.content, "pictures": pictures, "names": tab.names},
            "time": time.time(),
        }
        try:
            folder = self.new_folder()
            try:
                tab.copy_to(folder)
            except OSError:
                shutil.rmtree(folder)
                raise
        except OSError as error:
            raise OutputError(CANNOT_BE_WRITTEN, reason=reason(error)) from None
        run = Run(folder, order, WAITING)
        run.plan(settings)
        self.runs[run.name] = run
        tab.painted, tab.run, tab.shown = time.monotonic(), run.name, None
        self.enqueue(run)
        return run

    def look_around(self):
        """Take in the runs that others have left in the folder, or have taken away."""
        with suppress(OSError):
            self.runs = read_runs(self.root, self.runs.values())

    def estimate(self, tab, is_start=False):
        """The `Estimate` of a tab's run; a `GluonStyleError` says why it cannot work."""
        settings, _ = tab.read()
        if not os.access(self.root, os.W_OK):
            denied = OSError(errno.EACCES, os.strerror(errno.EACCES))
            raise OutputError(CANNOT_BE_WRITTEN, reason=reason(denied))
        if is_start and not self.machine.known:  # the precision is not, nor what fits
            self.machine.check(settings)
            return plan_uploads(settings, tab.sizes)
        return self.machine.estimate(settings, tab.sizes, available() + self.held)

    @property
    def held(self):
        """Bytes that the current run will have given back when the next one begins."""
        if self.current and self.current.process:
            with suppress(psutil.Error):
                return psutil.Process(self.current.process.pid).memory_info().rss
        return 0

    def new_folder(self):
        """Create a folder, whose name is the time."""
        name = time.strftime("%Y-%m-%d-%H%M%S")
        for number in itertools.count(1):
            folder = self.root / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir()
                return folder
            except FileExistsError:
                continue

    def resume(self, run):
        """Resume a run, paused or stopped."""
        if run.state == PAUSED:
            self.send(run, RESUME)
        elif not run.is_active:
            run.state, run.error, run.notes, run.stopping = WAITING, None, [], False
            self.enqueue(run)

    def enqueue(self, run):
        """Put a run at the end of the queue."""
        run.keep()
        self.queue.append(run)
        self.tell()

    def pause(self, run):
        """Hold a run after its current epoch."""
        if run.state == RUNNING:
            run.pausing = True
            self.send(run, PAUSE)

    def stop(self, run):
        """End a run after its current epoch; or its waiting."""
        if run.state == WAITING:
            run.state = STOPPED
            run.keep()
            self.queue.remove(run)
            self.tell()
        elif run.is_active:
            run.stopping = True
            self.send(run, STOP)

    def send(self, run, word):
        """Ask the process for something."""
        if run.process:
            run.process.stdin.write(word)
        self.tell()

    def delete(self, run):
        """Delete a run with its folder."""
        if not run.is_active and self.runs.pop(run.name, None):
            shutil.rmtree(run.folder, ignore_errors=True)
            self.tell()

    def name(self, run, title):
        """Give a run a title."""
        run.order["title"] = re.sub(NOT_SHOWN, "", title).strip()[:80]
        run.keep()
        self.tell()

    def tell(self):
        """Say that something has changed."""
        self.changed.set()
        for view in [*self.views]:
            try:
                view()
            except Exception:  # one visitor's trouble holds nobody up
                logger.exception("a view cannot be drawn")

    async def work(self):
        """Run what waits, for ever; examine the machine while there is nothing to do."""
        self.changed = asyncio.Event()
        while True:
            self.changed.clear()
            if self.queue:
                run = self.queue[0]
                run.state = STARTING
                run.keep()
                self.tell()
                await self.stop_examination()
                try:
                    await self.run(run)
                except Exception as error:  # whatever it is, the next one has its turn
                    run.state, run.error = FAILED, f"{type(error).__name__}: {error}"
                run.keep()
                self.queue.pop(0)
                self.tell()
                continue
            # For a visitor: what a run would take is told nobody else.
            if self.tabs.by_key and not (self.machine.known or self.examination):
                self.examination = asyncio.ensure_future(self.examine())
            await self.changed.wait()

    async def run(self, run):
        """Run the command in the run's folder, from its beginning or its checkpoint."""
        pictures = picture_words(run.order["pictures"])
        arguments = [*run.order["arguments"], *pictures, f"--output={run.folder}"]
        if run.can_resume:
            # Whoever started it may have named its files from another folder.
            weights = [each for each in run.order["arguments"] if each.startswith("--weights=")]
            arguments = [f"--resume={run.folder}", *pictures, *weights]
            run.records = (Run.read(run.folder) or run).records
        run.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gluon_style.page.process", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=str(run.folder),
            env=child_environment(),
            limit=LONGEST_LINE,
            start_new_session=True,  # Ctrl-C is for the server, which stops it
        )
        if run.stopping:  # in the meantime
            self.send(run, STOP)
        try:
            await asyncio.gather(self.hear(run), self.hear_lines(run))
            status = await run.process.wait()
        finally:
            if run.process.returncode is None:
                run.process.kill()
            run.process = None
        if status == 0:
            run.state = FINISHED
        else:
            run.state = STOPPED if status in STOPPED_STATUSES else FAILED
            run.error = run.error or (None if run.state == STOPPED else run.said)

    async def hear(self, run):
        """Take in the messages of the process, a line each."""
        async for line in run.process.stdout:
            if any([run.hear(json.loads(line)), self.machine.learn(run)]):
                self.tell()

    async def hear_lines(self, run):
        """Take in stderr; a bar of progress is many lines in one."""
        rest = ""
        while chunk := await run.process.stderr.read(4096):
            *lines, rest = re.split(r"[\r\n]", rest + chunk.decode(errors="replace"))
            for line in lines:
                run.hear_line(line)
        run.hear_line(rest)

    async def examine(self):
        """Ask the doctor how fast this machine is, unless a run is started right away."""
        await asyncio.sleep(IDLE)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gluon_style.doctor", "--json", "--offline"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=child_environment(),
            start_new_session=True,
        )
        try:
            told, _ = await process.communicate()
        except asyncio.CancelledError:
            os.killpg(process.pid, signal.SIGKILL)  # with what it has started
            await process.wait()
            raise
        with suppress(ValueError, IndexError):
            self.machine = Machine(json.loads(told.splitlines()[-1]))
            self.tell()

    async def stop_examination(self):
        """Leave the processor to the run."""
        if self.examination:
            self.examination.cancel()
            with suppress(asyncio.CancelledError):
                await self.examination
            self.examination = None

    async def close(self):
        """Let the run keep a checkpoint, and end."""
        await self.stop_examination()
        self.views.clear()
        run = self.current
        if run and run.process:
            self.stop(run)
            with suppress(asyncio.TimeoutError):  # its pipe closes with this process
                await asyncio.wait_for(run.process.wait(), 60)
        self.tabs.clear()
        self.lock.release()


def gone(run):
    """The pictures that a run was made from, but that are not there any more."""
    files = [run.folder / file for each in run.order["pictures"].values() for file in each]
    return [printable(os.path.relpath(file)) for file in files if not file.is_file()]


def command_of(run):
    """The command line that makes the same picture, to be typed where the server was started."""
    pictures = {
        name: [os.path.relpath(run.folder / file) for file in files]
        for name, files in run.order["pictures"].items()
    }
    output = f"--output={os.path.relpath(run.folder)}-again"
    words = [*run.order["arguments"], *picture_words(pictures), output]
    return printable(f"python -m gluon_style.train {typed(words)}")
