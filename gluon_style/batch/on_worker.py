"""The part of a Dask worker: it has a process, and passes it one part of a job at a time.

It computes nothing itself and does not import MXNet: the process is started with all the threads
that the worker has, where Dask gives the worker itself one.
"""

import os
import tempfile
import threading
from pathlib import Path

import dask
from distributed import get_worker

from ..machine import Companion, CompanionDied
from ..machine.version import __version__
from ..settings import settings_from_json, settings_to_json, with_whole_paths
from . import PROCESS

_lock = threading.Lock()  # a worker may have several threads, and one process
_companion = None
_batch = None  # for which it is at work
_stopped = set()  # batches that have ended


def version():
    return __version__


def run_part(batch, told, sent, wanted):
    """Run a `process.task` for some time: its messages, changed files, names of removed ones."""
    if wanted != __version__:  # another version runs nothing
        return [{"ended": "for now"}], {}, []
    with _lock:
        if batch in _stopped:
            return [{"ended": "stopped"}], {}, []
        if sent is None:  # the files are found where they are
            return ask(batch, told), {}, []
        folder = os.path.abspath(get_worker().local_directory)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            sent = Sent(Path(scratch), told, **sent)
            told = ask(batch, sent.told)
            return (told, *sent.changes())


class Sent:
    """Files that were sent, in a scratch folder.

    `pictures` and `everywhere` have paths of the settings as keys, the first with bytes, the second
    with names of files that every worker has; `results` are the job's own files by name.
    """

    def __init__(self, scratch, told, pictures, everywhere, results):
        paths = {path: str(scratch.parent / name) for path, name in everywhere.items()}
        for number, (path, data) in enumerate(pictures.items()):
            here = scratch / f"{number}{Path(path).suffix}"
            here.write_bytes(data)
            paths[path] = str(here)
        self.folder = scratch / "results"
        self.folder.mkdir()
        for name, data in results.items():
            (self.folder / name).write_bytes(data)
        self.before = self.state()
        names = {here: path for path, here in paths.items()}
        names[str(self.folder)] = told["output"]["folder"]
        settings = with_whole_paths(settings_from_json(told["settings"]), paths)
        output = {**told["output"], "folder": str(self.folder)}
        plain = settings_to_json(settings)
        self.told = {**told, "settings": plain, "output": output, "names": names}

    def state(self):
        """The files now: their names, and a value that changes with each."""
        files = {path.name: path.stat() for path in self.folder.iterdir() if path.name != ".lock"}
        return {name: (about.st_mtime_ns, about.st_ino) for name, about in files.items()}

    def changes(self):
        """Files that are new or changed, and the names of those that are gone."""
        now = self.state()
        changed = [name for name in now if now[name] != self.before.get(name)]
        files = {name: (self.folder / name).read_bytes() for name in changed}
        return files, [name for name in self.before if name not in now]


def ask(batch, told):
    """Have the process do its work: all its messages."""
    global _companion, _batch
    _batch, messages = batch, []
    try:
        _companion = _companion or Companion(PROCESS, environment())
        if batch in _stopped:
            return [{"ended": "stopped"}]
        for message in _companion.ask(told):
            if messages and "work" in message and "work" in messages[-1]:
                message["work"] += messages.pop()["work"]
            messages.append(message)
        return messages
    except CompanionDied:
        _companion.close()
        _companion = None
        if batch in _stopped:
            return [*messages, {"ended": "stopped"}]
        raise
    finally:
        _batch = None


def environment():
    """Changes to the process's environment: nothing that Dask sets, and all threads."""
    usual = dask.config.get("distributed.nanny.pre-spawn-environ", {})
    changes = {name: None for name in usual if os.environ.get(name) == str(usual[name])}
    return {**changes, "OMP_NUM_THREADS": str(get_worker().state.nthreads)}


def stop(batch):
    """Stop what is run for a batch after its epoch, and begin nothing more for it."""
    _stopped.add(batch)
    if _batch == batch and _companion:
        _companion.stop()


def end(batch):
    """End the process, which nobody needs any more."""
    global _companion
    _stopped.add(batch)
    if _lock.acquire(blocking=False):
        if _companion:
            _companion.close()
            _companion = None
        _lock.release()
