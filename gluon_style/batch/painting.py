"""A batch from end to end: what is done is skipped, the rest is painted and shown."""

import logging

from ..errors import GluonStyleError, JobsFailed, Stopped
from ..run import HearSignals, ManyProgress, OutputFolder, losses_text
from .jobs import look_back
from .page import PAGE, TABLE, Page

logger = logging.getLogger(__name__)


def paint_all(jobs, output, hands):
    """Paint all jobs, and show them in the output's folder.

    Parameters
    ----------
    jobs : list of Job
    output : Output
    hands : Here or Cluster
        Who paints.

    Raises
    ------
    JobsFailed
        Some could not be painted; all others have been.
    Stopped
        By a signal.
    GluonStyleError
        Something is wrong with all of them; nothing was painted then.
    """
    with OutputFolder(output.folder) as folder:
        for job in jobs:
            look_back(job, output.overwrite)
        page = Page(folder.path, jobs)
        waiting = [job for job in jobs if job.state != "done"]
        hands.check(waiting)
        if not output.quiet:
            print(f"pictures  {len(jobs)}, {len(jobs) - len(waiting)} of them done already")
            print(f"painted   by {hands}")
            print(f"results   {folder.path / PAGE}", flush=True)
        try:
            for job in jobs:
                if job.state == "done":
                    page.draw(job)
            page.update()
            number = watch(waiting, hands, page, output.quiet)
        finally:
            page.update(is_last=True)
        tell_end(jobs, folder.path, number, output.quiet)


def watch(waiting, hands, page, quiet):
    """Have jobs painted, and tell how that goes; the number of the signal that ended it, if any."""
    progress, told = ManyProgress(sum(job.left for job in waiting), quiet), set()
    ended = len(page.jobs) - len(waiting)
    try:
        with HearSignals("stopping after the current epochs") as stop:
            for job, message in hands.paint(waiting, stop):
                if page.is_stale:
                    page.update()
                if job is None:
                    continue
                name = f"{ended} of {len(page.jobs)} done, {job.name}"
                if "left" in message:
                    progress.advance(job.left - message["left"], name)
                    job.left = message["left"]
                elif "work" in message:
                    job.left -= message["work"]
                    progress.name(name)
                    progress.advance(message["work"], f"{name}: {message['where']}")
                elif "warning" in message:
                    if message["warning"] not in told:
                        logger.warning("%s: %s", job.name, message["warning"])
                    told.add(message["warning"])
                elif message["ended"] in ("done", "failed"):
                    ended += 1
                    job.state, job.reason = message["ended"], message.get("reason", "")
                    progress.advance(job.left, name)
                    job.left = 0
                    tell_job(job, page, progress)
            return stop.number
    finally:
        progress.close()


def tell_job(job, page, progress):
    """Tell how a job has ended, and show it."""
    if job.state == "done":
        record = job.record()
        losses = losses_text(record["stages"][-1]["final"], job.settings.loss_weights)
        progress.tell(f"{job.name}: {losses}, {record['seconds']:.0f} s")
        try:
            page.draw(job)
        except GluonStyleError as error:
            job.state, job.reason = "failed", str(error)
    if job.state == "failed":
        logger.warning("%s: %s", job.name, job.reason)
    page.update()


def tell_end(jobs, folder, number, quiet):
    """Tell how all has ended."""
    left = sum(job.state == "waiting" for job in jobs)
    if number and left:
        error = Stopped(number)
        error.add(
            "{left} of {all} pictures are left: to go on, do the same again",
            left=left,
            all=len(jobs),
        )
        raise error
    if not quiet:
        print(f"{folder / TABLE}\n{folder / PAGE}")
    failed = sum(job.state == "failed" for job in jobs)
    if failed:
        raise JobsFailed(f"{failed} of {len(jobs)} pictures could not be painted: {folder / TABLE}")
