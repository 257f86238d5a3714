"""This machine runs jobs: in processes among which its cores are divided."""

import os
import queue
import threading
from collections import deque

from ..machine import Companion, CompanionDied, available, get_ctx, get_precision
from ..pretrained import find_weights
from . import PROCESS
from .jobs import memory
from .process import task


class Here:
    """So many processes on this machine, and no more at once than the memory allows."""

    def __init__(self, workers=1):
        self.workers = workers
        self.threads = max(1, int(os.environ["OMP_NUM_THREADS"]) // workers)
        self.companions = set()
        self.stopping = False

    def __str__(self):
        each = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return f"{self.workers} process{'es' if self.workers > 1 else ''} of {each} on this machine"

    def check(self, jobs):
        """Find out now, and once, what would fail every job; how much memory each takes."""
        self.channels = {}
        for job in jobs:
            settings = job.settings
            key = settings.weights, settings.layers
            if key not in self.channels:
                get_precision(settings.precision, get_ctx(settings.ctx))
                parameters = find_weights(*key).parameters
                self.channels[key] = parameters[0][0].shape[0]

    def memory(self, job):
        """Bytes that a job takes here."""
        return memory(job, self.channels[job.settings.weights, job.settings.layers])

    def run(self, jobs, stop):
        """Run them: yield pairs of a job and what is told of it, see `process.do`, or of None.

        `stop.number` is looked at: once it is there, what is running stops after its epoch.
        """
        self.waiting, self.told = deque(jobs), queue.SimpleQueue()
        self.allowed, self.taken = available(), 0
        self.changed = threading.Condition()
        running = min(self.workers, len(jobs))
        for _ in range(running):
            threading.Thread(target=self.work, daemon=True).start()
        try:
            while running:
                if stop.number and not self.stopping:
                    self.stop()
                try:
                    told = self.told.get(timeout=0.2)
                except queue.Empty:
                    told = None, None
                if isinstance(told, BaseException):
                    raise told
                if told:
                    yield told
                else:  # a thread has ended
                    running -= 1
        finally:
            self.stop()

    def stop(self):
        """Begin no more jobs, and let the processes stop."""
        with self.changed:
            self.stopping = True
            self.changed.notify_all()
            for companion in self.companions:
                companion.stop()

    def work(self):
        """One thread: it has a process, and gives it job after job."""
        companion = None
        try:
            for job in iter(self.take, None):
                companion = companion or self.start()
                try:
                    for message in companion.ask(task(job)):
                        self.told.put((job, message))
                except CompanionDied as died:
                    self.end(companion)
                    companion = None
                    self.again(job, died)
                with self.changed:
                    self.taken -= self.memory(job)
                    self.changed.notify_all()
        except BaseException as error:
            self.told.put(error)
        finally:
            if companion:
                self.end(companion)
            self.told.put(None)

    def take(self):
        """The next job, when there is memory for it; None when nothing is left to do."""
        with self.changed:
            while self.waiting and not self.stopping:
                needed = self.memory(self.waiting[0])
                # What does not fit even alone is computed in tiles, or says that it does not fit.
                if not self.taken or self.taken + needed <= self.allowed:
                    self.taken += needed
                    return self.waiting.popleft()
                self.changed.wait()
            return None

    def again(self, job, died):
        """Its process has died: resume the job in another one, unless that has been often."""
        ended = {"ended": "stopped"} if self.stopping else job.died(str(died))
        if ended:
            self.told.put((job, ended))
        else:
            with self.changed:
                self.waiting.appendleft(job)

    def start(self):
        """A new process."""
        companion = Companion(PROCESS, {"OMP_NUM_THREADS": str(self.threads)})
        with self.changed:
            self.companions.add(companion)
            if self.stopping:
                companion.stop()
        return companion

    def end(self, companion):
        """End a process."""
        with self.changed:
            self.companions.discard(companion)
        companion.close()
