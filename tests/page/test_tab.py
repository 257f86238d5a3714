"""Uploads that are under way while other things happen."""

import asyncio
from pathlib import Path

import pytest

from gluon_style.errors import ImageError
from gluon_style.page.tab import Tab
from gluon_style.page.uploads import Place, Uploads

from .. import needs
from ..odd_pictures import rgb


async def coming(path, meanwhile):
    """A file's bytes in two pieces, between which something happens."""
    data = path.read_bytes()
    yield data[:100]
    meanwhile()
    yield data[100:]


def test_an_upload_goes_where_its_painting_has_gone(tmp_path):
    rgb().save(tmp_path / "a.png")

    async def uploads():
        tab = Tab(tmp_path, Uploads(lambda: False))

        def upload(kind, name, meanwhile):
            return tab.receive(kind, name, coming(tmp_path / "a.png", meanwhile))

        for number in "23":
            tab.places[f"style-{number}"].path = tmp_path / number
        # A new one for the third painting, which becomes the second one; and none for one that
        # is taken away, or that is chosen again.
        await upload("style-3", "third.png", lambda: tab.take_away("style-2"))
        await upload("style-2", "gone.png", lambda: tab.take_away("style-2"))
        assert tab.styles == ["style"] and not [*tab.folder.iterdir()]
        await upload("style-3", "third.png", lambda: tab.take_away("style-2"))
        assert tab.styles == ["style", "style-2"] and tab.places["style-2"].name == "third.png"
        later = []
        await upload(
            *("mask", "first.png"),
            lambda: later.append(asyncio.ensure_future(upload("mask", "second.png", int))),
        )
        await later[0]
        assert tab.places["mask"].name == "second.png"
        assert len([*tab.folder.iterdir()]) == 4  # two, each with its preview
        return tab

    tab = asyncio.run(uploads())
    for kind in tab.places:
        tab.remove(kind)
    assert not [*tab.folder.iterdir()] and not tab.uploads.sizes
    assert all(place == Place() for place in tab.places.values())


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path):
    rgb().save(tmp_path / "a.png")

    def hang_up():
        raise EOFError

    async def uploads():
        tab = Tab(tmp_path, Uploads(lambda: False))
        with pytest.raises(EOFError):
            await tab.receive("mask", "a.png", coming(tmp_path / "a.png", hang_up))
        assert not [*tab.folder.iterdir()] and tab.places["mask"] == Place()

    asyncio.run(uploads())


@needs.device("/dev/full")
def test_a_full_disk_is_told():
    async def piece():
        yield b"x"

    async def write():
        await Uploads(None).write(Path("/dev/full"), piece())

    with pytest.raises(ImageError, match="cannot be written: No space left on device"):
        asyncio.run(write())
