"""What may watch a run."""


class Listener:
    """Something that watches a run: override the methods that are of interest.

    `stage_run` is a `gluon_style.stages.StageRun`.
    """

    def start_stage(self, stage_run):
        """The picture is set up, no epoch has been run yet."""

    def end_epoch(self, stage_run, epoch):
        """The picture has been updated; `epoch` is the record of it."""

    def end_stage(self, stage_run):
        """The stage has had all its epochs."""

    def break_off(self, stage_run, error):
        """The stage ends before its time; `error` says why, and is raised again after this."""
