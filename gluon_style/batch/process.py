"""A process that runs one job after another, and keeps networks and style targets for the next.

`machine.Companion` starts it; `task` makes its work, and `do` its last message.
"""

import dataclasses
import logging

from ..chapter import StyleTransfer
from ..errors import GluonStyleError, Stopped
from ..machine import serve
from ..pretrained import Kept
from ..run import OutputFolder
from ..settings import Output, settings_from_json, settings_to_json
from .job import Job, SliceOver

TELL_EVERY = 0.5  # seconds
WAIT = 90.0  # seconds, for a lock that a run holds which nobody waits for any more


def task(job, seconds=None):
    """A job as plain values; the process leaves it after so many seconds, if given."""
    return {
        "name": job.name,
        "settings": settings_to_json(job.settings),
        "output": dataclasses.asdict(job.output),
        "seconds": seconds,
        "names": {},  # of files that have others here: the results speak of these
    }


def do(told, tell, kept):
    """Run the rest of a job: its end, and the `reason` if it has failed."""
    try:
        settings, output = settings_from_json(told["settings"]), Output(**told["output"])
        job = Job(told["name"], settings, output, told["name"])
        with OutputFolder(job.folder, suffix=output.format, wait=WAIT) as folder:
            transfer = StyleTransfer(settings, kept=kept)
            transfer.names = told["names"]
            job.look(transfer)
            tell({"left": job.left})
            if not job.is_done:
                job.run(transfer, folder, tell, TELL_EVERY, told["seconds"])
    except SliceOver:
        return {"ended": "for now"}
    except Stopped:
        return {"ended": "stopped"}
    except GluonStyleError as error:
        reason = " ".join(error.as_option().split())
        for here, name in told["names"].items():
            reason = reason.replace(here, name)
        return {"ended": "failed", "reason": reason}
    return {"ended": "done"}


def main():
    """Do the work that is sent, until nobody is left who could send more."""
    kept = Kept()
    logger, handler = logging.getLogger("gluon_style"), logging.Handler(logging.WARNING)

    def answer(told, tell):
        logger.handlers = [handler]
        handler.emit = lambda record: tell({"warning": record.getMessage()})
        return do(told, tell, kept)

    serve(answer)


if __name__ == "__main__":
    main()
