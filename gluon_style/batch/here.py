"""This machine runs jobs, in processes among which its cores are divided."""

import os
import threading

from ..machine import Companion, CompanionDied, available, get_ctx, get_precision
from ..pretrained import find_weights
from . import PROCESS
from .hands import Hands
from .jobs import memory
from .process import task


class Here(Hands):
    """Processes on this machine, no more at once than the memory allows."""

    def __init__(self, workers=1):
        super().__init__()
        self.workers = workers
        self.threads = max(1, int(os.environ["OMP_NUM_THREADS"]) // workers)
        self.companions, self.idle = {}, []  # processes by what they run, and the others

    def __str__(self):
        each = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return f"{self.workers} process{'es' if self.workers > 1 else ''} of {each} on this machine"

    def check(self, jobs):
        """Raise errors that would fail every job, and estimate the memory of each."""
        channels, self.needed = {}, {}
        for job in jobs:
            settings = job.settings
            key = settings.weights, settings.layers
            if key not in channels:
                get_precision(settings.precision, get_ctx(settings.ctx))
                parameters = find_weights(*key).parameters
                channels[key] = parameters[0][0].shape[0]
            self.needed[job] = memory(job, channels[key])

    def run(self, jobs, stop):
        self.allowed = available()
        try:
            yield from super().run(jobs, stop)
        finally:
            for companion in (*self.companions.values(), *self.idle):
                companion.close()

    def has_room(self, job, running):
        # One that does not fit even alone is computed in tiles, or refused.
        taken = sum(self.needed[each] for each in (*running, job))
        return not running or len(running) < self.workers and taken <= self.allowed

    def begin(self, job):
        new = {"OMP_NUM_THREADS": str(self.threads)}
        self.companions[job] = self.idle.pop() if self.idle else Companion(PROCESS, new)
        threading.Thread(target=self.listen, args=(job, self.companions[job]), daemon=True).start()

    def listen(self, job, companion):
        """Pass on a process's messages, in a thread."""
        try:
            for message in companion.ask(task(job)):
                self.told.put((job, message))
        except BaseException as error:
            self.told.put((job, error))

    def messages(self, job, told):
        """The messages that a thread has passed on."""
        if isinstance(told, CompanionDied):
            self.companions.pop(job).close()
            return [{"ended": "stopped"} if self.stopping else job.died(str(told))]
        if isinstance(told, BaseException):
            raise told
        if "ended" in told:
            self.idle.append(self.companions.pop(job))
        return [told]

    def stop(self):
        for companion in self.companions.values():
            companion.stop()
