"""The studio: one run at a time, others wait for their turn."""

import asyncio
import itertools
import json
import os
import re
import shutil
import signal
import sys
import time
from contextlib import suppress

import psutil

from ..errors import OutputError, reason
from ..machine import available, child_environment
from ..settings import OPTIONS, get_output, get_settings, get_words, typed
from .estimate import Machine, plan_uploads
from .options import OWN, read_fields
from .runs import (
    FAILED,
    FINISHED,
    ORDER,
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
from .selection import Selections

# What the process obeys, see `telling.Tell.obey`.
PAUSE, RESUME, STOP = b"p", b"g", b"s"
IDLE = 3  # seconds
LONGEST_LINE = 64_000_000  # bytes: a picture is one line
STOPPED_STATUSES = (130, 143, -signal.SIGINT, -signal.SIGTERM)


class Studio:
    """All runs in a folder, by name, and the queue of those that are running or wait."""

    def __init__(self, root):
        self.root = root
        try:
            root.mkdir(parents=True, exist_ok=True)
            self.selections = Selections(root)
            self.runs = read_runs(root)
        except OSError as error:
            raise OutputError(
                "cannot be used: {reason}", "output", file=root, reason=reason(error)
            ) from None
        self.queue, self.machine = [], Machine()
        self.changed = self.examination = None

    @property
    def current(self):
        """The run that has a process, None if there is none."""
        return self.queue[0] if self.queue and self.queue[0].state != WAITING else None

    def add(self, selection, values):
        """Queue a new run; a `GluonStyleError` says why it cannot work."""
        settings, output = read_values(selection, values)
        if self.machine.known:  # else its precision is not
            self.estimate(selection, values)
        pictures = selection.pictures()
        arguments = get_words(settings, output, but=OWN | pictures.keys())
        order = {"arguments": arguments, "size": selection.sizes.content, "pictures": pictures}
        try:
            folder = self.new_folder()
            try:
                selection.copy_to(folder)
                (folder / ORDER).write_text(json.dumps(order))
            except OSError:
                shutil.rmtree(folder)
                raise
        except OSError as error:
            raise OutputError(
                "cannot be written: {reason}", "output", file=self.root, reason=reason(error)
            ) from None
        run = Run(folder, order, WAITING)
        run.plan(settings)
        self.runs[run.name] = run
        self.enqueue(run)
        return run

    def look_around(self):
        """Take in the runs that others have left in the folder, or have taken away."""
        for name, run in [*self.runs.items()]:
            if not run.is_active and not run.folder.is_dir():
                del self.runs[name]
        done = {name for name, run in self.runs.items() if run.is_active or run.state == FINISHED}
        with suppress(OSError):
            for name, run in read_runs(self.root, done).items():
                if name not in self.runs or run.state == FINISHED:
                    self.runs[name] = run

    def new_selection(self):
        """A place for a visitor's pictures."""
        self.tell()
        return self.selections.new()

    def estimate(self, selection, values):
        """The `Estimate` of a run; a `GluonStyleError` says why it cannot work."""
        settings, _ = read_values(selection, values)
        return self.machine.estimate(settings, selection.sizes, available() + self.held)

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
        self.queue.append(run)
        self.tell()

    def pause(self, run):
        """Hold a run after its current epoch."""
        if run.state == RUNNING:
            self.send(run, PAUSE)

    def stop(self, run):
        """End a run after its current epoch; or its waiting."""
        if run.state == WAITING:
            run.state = STOPPED
            self.queue.remove(run)
            self.tell()
        elif run.is_active:
            run.stopping = True
            self.send(run, STOP)
            if run.state == STARTING and run.process:  # nobody listens yet
                run.process.terminate()

    def send(self, run, word):
        """Ask the process for something."""
        if run.process:
            run.process.stdin.write(word)
        self.tell()

    def tell(self):
        """Say that something has changed."""
        self.changed.set()

    async def work(self):
        """Run what waits, for ever; examine the machine while there is nothing to do."""
        self.changed = asyncio.Event()
        while True:
            self.changed.clear()
            if self.queue:
                run = self.queue[0]
                run.state = STARTING
                await self.stop_examination()
                try:
                    await self.run(run)
                except Exception as error:  # whatever it is, the next one has its turn
                    run.state, run.error = FAILED, f"{type(error).__name__}: {error}"
                self.queue.pop(0)
                self.tell()
                continue
            # For a visitor: what a run would take is told nobody else.
            if self.selections.by_key and not (self.machine.known or self.examination):
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
            run.process.terminate()
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
            run.hear(json.loads(line))

    async def hear_lines(self, run):
        """Take in stderr; a bar of progress is many lines in one."""
        rest = ""
        while True:
            chunk = await run.process.stderr.read(4096)
            if not chunk:
                break
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
        run = self.current
        if run and run.process:
            self.stop(run)
            with suppress(asyncio.TimeoutError):  # its pipe closes with this process
                await asyncio.wait_for(run.process.wait(), 60)
        self.selections.clear()


def read_values(selection, values):
    """The settings and the output from what a browser has sent; a run of them can work."""
    values = read_fields(values)
    for name, files in selection.pictures().items():
        values[name] = files if OPTIONS[name].kind.several else files[0]
    settings = get_settings(values)
    output = get_output(values)
    plan_uploads(settings, selection.sizes)  # refuses all but what memory cannot hold
    return settings, output


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
