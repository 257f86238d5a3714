"""Pictures that visitors send, and their small copies, `python -m gluon_style.page.uploads`.

A picture from anywhere may take any memory and time to decode: that is done in another process,
which prints its size, its kind and whether it is transparent, or the error, as JSON.
"""

import asyncio
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple

from PIL import Image

from ..errors import ImageError, from_json, reason, to_json
from ..machine import available, format_bytes, run_python
from ..machine.command_line import one_line
from ..machine.files.pictures import SMALLER, decode, decode_mask, small_jpeg

MOST_BYTES = 100_000_000  # of an upload
MOST_OF_ALL = 1_000_000_000  # bytes of all visitors' uploads
MOST_SIDE = 1200  # pixels of the small copy
BYTES_PER_PIXEL = 12  # while a picture is decoded
SECONDS = 60  # in which it has to be decoded
SUFFIXES = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "TIFF": "tif", "WEBP": "webp", "GIF": "gif"}


@dataclass
class Place:
    """A place for one picture, which moves with its painting."""

    path: Optional[Path] = None  # of the upload, if there is one
    name: str = ""  # as it was called
    size: Optional[Tuple[int, int]] = None  # its width and height
    clear: bool = False  # True if it is transparent in part
    share: str = "1"  # how much the painting counts, as it was typed
    error: Optional[ImageError] = None  # the last upload's
    coming: Optional[Path] = None  # the upload that is under way


class Uploads:
    """All uploads: how large they may be together, and one that is decoded at a time."""

    def __init__(self, make_room):
        self.make_room, self.sizes, self.lock = make_room, {}, asyncio.Lock()

    async def write(self, path, chunks):
        """Write an upload as it comes."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "wb") as file:
                async for chunk in chunks:
                    self.sizes[path] = self.sizes.get(path, 0) + len(chunk)
                    if self.sizes[path] > MOST_BYTES:
                        raise ImageError(
                            "more than {most} MB", remedy=SMALLER, most=MOST_BYTES // 10**6
                        )
                    if sum(self.sizes.values()) > MOST_OF_ALL and not self.make_room():
                        raise ImageError(
                            "all visitors' pictures are more than {most} MB",
                            remedy="try again later",
                            most=MOST_OF_ALL // 10**6,
                        )
                    file.write(chunk)
        except OSError as error:
            raise ImageError("cannot be written: {reason}", reason=reason(error)) from None

    async def take(self, path, kind):
        """Decode an upload: its path with the right suffix, its size, and if it is transparent."""
        arguments = ["-m", "gluon_style.page.uploads", str(path), str(preview_of(path)), kind]
        async with self.lock:
            loop = asyncio.get_running_loop()
            outcome = await loop.run_in_executor(None, run_python, arguments, SECONDS)
        if outcome.failure:
            raise ImageError(outcome.failure)
        told = json.loads(outcome.stdout.splitlines()[-1])
        if "error" in told:
            raise from_json(told)
        kept = path.with_suffix(f".{told['suffix']}")
        path.rename(kept)
        self.sizes[kept] = self.sizes.pop(path, 0)
        return kept, tuple(told["size"]), told["clear"]

    def copy(self, path, target):
        """Copy an upload for another tab."""
        self.sizes[target] = self.sizes.get(path, 0)
        for each in (Path, preview_of):
            shutil.copyfile(each(path), each(target))

    def delete(self, path):
        """Delete an upload, if there is one, with its small copy."""
        if path:
            self.sizes.pop(path, None)
            for each in (path, preview_of(path)):
                each.unlink(missing_ok=True)


def preview_of(path):
    """Path of the small copy of an upload."""
    return path.with_name(f"{path.stem}-preview.jpg")


def main():
    """Make the small copy."""
    with one_line():
        source, target, kind = sys.argv[1:]
        try:
            suffix = check_header(source)
            decoded = (decode_mask if kind.startswith("mask") else decode)(source)
        except ImageError as error:
            error.file = None  # the visitor's name is another
            print(json.dumps(to_json(error)))
            return
        picture = Image.fromarray(decoded.rgb)
        clear = decoded.alpha is not None
        print(json.dumps({"size": picture.size, "suffix": suffix, "clear": clear}))
        Path(target).write_bytes(small_jpeg(picture, MOST_SIDE))


def check_header(source):
    """The suffix of a file's format; a picture that the memory cannot hold is refused."""
    try:
        with Image.open(source) as picture:
            width, height = picture.size
            suffix = SUFFIXES.get(picture.format, "img")
    except Exception:  # the reader says why, or reads what Pillow alone does not
        return "heic"
    needed, free = BYTES_PER_PIXEL * width * height, available()
    if needed > free:
        raise ImageError(
            "{width}x{height} pixels need {needed} of memory, and {free} are free",
            remedy=SMALLER,
            **{"width": width, "height": height},
            **{"needed": format_bytes(needed), "free": format_bytes(free)},
        )
    return suffix


if __name__ == "__main__":
    main()
