"""Pictures that are written, read by others: Pillow, tifffile, pypng."""

import io
import os

import numpy as np
import png
import pytest
import tifffile
from mxnet import nd
from PIL import Image, ImageCms

from gluon_style.beyond import save_photograph
from gluon_style.errors import ImageError, UsageError
from gluon_style.images import save
from gluon_style.machine.files.pictures import decode, origin_of
from gluon_style.run.checks import check_writable
from gluon_style.settings import Output

ORIGIN = {"command": "python -m gluon_style.train --lr 0.5", "identity": {"content": "0ff"}}


def picture():
    return np.random.RandomState(0).uniform(size=(7, 11, 3)).astype("float32")


def sixteen_bits(path):
    """The pixels of a deep file, by readers that have no part in writing it."""
    if path.suffix == ".tif":
        with Image.open(path) as one:  # to 8 bits, as it reads them
            return tifffile.imread(path), np.asarray(one.convert("RGB"))
    width, height, rows, about = png.Reader(bytes=path.read_bytes()).read()
    assert about["bitdepth"] == 16
    pixels = np.array([list(row) for row in rows]).reshape(height, width, about["planes"])
    with Image.open(path) as one:
        return pixels, np.asarray(one.convert("RGB"))


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("transparent", [False, True])
def test_16_bits_come_from_the_floats(tmp_path, suffix, transparent):
    path, img = tmp_path / f"a.{suffix}", picture()
    alpha = np.linspace(0, 255, 77).reshape(7, 11).astype("uint8") if transparent else None
    save_photograph(nd.array(img), path, alpha, depth=16, dpi=(300, 300), origin=ORIGIN)
    pixels, eighths = sixteen_bits(path)
    assert abs(pixels[:, :, :3] / 65535 - img).max() <= 0.5 / 65535 + 1e-7
    assert len(np.unique(pixels[:, :, :3] % 257)) > 100  # not from 8 bits
    assert abs(eighths / 255 - img).max() < 1 / 255 + 1e-6
    if transparent:
        np.testing.assert_array_equal(pixels[:, :, 3], alpha.astype(int) * 257)


@pytest.mark.parametrize(
    "suffix, depth", [("png", 8), ("jpg", 8), ("tif", 8), ("webp", 8), ("png", 16), ("tif", 16)]
)
def test_a_file_tells_its_colours_resolution_and_origin(tmp_path, suffix, depth):
    path = tmp_path / f"a.{suffix}"
    save_photograph(picture(), path, depth=depth, dpi=(240, 300), origin=ORIGIN)
    assert origin_of(path) == ORIGIN
    with Image.open(path) as one:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(one.info["icc_profile"]))
        dpi = one.info.get("dpi") or (one.getexif()[0x011A], one.getexif()[0x011B])
    assert "sRGB" in ImageCms.getProfileDescription(profile)
    np.testing.assert_allclose([float(each) for each in dpi], (240, 300), atol=0.02)
    if suffix != "webp":  # of which the reader takes none
        np.testing.assert_allclose(decode(path).dpi, (240, 300), atol=0.02)
    # What it says does not change how the picture is read again.
    again = decode(path).rgb / 255 - picture()
    assert abs(again).max() < 0.01 or suffix in ("jpg", "webp")
    before = path.read_bytes()
    save_photograph(picture(), path, depth=depth, dpi=(240, 300), origin=ORIGIN)
    assert path.read_bytes() == before


@pytest.mark.parametrize("depth", [8, 16])
def test_floats_are_rounded_in_float32(tmp_path, depth):
    """As `images.save` does it, under every NumPy: here float64 would round the other way."""
    most = np.float32(2**depth - 1)
    img = (np.arange(2**depth - 1, dtype="float32") + np.float32(0.5)) / most
    img = np.nextafter(img, np.float32(0)).repeat(3).reshape(1, -1, 3)
    wanted = img * most + np.float32(0.5)
    assert wanted.dtype == np.float32
    assert (wanted.astype("int") != (img.astype("float64") * most + 0.5).astype("int")).any()
    save_photograph(img, tmp_path / "a.png", depth=depth)
    if depth == 16:
        pixels, _ = sixteen_bits(tmp_path / "a.png")
    else:
        with Image.open(tmp_path / "a.png") as one:
            pixels = np.asarray(one)
        save(img, tmp_path / "b.png")
        with Image.open(tmp_path / "b.png") as one:
            assert (pixels == np.asarray(one)).all()
    assert (pixels == wanted.astype("uint16")).all()


def test_without_a_resolution_none_is_told(tmp_path):
    for suffix, depth in (("png", 8), ("png", 16), ("tif", 16)):
        path = tmp_path / f"a{depth}.{suffix}"
        save_photograph(picture(), path, depth=depth)
        assert decode(path).dpi is None


def test_what_cannot_be_written_is_told_before_the_run(monkeypatch):
    alpha = np.zeros((2, 2), "uint8")
    with pytest.raises(UsageError, match="^format jpg: knows no transparency"):
        check_writable(Output(format="jpg"), alpha)
    check_writable(Output(format="jpg"), None)
    check_writable(Output(format="tif", depth=16), alpha)
    monkeypatch.setattr("gluon_style.run.checks.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"^depth 16: png needs the package numpngw: run: python"):
        check_writable(Output(depth=16), None)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"format": "bmp"}, "^format bmp: png or jpg or tif or webp is wanted"),
        ({"depth": 12}, "^depth 12: 8 or 16 is wanted"),
        ({"depth": "sixteen"}, "^depth sixteen: 8 or 16 is wanted"),
        ({"depth": 16, "format": "jpg"}, "^depth 16: jpg has 8 bits a colour: choose the format"),
        ({"animation": "webp", "format": "webp"}, "^animation webp: the pictures themselves"),
    ],
)
def test_formats_and_depths_have_to_make_sense(wrong, message):
    with pytest.raises(UsageError, match=message):
        Output(**wrong)


def test_a_file_that_tells_nothing_is_one_line(tmp_path):
    Image.fromarray(np.zeros((9, 9, 3), "uint8")).save(tmp_path / "plain.png")
    (tmp_path / "text.png").write_text("no picture")
    os.mkfifo(tmp_path / "pipe.png")
    for name, message in (
        ("plain.png", "plain.png: it does not tell how it was made"),
        ("text.png", "text.png: not a picture that can be read"),
        ("nowhere.png", "nowhere.png: No such file"),
        ("pipe.png", "pipe.png: not a file"),
    ):
        with pytest.raises(ImageError, match=message):
            origin_of(tmp_path / name)
