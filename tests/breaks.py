"""Runs that break in the middle."""

from gluon_style.chapter import Listener


class Break(Exception):
    """Something goes wrong in the middle of a run."""


class BreakAfter(Listener):
    def __init__(self, stage, epochs):
        self.when = stage, epochs

    def end_epoch(self, stage_run, epoch):
        if (stage_run.number, epoch.epoch + 1) == self.when:
            raise Break
