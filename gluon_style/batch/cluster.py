"""A Dask cluster runs jobs: one that runs already, or one that is started here.

A job is done in parts of one checkpoint's interval. Each begins with the files of the job's folder
and gives back what has changed in it, so a worker that dies loses no more than its part, and the
next part may be done by another. Dask places the parts and repeats them when workers die.
"""

import json
import logging
import os
import secrets
import signal
import socket
import time
import warnings
from contextlib import ExitStack, suppress
from pathlib import Path

from ..errors import ClusterError, GluonStyleError, UsageError
from ..machine import install_extra, source, usable_cores
from ..machine.files import (
    CHECKPOINT,
    CHECKPOINTS,
    EARLIER_CHECKPOINT,
    RECORD,
    atomic_write,
    discard,
)
from ..machine.version import __version__
from ..run import OutputFolder
from ..settings import pictures_of
from .process import task

try:
    import dask
    import distributed
except ImportError:
    raise UsageError(
        "Dask is not installed", remedy="run: {command}", command=install_extra("cluster")
    ) from None
from . import on_worker
from .hands import Hands

CONNECT = 20  # seconds


class Cluster(Hands):
    """The cluster of a scheduler (its address, or its file), or one of so many `workers` here."""

    def __init__(self, scheduler=None, workers=1, shared=False):
        super().__init__()
        self.scheduler, self.workers = scheduler, workers
        self.shared = shared  # True if the workers find all files under the same paths
        self.batch = secrets.token_hex(8)
        self.futures = {}  # of jobs
        self.everywhere = {}  # names of files that all workers have, by their paths
        self.looked, self.alive = 0.0, 1  # when workers were counted, and how many there were
        self.known = {}  # True by a worker's address if it can run jobs

    def __enter__(self):
        for name in list(logging.root.manager.loggerDict):
            if name.startswith("distributed"):
                logging.getLogger(name).setLevel(logging.CRITICAL)  # we tell what has failed
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GB"})
        with ExitStack() as stack:
            at = self.scheduler or stack.enter_context(self.start())
            self.client = stack.enter_context(self.connect(at))
            stack.callback(self.leave)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def __str__(self):
        number = len(self.client.nthreads())
        who = (
            f"{number} worker{'' if number == 1 else 's'} of the cluster {self.scheduler or 'here'}"
        )
        return f"{who}, dashboard {self.client.dashboard_link}"

    def connect(self, at):
        if not isinstance(at, str):
            return distributed.Client(at, set_as_default=False)
        try:
            if os.path.isfile(at):
                with open(at, encoding="utf-8") as file:
                    at = json.load(file)["address"]
            # First by hand: a client that cannot connect is long in ending.
            address = distributed.comm.get_address_host_port(at)
            socket.create_connection(address, timeout=CONNECT).close()
            return distributed.Client(at, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError, KeyError) as error:
            text = "{scheduler}: no Dask scheduler can be reached there: {reason}"
            reason = str(error) or type(error).__name__
            raise ClusterError(text, "scheduler", scheduler=self.scheduler, reason=reason) from None

    def start(self):
        # Its processes inherit that: Ctrl-C on the terminal is heard by this one, which stops them.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a port that is in use: another one is taken
                return distributed.LocalCluster(
                    n_workers=self.workers,
                    threads_per_worker=max(1, usable_cores() // self.workers),
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:8787",
                    silence_logs=logging.CRITICAL,
                )
        finally:
            signal.signal(signal.SIGINT, before)

    def leave(self):
        """Let the workers end their processes."""
        with suppress(Exception):  # they may be gone
            self.client.run(on_worker.end, self.batch, on_error="ignore")

    def check(self, jobs):
        """Make sure that the workers can run jobs; send the weights, once."""
        if not self.client.nthreads():
            logging.getLogger(__name__).warning("the cluster has no workers yet: waiting for one")
            while not self.client.nthreads():
                time.sleep(0.5)
        try:
            versions = {*self.client.run(on_worker.version).values()}
        except Exception as error:  # whatever keeps them from importing it
            text = "the workers cannot run gluon_style ({reason})"
            remedy = "install it there, as here from {source}, and: {command}"
            values = {"reason": str(error), "source": source(), "command": install_extra("cluster")}
            raise ClusterError(text, remedy=remedy, **values) from None
        if versions != {__version__}:
            text = "the workers have gluon_style {theirs}, and this machine has {ours}"
            theirs = ", ".join(sorted(versions))
            raise ClusterError(text, remedy="install the same", theirs=theirs, ours=__version__)
        if self.shared:
            return
        for path in {job.settings.weights for job in jobs}:
            if os.path.isabs(path) and os.path.isfile(path):
                for each in (path, f"{path}.json"):  # its description
                    if os.path.isfile(each):
                        self.client.upload_file(each, load=False)
                self.everywhere[path] = os.path.basename(path)

    def run(self, jobs, stop):
        try:
            yield from super().run(jobs, stop)
        except GluonStyleError:
            raise
        except Exception:
            if self.client.status == "running":
                raise
            raise ClusterError(
                "the scheduler is gone",
                remedy="start it again, and then do the same again: what is painted stays, and "
                "what was begun is resumed",
            ) from None

    def is_alive(self):
        """True while there are workers, or some are waited for."""
        if time.monotonic() > self.looked + 1:
            self.looked, self.alive = time.monotonic(), len(self.fit())
        return self.alive or not self.stopping

    def fit(self):
        """Addresses of the workers that can run jobs; new ones are asked for their version."""
        workers = self.client.nthreads()
        new = [each for each in workers if each not in self.known]
        found = self.client.run(on_worker.version, workers=new, on_error="return") if new else {}
        for worker, version in found.items():
            if isinstance(version, OSError):  # it is ending, or is asked again
                continue
            self.known[worker] = version == __version__
            if not self.known[worker]:
                text = "the worker %s has gluon_style %s, and this machine has %s: it gets no jobs"
                logging.getLogger(__name__).warning(text, worker, version, __version__)
        return [each for each in workers if self.known.get(each)]

    def has_room(self, job, running):
        return self.is_alive() and len(running) < self.alive

    def begin(self, job):
        told = task(job, seconds=job.output.checkpoint_every)
        key = f"{job.name}-{secrets.token_hex(4)}"
        try:
            sent = None if self.shared else self.to_send(job)
        except OSError as error:  # a picture that may not be read
            reason = f"{error.filename}: {error.strerror}"
            self.told.put((job, {"ended": "failed", "reason": reason}))
            return
        what = on_worker.run_part, self.batch, told, sent, __version__
        how = {"key": key, "pure": False, "retries": 0}
        if not all(self.known.values()):  # as a wish: nobody waits for a worker that dies
            how.update(workers=self.fit(), allow_other_workers=True)
        future = self.client.submit(*what, **how)
        self.futures[job] = future  # else it would be cancelled
        future.add_done_callback(lambda future: self.told.put((job, future)))

    def stop(self):
        self.client.run(on_worker.stop, self.batch, on_error="ignore")

    def to_send(self, job):
        """The files of a job, see `on_worker.Sent`."""
        pictures = {path for _, path in pictures_of(job.settings) if os.path.isfile(path)}
        results = OutputFolder(job.folder).results()
        if job.folder / CHECKPOINT in results:
            results = [path for path in results if path.name != EARLIER_CHECKPOINT]
        return {
            "pictures": {path: Path(path).read_bytes() for path in pictures},
            "everywhere": self.everywhere,
            "results": {path.name: path.read_bytes() for path in results},
        }

    def messages(self, job, future):
        """The messages of a part that has ended, the last with a key `ended`."""
        if isinstance(future, dict):
            return [future]
        del self.futures[job]
        if future.status in ("cancelled", "lost"):  # by a scheduler that is gone
            future.result()
        error = future.exception() if future.status == "error" else None
        if isinstance(error, distributed.KilledWorker):
            return [{"ended": "failed", "reason": "the workers that painted it died, one by one"}]
        if error:
            return [job.died(str(error))]
        messages, files, gone = future.result()
        ended = messages[-1]["ended"]
        if files or gone:
            take_in(job, files, gone, ended)
        return messages


def take_in(job, files, gone, ended):
    """Write the files that a part of a job has changed.

    The record comes behind the pictures that it names, and the checkpoint behind both, as a run
    writes them: so the job can be resumed whenever this breaks off.
    """
    record, is_done = files.get(RECORD), ended == "done"
    begun = json.dumps({**json.loads(record), "finished": False}).encode() if record else None
    order = [(name, files[name]) for name in files.keys() - {*CHECKPOINTS, RECORD}]
    with OutputFolder(job.folder) as folder:
        if record and not folder.has_checkpoint():
            order.insert(0, (RECORD, begun))
        order += [(RECORD, begun)] if record else []
        order += [(CHECKPOINT, files[CHECKPOINT])] if CHECKPOINT in files else []
        for name, data in order:
            keep = folder.path / EARLIER_CHECKPOINT if name == CHECKPOINT else None
            with atomic_write(folder.path / name, keep=keep) as file:
                file.write(data)
        for name in [*gone, *([EARLIER_CHECKPOINT] if is_done else ())]:
            discard(folder.path / name)
        if record and is_done:
            with atomic_write(folder.path / RECORD) as file:
                file.write(record)
