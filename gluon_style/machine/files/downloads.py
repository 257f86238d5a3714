"""Downloading a file once, into MXNet's model cache, and never a wrong one."""

import errno
import hashlib
import json
import logging
import os
import queue
import shutil
import socket
import tempfile
import threading
import time
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple
from urllib.parse import urlsplit

from ...errors import DownloadError, Message, from_json, reason, to_json
from .paths import open_file

logger = logging.getLogger(__name__)

# Seconds: until a server begins to answer, in which it sends nothing, for a piece, for a file.
ANSWER, STALL, SLOWEST, LONGEST = 6, 20, 30, 2 * 3600
PIECE = 1 << 16  # bytes
LARGEST = 700_000_000  # bytes of a file whose size is not known: VGG-19 with its classifier
# Tries of a download that breaks off, or comes out wrong, or meets a server's 5xx.
ATTEMPTS = 3
# Answers of a file system without locks.
NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


@dataclass(frozen=True)
class RemoteFile:
    """A file that others serve."""

    urls: Tuple[str, ...]  # all serve the same bytes
    size: Optional[int]
    checksum: str  # `sha256:...`, `sha1:...` or `md5:...`

    @property
    def name(self):
        """The file's name, there and in the cache."""
        return self.urls[0].rsplit("/", 1)[1]

    @property
    def addresses(self):
        """Where to ask, in turn: the URLs, or the mirrors in $GLUON_STYLE_MIRROR."""
        mirrors = os.environ.get("GLUON_STYLE_MIRROR", "").split(",")
        mirrors = [mirror.strip().rstrip("/") for mirror in mirrors if mirror.strip()]
        for mirror in mirrors:
            if not is_address(mirror):
                raise DownloadError(
                    "an address that begins with http:// or https:// is wanted (several with "
                    "commas between them)",
                    file=f"GLUON_STYLE_MIRROR={mirror}",
                )
        return [f"{mirror}/{self.name}" for mirror in mirrors] or list(self.urls)

    def sha256_if_sound(self, path):
        """The sha256 of a file that has the checksum it should have; None for others."""
        algorithm, expected = self.checksum.split(":")
        try:
            found, sha256 = hashes(path, algorithm, "sha256")
        except OSError:
            return None
        return sha256 if found == expected else None


def is_address(text):
    """True if a text is the address of a host."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def cache_folder(root=None):
    """MXNet's model cache: `root`, or `$MXNET_HOME/models`, or `~/.mxnet/models`."""
    home = os.environ.get("MXNET_HOME") or os.path.join("~", ".mxnet")
    folder = os.path.expanduser(root or os.path.join(home, "models"))
    if folder.startswith("~"):
        error = DownloadError("this user has no home directory", file=folder)
        raise error.add("set MXNET_HOME to a folder for the weights")
    return Path(folder)


def hashes(path, *algorithms):
    """Hexadecimal checksums of a file, which is read once."""
    running = [hashlib.new(algorithm) for algorithm in algorithms]
    with open_file(path) as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            for each in running:
                each.update(piece)
    return [each.hexdigest() for each in running]


def download(remote, folder):
    """Download a file into a new folder, from the first address that has it."""
    try:
        try_in_turn(remote.addresses, lambda url: download_from(url, remote, folder))
    except DownloadError as error:
        error.file = remote.name
        raise


def try_in_turn(addresses, attempt):
    """Call `attempt(url)` until it does not fail."""
    import requests

    reasons = {}
    for url in addresses:
        try:
            return attempt(url)
        except (DownloadError, requests.exceptions.RequestException) as error:
            host = urlsplit(url).netloc
            told = Message("{host}: {problem}", host=host, problem=problem_of(error))
            reasons[str(told)] = told
    first, *others = reasons.values()
    error = DownloadError(first)
    error.remarks = others
    raise error


def problem_of(error):
    """The `Message` of what went wrong with an address, without its name."""
    (inner,) = error.args[:1] or [error]  # see `answer`
    error = inner if isinstance(inner, DownloadError) else error
    return error.problem if isinstance(error, DownloadError) else Message(printable(error))


def download_from(url, remote, folder):
    """Download a file from one address; pooch checks it, and tries again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its tqdm, in a notebook without ipywidgets
        import pooch

    pooch.get_logger().setLevel("WARNING")
    files = pooch.create(
        path=folder,
        base_url="",
        registry={remote.name: remote.checksum},
        urls={remote.name: url},
        retry_if_failed=ATTEMPTS - 1,
    )
    try:
        files.fetch(remote.name, downloader=lambda url, file, _: receive(url, file, remote.size))
    except ValueError:
        text = "what it sends is not the right file (its checksum is another)"
        raise DownloadError(text, file=url) from None


def receive(url, file, size=None, most=LARGEST):
    """Write the bytes from a URL into a file, with progress."""
    most = size or most
    with answer(url) as response, open(file, "wb") as out:
        logger.info("downloading %s", url)  # not before: of those that do not answer an error tells
        name = urlsplit(url).path.rsplit("/", 1)[1]
        told = response.headers.get("Content-Length", "")
        total = size or int(told if told.isdecimal() and len(told) < 20 else 0)
        with progress(name, total) as advance:
            for piece in pieces(response, time.monotonic() + LONGEST):
                out.write(piece)
                advance(len(piece))
                if out.tell() > most:
                    raise ValueError(f"more than {most} bytes")


def pieces(response, until):
    """The bytes that a server sends, piece by piece; one that is too slow is hung up on."""
    began, is_slow, done = [time.monotonic()], threading.Event(), threading.Event()

    def watch():
        while not done.wait(0.2):
            if time.monotonic() > min(began[0] + SLOWEST, until):
                is_slow.set()
                # Reading ends then; closing it would wait until it does.
                with suppress(OSError, ValueError):
                    connection = socket.socket(fileno=response.raw.fileno())
                    try:
                        connection.shutdown(socket.SHUT_RDWR)
                    finally:
                        connection.detach()
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        for piece in response.iter_content(PIECE):
            yield piece
            began[0] = time.monotonic()
    except Exception:
        if not is_slow.is_set():
            raise
    finally:
        done.set()
    if is_slow.is_set():
        raise DownloadError("it sends too slowly", file=response.url)


def printable(text):
    """A server's words as at most a line, without what moves a terminal's cursor."""
    return "".join(each if each.isprintable() else "?" for each in str(text)[:300])


@contextmanager
def progress(name, total):
    """A function that takes each piece's bytes: it moves a bar on stderr, or a notebook's line."""
    from tqdm import tqdm

    done, to_notebook = 0, logger.isEnabledFor(logging.DEBUG)  # which a notebook asks for
    options = {"unit": "B", "unit_scale": True, "miniters": 1}
    off = to_notebook or is_quiet()
    with tqdm(desc=name, total=total or None, disable=off, **options) as bar:

        def advance(count):
            nonlocal done
            done += count
            bar.update(count)
            if to_notebook and (done >> 20 > done - count >> 20 or done == total):
                logger.debug("%s: %d of %d MB", name, done >> 20, max(done, total) >> 20)

        yield advance


def answer(url, timeout=ANSWER, method="GET", headers=None):
    """Ask for a URL, and return as soon as the answer begins."""
    import requests

    answers = queue.Queue()

    def ask():
        options = {"headers": headers, "stream": True, "timeout": (timeout, STALL)}
        try:
            answers.put(requests.request(method, url, **options))
        except Exception as error:
            answers.put(error)

    # In a thread that may be left behind: looking up a host's name has no time limit of its own.
    threading.Thread(target=ask, daemon=True).start()
    try:
        response = answers.get(timeout=timeout)
    except queue.Empty:
        raise DownloadError("no answer within {timeout} s", file=url, timeout=timeout) from None
    if isinstance(response, requests.exceptions.TooManyRedirects):
        raise DownloadError("it redirects in a loop", file=url)
    if isinstance(response, (requests.exceptions.ConnectionError, requests.exceptions.Timeout)):
        # Not worth a second try: whoever is offline would wait for nothing.
        inner = response  # the innermost cause, which says it shortest
        while inner.__cause__ or inner.__context__:
            inner = inner.__cause__ or inner.__context__
        said = reason(inner) if getattr(inner, "strerror", None) else printable(inner)
        raise DownloadError("cannot be reached ({reason})", file=url, reason=said)
    if isinstance(response, Exception):
        raise DownloadError("{error}", file=url, error=printable(response))
    if response.status_code >= 400:
        response.close()
        status = printable(f"{response.status_code} {response.reason}")
        error = DownloadError("the server says {status}", file=url, status=status)
        if response.status_code < 500:
            raise error
        raise requests.exceptions.HTTPError(error)  # after which it is tried again
    return response


def fetch(remote, folder, download=download):
    """The path and sha256 of a cached file, which is downloaded if it is missing or damaged.

    One process downloads, into a hidden folder beside; others wait for it. The file takes its name
    only when its checksum is right.
    """
    path = folder / remote.name
    note = note_of_failure(path)
    sha256 = remote.sha256_if_sound(path)
    if sha256:
        return path, sha256
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = stamp(note)
        with exclusive(path):
            # Perhaps another process has just brought it, or has just failed to.
            sha256 = remote.sha256_if_sound(path)
            if not sha256:
                if stamp(note) != before:  # fail at once, as that one has
                    with suppress(OSError, ValueError, KeyError, TypeError):  # a note that is none
                        raise from_json(json.loads(note.read_text(encoding="utf-8")))
                sha256 = download_into_place(remote, path, download)
    except OSError as error:
        failed = DownloadError("cannot be written: {reason}", file=path, reason=reason(error))
        raise failed.add("set MXNET_HOME to a folder that can") from None
    return path, sha256


def download_into_place(remote, path, download):
    """Download beside `path`, check and rename, while the lock is held."""
    if path.exists():
        logger.warning("%s is damaged (its checksum is wrong) and is downloaded again", path)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as scratch:
        received = Path(scratch, path.name)
        try:
            download(remote, Path(scratch))
            sha256 = remote.sha256_if_sound(received)
            if not sha256:
                raise DownloadError("what came is not the right file", file=remote.name)
        except DownloadError as error:
            note_of_failure(path).write_text(json.dumps(to_json(error)), encoding="utf-8")
            raise
        # Pooch's files are for their owner alone; this one gets the mode that all new files get.
        usual = Path(scratch, "usual")
        usual.touch()
        shutil.copymode(usual, received)
        received.replace(path)
    return sha256


def note_of_failure(path):
    """The file in which a process leaves its failure to those that wait."""
    return path.with_name(f".{path.name}.failure")


def stamp(path):
    """A value that changes when a file is written again, whatever the clock says."""
    with suppress(OSError):
        about = os.stat(path)
        return about.st_ino, about.st_mtime_ns
    return None


def has_no_locks(error):
    """True if an error says that a file system, mostly a network's, has no locks."""
    return getattr(error, "errno", errno.ENOSYS) in NO_LOCKS


@contextmanager
def exclusive(path):
    """Keep other processes, on this machine or on others with the same home, from `path`."""
    import filelock

    lock = filelock.FileLock(str(path.with_name(f".{path.name}.lock")))
    try:
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            logger.info("another process is downloading %s: waiting for it", path.name)
            lock.acquire()
        for left in path.parent.glob(f".{path.name}-*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
    except (NotImplementedError, OSError) as error:
        if not has_no_locks(error):
            raise
        # There each process downloads for itself.
    try:
        yield
    finally:
        lock.release()


def is_quiet():
    """True if the user has asked for warnings only, not for progress."""
    return logging.getLogger("gluon_style").level > logging.INFO
