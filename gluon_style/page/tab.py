"""All that belongs to one tab of a visitor's browser: pictures, options, what is looked at."""

import asyncio
import copy
import dataclasses
import re
import secrets
import shutil
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from PIL import Image

from ..errors import ImageError, UsageError
from ..plan import Sizes
from ..run import check_writable
from ..settings import OPTIONS, as_text, get_output, get_settings, read_words, shipped
from .options import WAYS, check_rows, read_fields, rows_of, texts_of, typed
from .runs import PHOTO
from .uploads import Place, Uploads, preview_of

SHIPPED = {"content": shipped("mountain.jpg"), "style": shipped("autumn_tree.jpg")}
# The kinds: the photo, paintings with a mask for each, and a picture to start from.
STYLES = ("style", "style-2", "style-3", "style-4")
MASKS = ("mask", "mask-2", "mask-3", "mask-4")
KINDS = ("content", *STYLES, *MASKS, "init")
NOTHING = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><path
d="M20 10v10m-5-5h10" stroke="#998a7a" stroke-width="1.5" stroke-linecap="round"/></svg>"""
SNAPSHOTS = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # epochs between them
MOST_SNAPSHOTS = 12
KEPT = 300  # seconds, for a visitor who has left


class Tab:
    """One tab's state, which outlives a reload; its pictures are in a hidden folder."""

    def __init__(self, root, uploads):
        self.key = secrets.token_urlsafe(16)
        self.folder, self.uploads = root / self.key, uploads
        self.places = {kind: Place() for kind in KINDS}
        self.values, self.rows = {}, []  # texts by option; a row for each stage
        self.way = self.base = "painting"  # the chosen way, or "own"; and what it began with
        self.run = self.shown = None  # names of the run that is looked at, and of its picture
        self.painted = 0.0  # when the button was pressed
        self.visits = 0  # how many pages show it
        self.choose("painting")

    def copy(self):
        """The state of a tab that was duplicated."""
        other = Tab(self.folder.parent, self.uploads)
        other.values, other.rows = dict(self.values), [[*row] for row in self.rows]
        other.way, other.base, other.run = self.way, self.base, self.run
        other.folder.mkdir()
        for kind, place in self.places.items():
            path = place.path and other.folder / place.path.name
            other.places[kind] = dataclasses.replace(place, path=path, coming=None)
            if path:
                self.uploads.copy(place.path, path)
        return other

    def choose(self, way):
        """Put a way's stages and values in the place of the earlier one's."""
        for name, text in texts_of(self.base).items():
            if self.values.get(name) == text:
                del self.values[name]
        self.values.update(texts_of(way))
        self.rows, self.way, self.base = rows_of(WAYS[way]["stages"]), way, way

    def chosen(self, way):
        """This state with another way."""
        other = copy.copy(self)
        other.values = dict(self.values)
        other.choose(way)
        return other

    # Pictures.

    def remove(self, kind):
        """Take a picture away; its place gets the one that comes with the package, or none."""
        place, self.places[kind] = self.places[kind], Place()
        self.uploads.delete(place.path)
        place.path = place.coming = None

    def take_away(self, kind):
        """Take a picture away; a further painting goes with its mask, those behind it move up."""
        if kind not in STYLES[1:]:
            self.remove(kind)
            return
        number = STYLES.index(kind)
        for kinds in (STYLES[number:], MASKS[number:]):
            self.remove(kinds[0])
            moved = [self.places[kind] for kind in kinds]
            self.places.update(zip(kinds, moved[1:] + moved[:1]))

    def source(self, kind):
        """Path of a picture, None if there is none."""
        return self.places[kind].path or SHIPPED.get(kind)

    @property
    def styles(self):
        """The kinds of the paintings that there are."""
        return [kind for kind in STYLES if self.source(kind)]

    @property
    def sizes(self):
        """`Sizes` of the pictures."""
        content, *styles = (
            self.places[kind].size or size_of(SHIPPED[kind]) for kind in ("content", *self.styles)
        )
        return Sizes(content, tuple(styles))

    def blend(self):
        """Shares of several paintings as text, empty if all count the same."""
        if len(self.styles) == 1:
            return ""
        shares = {kind: typed(self.places[kind].share) or "1" for kind in self.styles}
        for kind, share in shares.items():
            if not re.fullmatch(r"[0-9]*[.]?[0-9]+|[0-9]+[.]", share):
                raise UsageError("'{value}': a number is wanted", f"share-{kind}", value=share)
        return ",".join(shares.values()) if {*shares.values()} != {"1"} else ""

    def preview(self, kind):
        """A picture that every browser can show, and its media type."""
        if self.places[kind].path:
            return preview_of(self.places[kind].path).read_bytes(), "image/jpeg"
        if kind in SHIPPED:
            return SHIPPED[kind].read_bytes(), "image/jpeg"
        return NOTHING, "image/svg+xml"

    async def receive(self, kind, name, chunks):
        """Take in an upload, piece by piece; an `ImageError` says why not."""
        place, suffix = self.places[kind], Path(name).suffix  # by which raw files are known
        path = self.folder / (secrets.token_hex(4) + (suffix if suffix[1:].isalnum() else ""))
        place.coming, kept = path, None
        try:
            await self.uploads.write(path, chunks)
            kept, size, clear = await self.uploads.take(path, kind)
            if place.coming == path:  # neither taken away nor chosen again
                self.uploads.delete(place.path)
                place.path, place.name, place.size, place.error = kept, name, size, None
                place.clear = clear
        except ImageError as error:
            error.file = name
            if place.coming == path:
                place.error = error
            raise
        finally:  # also when a browser has hung up
            if place.path != kept or not kept:
                self.uploads.delete(kept or path)
            if place.coming == path:
                place.coming = None

    def files(self):
        """The names of a run's pictures in its folder, by option; without the shipped pair."""
        masks = [MASKS[STYLES.index(kind)] for kind in self.styles]
        options = {"content": ["content"], "style": self.styles, "mask": masks, "init": ["init"]}
        return {
            name: [kind + self.source(kind).suffix for kind in kinds if self.source(kind)]
            for name, kinds in options.items()
            if any(self.places[kind].path for kind in kinds)
        }

    @property
    def names(self):
        """The names of the photo and the painting."""
        return [Path(self.places[kind].name).stem[:40] for kind in ("content", "style")]

    def copy_to(self, folder):
        """Give a run its pictures, and the preview of the photo."""
        for names in self.files().values():
            for name in names:
                shutil.copyfile(self.source(Path(name).stem), folder / name)
        (folder / PHOTO).write_bytes(self.preview("content")[0])

    async def use(self, run):
        """Take over the options of a run and its pictures; a place says what is not there."""
        given = read_words(run.order["arguments"])
        stages = given.pop("stages", OPTIONS["stages"].default)
        values = {name: "yes" if value is True else as_text(value) for name, value in given.items()}
        shares = dict(zip(STYLES, values.pop("style_blend", "").split(",")))
        found = {}
        for name, files in run.order["pictures"].items():
            if len(files) > len(STYLES):
                text = "{count} pictures: the page has room for {most}"
                raise UsageError(text, name, count=len(files), most=len(STYLES))
            for number, file in enumerate(files, 1):
                found[name if number == 1 else f"{name}-{number}"] = file
        called = dict(zip(SHIPPED, run.order["names"]))
        for kind, file in found.items():
            with suppress(ImageError):  # which its place keeps, with the picture that it has
                name = called.get(kind) or Path(file).stem
                await self.receive(kind, name, pieces(run.folder / file))
        for kind in KINDS:
            if kind not in found:
                self.remove(kind)
        self.choose("chapter")
        self.values, self.rows, self.way = values, rows_of(stages), "own"
        for kind in STYLES:
            self.places[kind].share = shares.get(kind) or "1"

    # Options.

    def effective(self):
        """The texts of all options."""
        values = {name: typed(value) for name, value in self.values.items()}
        values["stages"] = ",".join(":".join(row) for row in self.rows)
        values["style_blend"] = self.blend()
        if self.source("init"):
            values.pop("init", None)
        epochs = [int(row[1]) for row in self.rows if re.fullmatch("[0-9]{1,9}", row[1])]
        if not values.get("save_every") and epochs:
            fitting = [n for n in SNAPSHOTS if max(epochs) / n <= MOST_SNAPSHOTS / len(self.rows)]
            values["save_every"] = str((fitting or [max(epochs)])[0])
        return values

    def read(self):
        """The settings and the output; a `GluonStyleError` says what is wrong with them."""
        check_rows(self.rows)
        values = read_fields(self.effective())
        for name, files in self.files().items():
            values[name] = files if OPTIONS[name].kind.several else files[0]
        settings, output = get_settings(values), get_output(values)
        check_writable(output, True if self.places["content"].clear else None, settings)
        return settings, output


def kind_of(file):
    """The place of a run's picture, None if it is none."""
    stem, path = Path(str(file)).stem, Path(str(file))
    return next((kind for kind, each in SHIPPED.items() if each == path), None) or (
        stem if stem in KINDS else None
    )


@lru_cache(maxsize=None)
def size_of(path):
    """(width, height) of a picture that comes with the package."""
    with Image.open(path) as picture:
        return picture.size


async def pieces(path):
    """The bytes of a file, as an upload has them."""
    try:
        data = path.read_bytes()
    except OSError:
        raise ImageError("not a file") from None
    yield data


class Tabs:
    """The state of all tabs by key; it goes some time after its visitor."""

    def __init__(self, root):
        self.root, self.by_key = root, {}
        shutil.rmtree(root, ignore_errors=True)  # also of a server that was killed
        root.mkdir(parents=True)
        self.uploads = None

    def enter(self, storage, tab_id):
        """The state of a tab that shows the page, by what NiceGUI keeps for it."""
        self.uploads = self.uploads or Uploads(self.make_room)  # in the server's loop
        tab = self.by_key.get(storage.get("key"))
        if not tab:
            tab = Tab(self.root, self.uploads)
        elif storage["owner"] != tab_id:  # a copy of the storage: the tab was duplicated
            tab = tab.copy()
        storage.update(key=tab.key, owner=tab_id)
        self.by_key[tab.key] = tab
        tab.visits += 1
        return tab

    def leave(self, tab):
        """A page has gone; what nobody comes back to is forgotten."""
        tab.visits -= 1
        asyncio.get_running_loop().call_later(KEPT, self.forget, tab)

    def forget(self, tab):
        """Delete a tab's pictures, if nobody looks at it; True if there were some."""
        if tab.visits or not self.by_key.pop(tab.key, None):
            return False
        had = any(place.path for place in tab.places.values())
        for kind in KINDS:
            tab.remove(kind)
        shutil.rmtree(tab.folder, ignore_errors=True)
        return had

    def make_room(self):
        """Forget visitors who have left; True if that gave room."""
        return any([self.forget(tab) for tab in [*self.by_key.values()]])

    def clear(self):
        """Delete all."""
        self.by_key.clear()
        shutil.rmtree(self.root, ignore_errors=True)
