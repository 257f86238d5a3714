"""The pictures that a visitor has chosen, before a run is made of them."""

import asyncio
import json
import re
import secrets
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Optional, Tuple

from PIL import Image

from ..errors import ImageError, from_json, reason
from ..machine import run_python
from ..machine.files.pictures import SMALLER
from ..plan import Sizes
from ..settings import shipped
from .options import typed
from .runs import PHOTO

MOST_BYTES = 100_000_000  # of an upload
MOST_SELECTIONS = 50  # older ones go
SECONDS = 60  # in which a picture has to be decoded
SHIPPED = {"content": shipped("mountain.jpg"), "style": shipped("autumn_tree.jpg")}
# The kinds: the photo, paintings with a mask for each, and a picture to start from.
STYLES = ("style", "style-2", "style-3", "style-4")
MASKS = ("mask", "mask-2", "mask-3", "mask-4")
KINDS = ("content", *STYLES, *MASKS, "init")
NOTHING = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><path d="M20 8v10m-5-5h10"
stroke="#9c3d22" stroke-width="1.5" stroke-linecap="round"/></svg>"""


@dataclass
class Place:
    """A place for one picture, which moves with its painting."""

    path: Optional[Path] = None  # of the upload, if there is one
    name: str = ""  # what it was called
    size: Optional[Tuple[int, int]] = None  # its width and height
    share: str = "1"  # how much the painting counts, as it was typed
    error: Optional[ImageError] = None  # what was wrong with the last upload
    coming: Optional[Path] = None  # the upload that is under way


class Selection:
    """One visitor's pictures; uploads are in a hidden folder, which goes with the server."""

    def __init__(self, root, lock):
        self.key = secrets.token_urlsafe(16)
        self.folder = root / f".new-{self.key}"
        self.lock = lock  # one is decoded at a time: a picture may take much memory
        self.places = {kind: Place() for kind in KINDS}

    def remove(self, kind):
        """Take a picture away; its place gets the one that comes with the package, or none."""
        place, self.places[kind] = self.places[kind], Place()
        delete(place.path)
        place.path = place.coming = None

    def remove_style(self, kind):
        """Take a painting away, with its mask; those behind it move up."""
        number = STYLES.index(kind)
        for kinds in (STYLES[number:], MASKS[number:]):
            self.remove(kinds[0])
            moved = [self.places[kind] for kind in kinds]
            self.places.update(zip(kinds, moved[1:] + moved[:1]))

    def has(self, kind):
        """True if there is a picture of this kind."""
        return bool(self.source(kind))

    def source(self, kind):
        """Path of a picture, None if there is none."""
        return self.places[kind].path or SHIPPED.get(kind)

    @property
    def styles(self):
        """The kinds of the paintings that there are."""
        return [kind for kind in STYLES if self.has(kind)]

    @property
    def sizes(self):
        """`Sizes` of the pictures."""
        content, *styles = (
            self.places[kind].size or size_of(SHIPPED[kind]) for kind in ("content", *self.styles)
        )
        return Sizes(content, tuple(styles))

    @property
    def blend(self):
        """Shares of several paintings as text, empty if all count the same."""
        shares = [typed(self.places[kind].share) or "1" for kind in self.styles]
        return ",".join(shares) if len(shares) > 1 and {*shares} != {"1"} else ""

    def preview(self, kind):
        """A picture that every browser can show, and its media type."""
        if self.places[kind].path:
            return preview_of(self.places[kind].path).read_bytes(), "image/jpeg"
        if kind in SHIPPED:
            return SHIPPED[kind].read_bytes(), "image/jpeg"
        return NOTHING, "image/svg+xml"

    async def receive(self, kind, name, chunks):
        """Take in an upload, piece by piece; an `ImageError` says why not."""
        self.folder.mkdir(exist_ok=True)
        suffix = re.search(r"\.[A-Za-z0-9]{1,5}$", name)
        path = self.folder / f"{secrets.token_hex(4)}{suffix[0].lower() if suffix else ''}"
        place = self.places[kind]
        place.coming = path
        try:
            await write(path, chunks)
            async with self.lock:
                size = await decoded(path, preview_of(path))
            if place.coming == path:  # neither taken away nor chosen again
                delete(place.path)
                place.path, place.name, place.size, place.error = path, name, size, None
        except ImageError as error:
            error.file = name  # not ours
            if place.coming == path:
                place.error = error
            raise
        finally:  # also when a browser has hung up
            if place.path != path:
                delete(path)
            if place.coming == path:
                place.coming = None

    def pictures(self):
        """The names of a run's pictures in its folder, by option; without the shipped pair."""
        masks = [MASKS[STYLES.index(kind)] for kind in self.styles]
        options = {"content": ["content"], "style": self.styles, "mask": masks, "init": ["init"]}
        return {
            name: [kind + self.source(kind).suffix for kind in kinds if self.has(kind)]
            for name, kinds in options.items()
            if any(self.places[kind].path for kind in kinds)
        }

    def copy_to(self, folder):
        """Give a run its pictures, and the preview of the photo."""
        for names in self.pictures().values():
            for name in names:
                shutil.copyfile(self.source(Path(name).stem), folder / name)
        (folder / PHOTO).write_bytes(self.preview("content")[0])

    def remove_all(self):
        """Delete the uploads."""
        for kind in KINDS:
            self.remove(kind)
        shutil.rmtree(self.folder, ignore_errors=True)


@lru_cache(maxsize=None)
def size_of(path):
    """(width, height) of a picture that comes with the package."""
    with Image.open(path) as picture:
        return picture.size


def delete(path):
    """Delete an upload, if there is one, with its preview."""
    if path:
        for each in (path, preview_of(path)):
            each.unlink(missing_ok=True)


def preview_of(path):
    """Path of the JPEG that a browser is shown of an upload."""
    return path.with_name(f"{path.name}.jpg")


async def write(path, chunks):
    """Write an upload, `MOST_BYTES` at the most."""
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
    """Decode a picture into its preview in another process; return its width and height."""
    arguments = ["-m", "gluon_style.page.preview", str(path), str(preview)]
    loop = asyncio.get_running_loop()
    outcome = await loop.run_in_executor(None, run_python, arguments, SECONDS)
    if outcome.failure:
        raise ImageError(outcome.failure)
    told = json.loads(outcome.stdout.splitlines()[-1])
    if isinstance(told, dict):
        raise from_json(told)
    return tuple(told)


class Selections:
    """The selections of all visitors, by key."""

    def __init__(self, root):
        self.root, self.by_key, self.lock = root, {}, None
        self.clear()

    def new(self):
        """One more, in the place of the oldest if there are many."""
        if len(self.by_key) >= MOST_SELECTIONS:
            self.by_key.pop(next(iter(self.by_key))).remove_all()
        self.lock = self.lock or asyncio.Lock()
        selection = Selection(self.root, self.lock)
        self.by_key[selection.key] = selection
        return selection

    def clear(self):
        """Delete them all, also those of a server that was killed."""
        self.by_key.clear()
        for folder in self.root.glob(".new-*"):
            shutil.rmtree(folder, ignore_errors=True)
