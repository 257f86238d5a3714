"""The two pictures that a visitor has chosen, before a run is made of them."""

import asyncio
import re
import secrets
import shutil

from PIL import Image

from ..errors import ImageError
from ..machine import run_python
from ..settings import shipped
from .runs import PREVIEWS

MOST_BYTES = 100_000_000  # of an upload
MOST_DRAFTS = 50  # older ones go
SECONDS = 60  # in which a picture has to be decoded
SHIPPED = {"content": shipped("mountain.jpg"), "style": shipped("autumn_tree.jpg")}


class Draft:
    """What one visitor has chosen; in a hidden folder, which goes with the server.

    Attributes
    ----------
    files, names : dict of str to (Path, str)
        The uploaded files, and what they were called, by kind; without an entry for a shipped one.
    size : tuple of int
        Of the content picture, (width, height).
    errors : dict of str to str
        What was wrong with the last upload.
    version : int
        Goes up with every change.
    """

    def __init__(self, root, lock):
        self.key = secrets.token_urlsafe(16)
        self.folder = root / f".new-{self.key}"
        self.files, self.names, self.errors, self.version = {}, {}, {}, 0
        self.lock = lock  # one upload at a time: a picture may take much memory
        self.use_shipped("content")

    def use_shipped(self, kind):
        """Go back to the picture that comes with the package."""
        self.files.pop(kind, None)
        self.names.pop(kind, None)
        self.errors.pop(kind, None)
        if kind == "content":
            with Image.open(SHIPPED[kind]) as picture:
                self.size = picture.size
        self.version += 1

    def preview(self, kind):
        """Path of a picture that every browser can show."""
        return self.folder / PREVIEWS[kind] if kind in self.files else SHIPPED[kind]

    async def receive(self, kind, name, chunks):
        """Take in an upload, piece by piece; an `ImageError` says why not."""
        async with self.lock:
            self.folder.mkdir(exist_ok=True)
            suffix = re.search(r"\.[A-Za-z0-9]{1,5}$", name)
            path = self.folder / f"{secrets.token_hex(4)}{suffix[0].lower() if suffix else ''}"
            preview = path.with_name(f"{path.name}.jpg")
            try:
                await write(path, chunks)
                size = await decoded(path, preview)
            except ImageError as error:
                path.unlink()
                self.errors[kind] = str(error)
                self.version += 1
                raise
            if kind in self.files:
                self.files[kind].unlink()
            preview.replace(self.folder / PREVIEWS[kind])
            self.files[kind], self.names[kind] = path, name
            self.errors.pop(kind, None)
            if kind == "content":
                self.size = size
            self.version += 1

    def pictures(self):
        """What a run's uploaded pictures are called in its folder, by kind."""
        return {kind: f"{kind}{path.suffix}" for kind, path in self.files.items()}

    def copy_to(self, folder):
        """Give a run its pictures, and what the browser shows of them."""
        for kind, name in self.pictures().items():
            shutil.copyfile(self.files[kind], folder / name)
        for kind, name in PREVIEWS.items():
            shutil.copyfile(self.preview(kind), folder / name)

    def remove(self):
        """Delete what was uploaded."""
        shutil.rmtree(self.folder, ignore_errors=True)


async def write(path, chunks):
    """Write what comes, up to so many bytes."""
    count = 0
    with open(path, "wb") as file:
        async for chunk in chunks:
            count += len(chunk)
            if count > MOST_BYTES:
                raise ImageError(f"more than {MOST_BYTES // 10**6} MB: make it smaller")
            file.write(chunk)


async def decoded(path, preview):
    """Decode a picture into its preview, in a process of its own: its width and height."""
    arguments = ["-m", "gluon_style.page.preview", str(path), str(preview)]
    loop = asyncio.get_running_loop()
    outcome = await loop.run_in_executor(None, run_python, arguments, SECONDS)
    if outcome.failure:
        reason = outcome.failure.replace("gluon_style: error: ", "").replace(f"{path}: ", "")
        raise ImageError(reason)
    width, height = map(int, outcome.stdout.split()[-2:])
    return width, height


class Drafts:
    """The drafts of all visitors, by key."""

    def __init__(self, root):
        self.root, self.drafts, self.lock = root, {}, None
        self.clear()

    def new(self):
        """One more, in the place of the oldest if there are many."""
        if len(self.drafts) >= MOST_DRAFTS:
            self.drafts.pop(next(iter(self.drafts))).remove()
        self.lock = self.lock or asyncio.Lock()
        draft = Draft(self.root, self.lock)
        self.drafts[draft.key] = draft
        return draft

    def clear(self):
        """Delete them all, also those of a server that was killed."""
        self.drafts.clear()
        for folder in self.root.glob(".new-*"):
            shutil.rmtree(folder, ignore_errors=True)
