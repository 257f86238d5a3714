"""The pictures that a visitor has chosen, before a run is made of them."""

import asyncio
import json
import re
import secrets
import shutil
from pathlib import Path

from PIL import Image

from ..decode import SMALLER
from ..errors import ImageError, from_json, reason
from ..machine import run_python
from ..plan import Sizes
from ..settings import shipped
from .options import typed
from .runs import PHOTO

MOST_BYTES = 100_000_000  # of an upload
MOST_DRAFTS = 50  # older ones go
SECONDS = 60  # in which a picture has to be decoded
SHIPPED = {"content": shipped("mountain.jpg"), "style": shipped("autumn_tree.jpg")}
# What can be chosen: the photo, paintings with a mask for each, and a picture to start from.
STYLES = ("style", "style-2", "style-3", "style-4")
MASKS = ("mask", "mask-2", "mask-3", "mask-4")
KINDS = ("content", *STYLES, *MASKS, "init")
NOTHING = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><path d="M20 8v10m-5-5h10"
stroke="#9c3d22" stroke-width="1.5" stroke-linecap="round"/></svg>"""


class Draft:
    """What one visitor has chosen; in a hidden folder, which goes with the server.

    Attributes
    ----------
    files, names : dict of str to (Path, str)
        The uploaded files, and what they were called, by kind.
    shares : dict of str to str
        How much each painting counts, as it was typed, by kind; 1 without an entry.
    shapes : dict of str to (tuple of int)
        (width, height) of the uploads, by kind.
    errors : dict of str to ImageError
        What was wrong with the last upload.
    coming : dict of str to Path
        The uploads under way: they move with their paintings, and are dropped with them.
    version : int
        Goes up with every change.
    """

    def __init__(self, root, lock):
        self.key = secrets.token_urlsafe(16)
        self.folder = root / f".new-{self.key}"
        self.files, self.names, self.shares, self.errors, self.coming = {}, {}, {}, {}, {}
        self.shapes, self.version = {}, 0
        self.lock = lock  # one is decoded at a time: a picture may take much memory

    @property
    def by_kind(self):
        """All that is kept by kind."""
        return self.files, self.names, self.shares, self.errors, self.coming, self.shapes

    @property
    def size(self):
        """(width, height) of the content picture."""
        return self.sizes.content

    @property
    def sizes(self):
        """`Sizes` of the pictures."""
        kinds = ("content", *self.styles)
        shapes = [self.shapes.get(kind) or size_of(SHIPPED[kind]) for kind in kinds]
        return Sizes(shapes[0], tuple(shapes[1:]))

    def remove(self, kind):
        """Take a picture away; its place gets the one that comes with the package, or none."""
        if kind in self.files:
            self.delete(self.files[kind])
        for each in self.by_kind:
            each.pop(kind, None)
        self.version += 1

    def remove_style(self, kind):
        """Take a painting away, with its mask; those behind it move up."""
        number = STYLES.index(kind)
        for kinds in (STYLES[number:], MASKS[number:]):
            self.remove(kinds[0])
            for place, behind_it in zip(kinds, kinds[1:]):
                for each in self.by_kind:
                    if behind_it in each:
                        each[place] = each.pop(behind_it)

    @property
    def styles(self):
        """The kinds of the paintings that there are."""
        return [kind for kind in STYLES if kind == "style" or kind in self.files]

    @property
    def blend(self):
        """How much each of several paintings counts, empty if all count the same."""
        shares = [typed(self.shares.get(kind)) or "1" for kind in self.styles]
        return ",".join(shares) if len(shares) > 1 and {*shares} != {"1"} else ""

    def has(self, kind):
        """Whether there is a picture of this kind."""
        return kind in self.files or kind in SHIPPED

    def preview(self, kind):
        """A picture that every browser can show, and what it is."""
        if kind in self.files:
            return preview_of(self.files[kind]).read_bytes(), "image/jpeg"
        if kind in SHIPPED:
            return SHIPPED[kind].read_bytes(), "image/jpeg"
        return NOTHING, "image/svg+xml"

    async def receive(self, kind, name, chunks):
        """Take in an upload, piece by piece; an `ImageError` says why not."""
        self.folder.mkdir(exist_ok=True)
        suffix = re.search(r"\.[A-Za-z0-9]{1,5}$", name)
        path = self.folder / f"{secrets.token_hex(4)}{suffix[0].lower() if suffix else ''}"
        self.coming[kind] = path
        try:
            await write(path, chunks)
            async with self.lock:
                size = await decoded(path, preview_of(path))
        except BaseException as error:  # also a browser that has hung up
            self.delete(path)
            kind = self.arrive(path)
            if isinstance(error, ImageError):
                error.file = name  # not ours
                if kind:
                    self.errors[kind] = error
                    self.version += 1
            raise
        kind = self.arrive(path)
        if not kind:
            self.delete(path)
            return
        if kind in self.files:
            self.delete(self.files[kind])
        self.files[kind], self.names[kind] = path, name
        self.errors.pop(kind, None)
        self.shapes[kind] = size
        self.version += 1

    def arrive(self, path):
        """What an upload is to be by now, None if it was taken away or followed by another."""
        kind = next((kind for kind, each in self.coming.items() if each == path), None)
        self.coming.pop(kind, None)
        return kind

    def delete(self, path):
        """Delete an upload."""
        for each in (path, preview_of(path)):
            each.unlink(missing_ok=True)

    def pictures(self):
        """What a run's pictures are called in its folder, by option; without the shipped pair."""
        masks = [MASKS[STYLES.index(kind)] for kind in self.styles]
        options = {"content": ["content"], "style": self.styles, "mask": masks, "init": ["init"]}
        found = {}
        for name, kinds in options.items():
            if any(kind in self.files for kind in kinds):
                there = [kind for kind in kinds if kind in self.files or kind in SHIPPED]
                found[name] = [kind + self.source(kind).suffix for kind in there]
        return found

    def source(self, kind):
        """Path of a picture."""
        return self.files.get(kind) or SHIPPED[kind]

    def copy_to(self, folder):
        """Give a run its pictures, and what the browser shows of the photo."""
        for names in self.pictures().values():
            for name in names:
                shutil.copyfile(self.source(Path(name).stem), folder / name)
        (folder / PHOTO).write_bytes(self.preview("content")[0])

    def remove_all(self):
        """Delete what was uploaded."""
        self.coming.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


def size_of(path):
    """(width, height) of a picture that comes with the package."""
    with Image.open(path) as picture:
        return picture.size


def preview_of(path):
    """Path of what the browser shows of an upload."""
    return path.with_name(f"{path.name}.jpg")


async def write(path, chunks):
    """Write what comes, up to so many bytes."""
    count = 0
    try:
        with open(path, "wb") as file:
            async for chunk in chunks:
                count += len(chunk)
                if count > MOST_BYTES:
                    raise ImageError(
                        "more than {most} MB", remedy=SMALLER, most=MOST_BYTES // 10**6
                    )
                file.write(chunk)
    except OSError as error:
        raise ImageError("cannot be written: {reason}", reason=reason(error)) from None


async def decoded(path, preview):
    """Decode a picture into its preview, in a process of its own: its width and height."""
    arguments = ["-m", "gluon_style.page.preview", str(path), str(preview)]
    loop = asyncio.get_running_loop()
    outcome = await loop.run_in_executor(None, run_python, arguments, SECONDS)
    if outcome.failure:
        raise ImageError(outcome.failure)
    told = json.loads(outcome.stdout.splitlines()[-1])
    if isinstance(told, dict):
        raise from_json(told)
    return tuple(told)


class Drafts:
    """The drafts of all visitors, by key."""

    def __init__(self, root):
        self.root, self.drafts, self.lock = root, {}, None
        self.clear()

    def new(self):
        """One more, in the place of the oldest if there are many."""
        if len(self.drafts) >= MOST_DRAFTS:
            self.drafts.pop(next(iter(self.drafts))).remove_all()
        self.lock = self.lock or asyncio.Lock()
        draft = Draft(self.root, self.lock)
        self.drafts[draft.key] = draft
        return draft

    def clear(self):
        """Delete them all, also those of a server that was killed."""
        self.drafts.clear()
        for folder in self.root.glob(".new-*"):
            shutil.rmtree(folder, ignore_errors=True)
