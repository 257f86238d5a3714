"""Stopping a run between two epochs, when the user or the system asks for it."""

import os
import signal
import sys
import threading
from contextlib import suppress

from tqdm import tqdm

from ..chapter import Listener
from ..errors import Stopped
from ..machine import raise_swallowed


class HearSignals:
    """Hears a signal to end, whose `number` it has then; only the main thread hears any.

    A second Ctrl-C ends the process at once, or interrupts it where Python is used interactively.
    Python runs a handler only when MXNet's computations return, which can take many seconds; so a
    thread reads the signals from a pipe.
    """

    # Ctrl-C, the polite request to end, the terminal that is closed.
    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self, answer, tidy=lambda: None):
        self.answer = answer  # printed when the first is heard
        self.tidy = tidy  # called before the process ends at once
        self.number, self.at_once, self.thread = None, False, None

    def __enter__(self):
        if threading.current_thread() is not threading.main_thread():
            return self
        raise_swallowed()
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.writing, False)
        self.wakeup_fd = signal.set_wakeup_fd(self.writing, warn_on_full_buffer=False)
        # One that is ignored, as `nohup` and `&` want it, stays so.
        wanted = [each for each in self.SIGNALS if signal.getsignal(each) != signal.SIG_IGN]
        self.handlers = {each: signal.signal(each, self._handle) for each in wanted}
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        if not self.thread:
            return
        for each, handler in self.handlers.items():
            signal.signal(each, handler)
        signal.set_wakeup_fd(self.wakeup_fd)
        os.close(self.writing)
        self.thread.join()
        os.close(self.reading)

    def _watch(self):
        while True:
            byte = os.read(self.reading, 1)
            if not byte:
                return
            number = byte[0]
            if self.number is None and number in self.handlers:
                self.number = number
                with suppress(OSError):  # the terminal may be gone
                    tqdm.write(f"gluon_style: {self.answer} (Ctrl-C: at once)", file=sys.stderr)
            elif number == signal.SIGINT and not self.at_once:
                self.at_once = True
                if not hasattr(sys, "ps1"):
                    self.tidy()
                    os._exit(128 + number)
                # The handler once more; a mere `interrupt_main` would not wake who waits.
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    def _handle(self, *_):
        if self.at_once:
            raise KeyboardInterrupt


class StopOnSignal(HearSignals, Listener):
    """Stops after the epoch in which a signal arrives; it has to be the last listener."""

    def __init__(self, transfer, tidy=lambda: None):
        super().__init__("stopping after this epoch", tidy)
        self.last_stage = len(transfer.stages)

    def end_epoch(self, stage_run, epoch):
        if self.number and epoch.epoch + 1 < stage_run.stage.max_epochs:
            raise Stopped(self.number)

    def end_stage(self, stage_run):
        if self.number and stage_run.number < self.last_stage:
            raise Stopped(self.number)
