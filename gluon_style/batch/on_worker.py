"""What a Dask worker does: it has a process that paints, and passes it one part of a job at a time.

It computes nothing itself and does not import MXNet: the process is started with all the threads
that the worker has, where Dask gives the worker itself one.
"""

import os
import tempfile
import threading
from pathlib import Path

import dask
from distributed import get_worker

from .._version import __version__
from ..machine import Companion, CompanionDied
from . import PAINTER

_lock = threading.Lock()  # a worker may have several threads, and one painter
_painter = None
_batch = None  # for which it is at work
_stopped = set()  # batches that have ended


def about():
    """What a client has to know of a worker."""
    return {"version": __version__}


def paint_part(batch, told, sent):
    """Paint a job for some time.

    Parameters
    ----------
    batch : str
        Who wants it.
    told : dict
        See `painter.task`.
    sent : dict or None
        What was sent, see `Sent`; None if all files are found where they are.

    Returns
    -------
    list of dict
        What the process has told.
    dict of str to bytes
        Files of the job's folder that are new or changed.
    list of str
        Names of those that are gone.
    """
    with _lock:
        if batch in _stopped:
            return [{"ended": "stopped"}], {}, []
        if sent is None:
            return ask(batch, told), {}, []
        with tempfile.TemporaryDirectory(dir=get_worker().local_directory) as scratch:
            sent = Sent(Path(scratch), told, **sent)
            told = ask(batch, sent.told)
            return (told, *sent.changes())


class Sent:
    """Files that were sent, in a folder of their own.

    Parameters
    ----------
    scratch : Path
    told : dict
    pictures : dict of str to bytes
        By their paths in the settings.
    everywhere : dict of str to str
        Names of files that every worker has been given, by their paths in the settings.
    results : dict of str to bytes
        Of the job's folder.
    """

    def __init__(self, scratch, told, pictures, everywhere, results):
        paths = {
            path: os.path.join(get_worker().local_directory, name)
            for path, name in everywhere.items()
        }
        for number, (path, data) in enumerate(pictures.items()):
            here = scratch / f"{number}{Path(path).suffix}"
            here.write_bytes(data)
            paths[path] = str(here)
        self.folder = scratch / "results"
        self.folder.mkdir()
        for name, data in results.items():
            (self.folder / name).write_bytes(data)
        self.before = self.state()
        self.told = {
            **told,
            "settings": with_paths(told["settings"], paths),
            "output": {**told["output"], "folder": str(self.folder)},
            "names": {here: path for path, here in paths.items()},
        }
        self.told["names"][str(self.folder)] = told["output"]["folder"]

    def state(self):
        """The files as they are now: their names, and what changes when they do."""
        files = {path.name: path.stat() for path in self.folder.iterdir() if path.name != ".lock"}
        return {name: (about.st_mtime_ns, about.st_ino) for name, about in files.items()}

    def changes(self):
        """Files that are new or changed, and the names of those that are gone."""
        now = self.state()
        changed = [name for name in now if now[name] != self.before.get(name)]
        files = {name: (self.folder / name).read_bytes() for name in changed}
        return files, [name for name in self.before if name not in now]


def with_paths(value, paths):
    """Plain values with other paths in the place of those that they name."""
    if isinstance(value, dict):
        return {name: with_paths(each, paths) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_paths(each, paths) for each in value]
    return paths.get(value, value) if isinstance(value, str) else value


def ask(batch, told):
    """Have the process do its work: all that it tells."""
    global _painter, _batch
    _batch, messages = batch, []
    try:
        _painter = _painter or Companion(PAINTER, environment())
        if batch in _stopped:
            return [{"ended": "stopped"}]
        for message in _painter.ask(told):
            if messages and "work" in message and "work" in messages[-1]:
                message["work"] += messages.pop()["work"]
            messages.append(message)
        return messages
    except CompanionDied:
        _painter.close()
        _painter = None
        if batch in _stopped:
            return [*messages, {"ended": "stopped"}]
        raise
    finally:
        _batch = None


def environment():
    """What is changed for the process: nothing of what Dask sets for its workers, all threads."""
    usual = dask.config.get("distributed.nanny.pre-spawn-environ", {})
    changes = {name: None for name in usual if os.environ.get(name) == str(usual[name])}
    return {**changes, "OMP_NUM_THREADS": str(get_worker().state.nthreads)}


def stop(batch):
    """Stop what is painted for a batch after its epoch, and begin nothing more for it."""
    _stopped.add(batch)
    if _batch == batch and _painter:
        _painter.stop()


def end(batch):
    """End the process, which nobody needs any more."""
    global _painter
    _stopped.add(batch)
    if _lock.acquire(blocking=False):
        if _painter:
            _painter.close()
            _painter = None
        _lock.release()
