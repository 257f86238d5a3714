"""The moving picture of a stage: from the content photo to the result."""

import numpy as np
from PIL import Image, ImageSequence

from ..machine.files import atomic_write

VISIBLE = 1.0  # of 255: least mean difference between the pixels of two frames
PHOTO, FRAME, RESULT = 700, 150, 2000  # ms


def frame_epochs(max_epochs):
    """The epochs after which a frame is kept: every other at first, where most change is."""
    epochs, n = [], 2
    while n < max_epochs:
        epochs.append(n)
        n = max(n + 2, n * 11 // 10)
    return epochs


def write_animation(path, sources):
    """Make a moving picture of pictures and paths, the result last, whose frames differ."""
    with atomic_write(path) as file:
        kept = differing(frames(sources))
        shown = (frame for index, frame in enumerate(frames(sources)) if index in kept)
        with Image.open(sources[-1]) as result:
            film = lazy(shown, len(kept), result.mode, result.size)
        film.save(
            file,
            path.suffix[1:].upper(),
            save_all=True,
            quality=95,  # below that WebP takes more frames for the same
            duration=[PHOTO, *[FRAME] * (len(kept) - 2), RESULT],
            loop=0,
        )


def frames(sources):
    """The frames of all sources, opening one file at a time."""
    for source in sources:
        if isinstance(source, Image.Image):
            yield source
        else:
            with Image.open(source) as picture:
                yield from ImageSequence.Iterator(picture)


def differing(pictures):
    """Indices of the first, the last, and those that differ visibly from the one before them."""
    kept, index, before = [], 0, None
    for index, picture in enumerate(pictures):
        pixels = np.asarray(picture.convert("RGB"), "int16")
        if before is None or np.abs(pixels - before).mean() >= VISIBLE:
            kept.append(index)
            before = pixels
    if kept[-1] != index:  # the last one takes the place of what looks like it
        kept[max(1, len(kept) - 1) :] = [index]
    return kept


def lazy(pictures, number, mode, size):
    """A picture of so many frames, drawn one by one: a list would stay in memory."""
    film, shown = Image.new(mode, size), -1

    def seek(frame):
        nonlocal shown
        if frame >= number:
            raise EOFError
        while shown < frame:
            film.paste(next(pictures))
            shown += 1

    film.n_frames, film.seek = number, seek
    return film
