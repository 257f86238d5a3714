"""A batch from end to end: finished jobs are skipped, the others are painted and shown."""

import logging

from ..errors import ImageError, JobsFailed, OutputError, Stopped
from ..run import HearSignals, OutputFolder
from .gallery import INDEX, TABLE, Gallery
from .progress import Progress

logger = logging.getLogger(__name__)


def run_all(jobs, output, hands):
    """Have all jobs run by `hands`, a `Here` or a `Cluster`, and show them in a folder."""
    with OutputFolder(output.folder) as folder:
        for job in jobs:
            job.look_back()
        gallery = Gallery(folder.path, jobs)
        for job in jobs:
            if job.is_done and not draw(job, gallery):
                job.state = "waiting"  # its picture is damaged
        waiting = [job for job in jobs if not job.is_done]
        hands.check(waiting)
        if not output.quiet:
            print(f"pictures  {len(jobs)}, {len(jobs) - len(waiting)} of them done already")
            print(f"painted   by {hands}")
            print(f"results   {folder.path / INDEX}", flush=True)
        try:
            gallery.update()
            number = watch(waiting, hands, gallery, output.quiet)
        finally:
            gallery.update(is_last=True)
        tell_end(jobs, folder.path, number, output.quiet)


def watch(waiting, hands, gallery, quiet):
    """Have jobs run, and show their progress; the number of the signal that ended it, if any."""
    told, ended = set(), len(gallery.jobs) - len(waiting)
    hear = HearSignals("stopping after the current epochs")
    with Progress(waiting, quiet) as progress, hear as stop:
        for job, message in hands.run(waiting, stop):
            if gallery.is_stale:
                gallery.update()
            if job is None:
                continue
            name = f"{ended} of {len(gallery.jobs)} done, {job.name}"
            if "left" in message:
                progress.hear(job, name, message["left"])
            elif "work" in message:
                where = ": stage {stage}, epoch {epoch}".format(**message)
                progress.hear(job, name, job.left - message["work"], where)
            elif "warning" in message:
                if message["warning"] not in told:
                    logger.warning("%s: %s", job.name, message["warning"])
                told.add(message["warning"])
            elif message["ended"] in ("done", "failed"):
                ended += 1
                job.state, job.reason = message["ended"], message.get("reason", "")
                job.known = None  # its record is another now
                progress.hear(job, name, 0)
                tell_job(job, gallery, progress)
        return stop.number


def draw(job, gallery):
    """Show a job that is done; False if its picture cannot be read."""
    try:
        gallery.draw(job)
    except ImageError as error:
        job.reason = str(error)
        return False
    except OutputError as error:
        logger.warning("%s: %s", job.name, error)
    return True


def tell_job(job, gallery, progress):
    """Print a job's end, and show it."""
    if job.is_done:
        progress.tell(job)
        if not draw(job, gallery):
            job.state = "failed"
    if job.state == "failed":
        logger.warning("%s: %s", job.name, job.reason)
    gallery.update()


def tell_end(jobs, folder, number, quiet):
    """Print the end, or raise it."""
    left = sum(job.state == "waiting" for job in jobs)
    if number and left:
        text = "{left} of {all} pictures are left: to continue, do the same again"
        raise Stopped(number).add(text, left=left, all=len(jobs))
    if not quiet:
        print(f"{folder / TABLE}\n{folder / INDEX}")
    failed = sum(job.state == "failed" for job in jobs)
    if failed:
        text = "{failed} of {all} pictures could not be painted: {table}"
        raise JobsFailed(text, failed=failed, all=len(jobs), table=folder / TABLE)
