"""Pictures: what is read, how it is prepared for the network, and how it comes back."""

import logging
import re
import sys

import mxnet as mx
import numpy as np
import pytest
from mxnet import nd
from PIL import Image

from gluon_style.errors import ImageError, OutputError
from gluon_style.images import crop, postprocess, preprocess, read, save
from gluon_style.machine.files.pictures import decode
from gluon_style.settings import shipped

from . import needs, odd_pictures
from .odd_pictures import BAD, GOOD


def made(name, maker, folder):
    path = folder / name
    maker(path)
    return path


@pytest.mark.parametrize("name", GOOD)
def test_good_pictures_are_read_as_a_person_sees_them(name, tmp_path, caplog):
    caplog.set_level(logging.INFO, "gluon_style")
    make, colours, told, (width, height) = GOOD[name]
    img = read(made(name, make, tmp_path))
    assert (img.shape, img.dtype) == ((height, width, 3), np.uint8)
    if colours is None and name.startswith("turned"):
        colours = odd_pictures.FIELDS
    if colours is not None:
        # In the middle of the fields, where compression shows nothing.
        seen = img.asnumpy()[height // 4 :: height // 2, width // 4 :: width // 2]
        np.testing.assert_allclose(seen, np.asarray(colours, float), atol=4)
    assert told in caplog.text


@pytest.mark.parametrize("name", [name for name in BAD if name not in ("one-pixel.png", "low.png")])
def test_bad_pictures_are_named_and_described(name, tmp_path):
    make, message = BAD[name]
    path = made(name, make, tmp_path)
    with pytest.raises(ImageError, match=message) as error:
        read(tmp_path / name if path is None else path)
    assert name in str(error.value)


@needs.permissions
def test_a_picture_that_may_not_be_read(tmp_path):
    path = tmp_path / "mine.png"
    odd_pictures.rgb().save(path)
    path.chmod(0)
    with pytest.raises(ImageError, match="Permission denied"):
        read(path)


def test_a_heic_picture_says_what_reads_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    BAD["no-data.heic"].make(tmp_path / "photo.jpg")
    with pytest.raises(ImageError, match="HEIC .*: save it as JPEG, or pip install pillow-heif$"):
        read(tmp_path / "photo.jpg")


def test_the_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save(np.zeros((2, 2, 3)), "~/a.png")
    assert read("~/a.png").shape == (2, 2, 3)
    assert (tmp_path / "a.png").exists()


PALETTE = [(value, 255 - value, value // 2, value) for value in range(255, 0, -16)]
# (samples, transparency, tags of tifffile) by the kind of TIFF.
KINDS = {
    "black is zero": (1, None, {"photometric": "minisblack"}),
    "white is zero": (1, None, {"photometric": "miniswhite"}),
    "RGB": (3, None, {"photometric": "rgb"}),
    "RGBA": (4, "after", {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
    "RGBA, multiplied": (4, "before", {"photometric": "rgb", "extrasamples": ["assocalpha"]}),
    "RGBX": (4, None, {"photometric": "rgb", "extrasamples": ["unspecified"]}),
    "grey with alpha": (2, "after", {"photometric": "minisblack", "extrasamples": ["unassalpha"]}),
    "grey with a": (2, "before", {"photometric": "minisblack", "extrasamples": ["assocalpha"]}),
    "CMYK": (4, None, {"photometric": "separated"}),
}
MOSTS = {
    **{"uint8": 255, "uint16": 65535, "uint32": 2**32 - 1, "int8": 127, "int16": 32767},
    **{"int32": 2**31 - 1, "float16": 1, "float32": 1, "float64": 1},
}
LAYOUTS = {
    **{"strips": {"rowsperstrip": 16}, "tiles": {"tile": (32, 32)}},
    **{"planes": {"planarconfig": "separate"}, "deflate": {"compression": "zlib"}},
    "deflated planes": {"planarconfig": "separate", "compression": "zlib"},
    "deflated tiles": {"tile": (32, 32), "compression": "zlib"},
}


def as_seen(values, kind):
    """The colours, 0 to 255, that a picture of such samples, 0 to 1, shows over white."""
    samples, alpha, tags = KINDS[kind]
    colours = values[..., : samples - 1] if alpha else values[..., :3]
    if kind == "CMYK":
        colours = (1 - colours) * (1 - values[..., 3:])
    if kind == "white is zero":
        colours = 1 - colours
    if alpha:
        opaque = values[..., -1:]
        colours = (colours * opaque if alpha == "after" else colours) + 1 - opaque
    return 255 * np.broadcast_to(colours, (*values.shape[:2], 3))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", MOSTS)
@pytest.mark.parametrize("kind", KINDS)
@needs.package("tifffile")
def test_a_tiff_is_read_as_it_was_meant_or_refused(kind, dtype, order, tmp_path):
    import tifffile

    samples, alpha, tags = KINDS[kind]
    values = np.random.RandomState(0).uniform(0, 1, (3, 4, samples))
    values = values.repeat(16, axis=0).repeat(16, axis=1)
    if alpha == "before":
        values[..., :-1] *= values[..., -1:]
    stored = (values * MOSTS[dtype]).astype(dtype)
    expected = as_seen(stored / np.float64(MOSTS[dtype]), kind)
    read_as_meant = 0
    for name, layout in LAYOUTS.items():
        if samples == 1 and "planes" in name:
            continue
        data = np.moveaxis(stored, -1, 0) if "planes" in name else stored.squeeze()
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, data, byteorder=order, **tags, **layout)
        np.testing.assert_array_equal(tifffile.imread(path), data)
        try:
            img = read(path).asnumpy()
        except ImageError as error:
            assert "\n" not in str(error)
            continue
        np.testing.assert_allclose(img, expected, atol=2.5, err_msg=name)
        read_as_meant += 1
    if dtype == "uint8" and kind != "grey with a":
        assert read_as_meant >= 4


@needs.package("png")
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(
    "kind",
    [
        *({"greyscale": True, "bitdepth": bits} for bits in (1, 2, 4, 8, 16)),
        *({"greyscale": True, "bitdepth": bits, "transparent": 1} for bits in (1, 2, 4, 8, 16)),
        *({"greyscale": True, "bitdepth": bits, "alpha": True} for bits in (8, 16)),
        *({"greyscale": False, "bitdepth": bits} for bits in (8, 16)),
        *({"greyscale": False, "bitdepth": bits, "transparent": (1, 2, 3)} for bits in (8, 16)),
        *({"greyscale": False, "bitdepth": bits, "alpha": True} for bits in (8, 16)),
        *({"palette": PALETTE, "bitdepth": bits} for bits in (1, 2, 4, 8)),
    ],
    ids=lambda kind: "-".join(f"{value}" for value in kind.values() if not isinstance(value, list)),
)
def test_a_png_is_read_as_by_another_reader(kind, interlaced, tmp_path):
    import png

    bits = kind["bitdepth"]
    kind = {**kind, "palette": PALETTE[: 2**bits]} if "palette" in kind else kind
    many = 1 if "palette" in kind or kind["greyscale"] else 3
    many += "alpha" in kind
    pixels = np.random.RandomState(0).randint(0, 2**bits, (13, 11, many))
    if "palette" in kind:
        pixels %= len(kind["palette"])
    pixels[3, 4] = pixels[3, 4] if "palette" in kind or many != 3 else (1, 2, 3)
    with open(tmp_path / "a.png", "wb") as file:
        writer = png.Writer(11, 13, interlace=interlaced, **kind)
        writer.write(file, pixels.reshape(13, -1).tolist())
    data = (tmp_path / "a.png").read_bytes()
    width, height, rows, about = png.Reader(bytes=data).asRGBA()
    theirs = np.array([list(row) for row in rows], float).reshape(height, width, 4)
    theirs /= 2 ** about["bitdepth"] - 1
    colours, opaque = theirs[:, :, :3], theirs[:, :, 3:]
    expected = 255 * (colours * opaque + 1 - opaque)
    np.testing.assert_allclose(read(tmp_path / "a.png").asnumpy(), expected, atol=2)


def test_an_eps_drawing_says_what_reads_it(tmp_path, monkeypatch):
    monkeypatch.setattr("PIL.EpsImagePlugin.has_ghostscript", lambda: False)
    odd_pictures.rgb().save(tmp_path / "a.eps")
    with pytest.raises(ImageError, match="an EPS drawing: save it as PNG, or install Ghostscript$"):
        read(tmp_path / "a.eps")


def test_pictures_in_srgb_stay_as_they_are_to_the_bit(tmp_path):
    pixels = np.random.RandomState(0).randint(0, 256, (20, 30, 3), dtype="uint8")
    profile = odd_pictures.ImageCms.createProfile("sRGB")
    profile = odd_pictures.ImageCms.ImageCmsProfile(profile).tobytes()
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=profile)
    np.testing.assert_array_equal(read(tmp_path / "a.png").asnumpy(), pixels)


@pytest.mark.parametrize("name", ["mountain.jpg", "autumn_tree.jpg"])
def test_shipped_pictures_are_decoded_as_mxnet_decodes_them(name):
    expected = mx.image.imread(str(shipped(name))).asnumpy()
    np.testing.assert_array_equal(read(shipped(name)).asnumpy(), expected)
    assert min(expected.shape[:2]) >= 1000 and max(expected.shape[:2]) >= 1500


def bilinear(img, width, height):
    """Resize without antialiasing: every new pixel from the four around its place."""

    def places(length, new):
        x = np.clip((np.arange(new) + 0.5) * length / new - 0.5, 0, length - 1)
        low = np.floor(x).astype(int)
        return low, np.minimum(low + 1, length - 1), x - low

    img = img.astype(float)
    low, high, share = places(img.shape[0], height)
    img = img[low] * (1 - share)[:, None, None] + img[high] * share[:, None, None]
    low, high, share = places(img.shape[1], width)
    return img[:, low] * (1 - share)[:, None] + img[:, high] * share[:, None]


@pytest.mark.parametrize("size", [(21, 13), (90, 61), (45, 30)])
def test_preprocessing_agrees_with_numpy(size):
    pixels = np.random.RandomState(0).randint(0, 256, (30, 45, 3), dtype="uint8")
    X = preprocess(nd.array(pixels, dtype="uint8"), size)
    assert (X.shape, X.dtype) == ((1, 3, size[1], size[0]), np.float32)
    expected = bilinear(pixels, *size) / 255
    expected = (expected - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    # A picture of bytes is rounded to bytes again when it is resized.
    half_a_step = 0.51 / 255 / 0.224
    np.testing.assert_allclose(X[0].asnumpy().transpose(1, 2, 0), expected, atol=2 * half_a_step)


def test_postprocessing_undoes_preprocessing():
    pixels = np.random.RandomState(0).randint(0, 256, (30, 45, 3), dtype="uint8")
    img = postprocess(preprocess(nd.array(pixels, dtype="uint8"), (45, 30)))
    np.testing.assert_allclose(img.asnumpy(), pixels / 255, atol=1e-6)


def test_postprocessing_clips():
    X = nd.array(np.array([-100.0, 0.0, 100.0]).reshape(1, 1, 1, 3).repeat(3, axis=1))
    img = postprocess(X).asnumpy()
    np.testing.assert_allclose(img[0], [[0] * 3, [0.485, 0.456, 0.406], [1] * 3], rtol=1e-6)


@pytest.mark.parametrize("array", [nd.array, np.array])
@pytest.mark.parametrize("suffix", ["png", "PNG", "tif", "tiff", "bmp"])
def test_what_is_saved_is_what_is_read(array, suffix, tmp_path):
    values = np.linspace(0, 1, 18).reshape(2, 3, 3)
    path = tmp_path / f"a.{suffix}"
    save(array(values), path)
    np.testing.assert_array_equal(read(path).asnumpy(), np.round(values * 255))


@pytest.mark.parametrize("gamma, moves", [(2.4, False), (2.45, False), (2.5, True)])
def test_what_is_nearly_srgb_stays_to_the_bit(tmp_path, gamma, moves):
    """As the profiles of many cameras; gamma 2.45 moves no colour by more than 2, 2.5 some by 4."""
    profile = odd_pictures.gamma_profile(gamma)
    values = np.arange(0, 256, dtype="uint8").reshape(16, 16, 1).repeat(3, axis=2)
    Image.fromarray(values).save(tmp_path / "a.png", icc_profile=profile)
    moved = abs(read(tmp_path / "a.png").asnumpy().astype(int) - values).max()
    assert (moved > 2) == moves and (moved == 0) != moves


@pytest.mark.parametrize(
    "suffix, kind",
    [
        *(("png", "PNG"), ("jpg", "JPEG"), ("JPEG", "JPEG"), ("tif", "TIFF"), ("tiff", "TIFF")),
        pytest.param("webp", "WEBP", marks=needs.webp),
        ("bmp", "BMP"),
    ],
)
def test_the_suffix_tells_the_format(suffix, kind, tmp_path):
    path = tmp_path / f"a.{suffix}"
    save(odd_pictures.fields() / 255, path)
    with Image.open(path) as picture:
        assert picture.format == kind
        seen = np.asarray(picture.convert("RGB"))[8::16, 12::24]
    np.testing.assert_allclose(seen, odd_pictures.FIELDS, atol=4)


@pytest.mark.parametrize("name", ["a", "a.gif", "a.jgp", ".png", "a.png.txt"])
def test_another_suffix_is_refused(name, tmp_path):
    with pytest.raises(
        OutputError, match=f"{re.escape(name)}: the suffix tells .*\\.png, .*\\.bmp"
    ):
        save(nd.zeros((2, 2, 3)), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_picture_is_saved_with_its_transparency_resized(tmp_path):
    alpha = np.asarray(odd_pictures.with_alpha().getchannel("A"))
    save(np.zeros((16, 24, 3)), tmp_path / "a.png", alpha)
    with Image.open(tmp_path / "a.png") as picture:
        assert (picture.mode, picture.size) == ("RGBA", (24, 16))
        seen = np.asarray(picture.getchannel("A"))
    assert (seen[:, :11] == 0).all() and (seen[:, 13:] == 255).all()


def test_transparency_is_read_where_there_is_any(tmp_path):
    odd_pictures.with_alpha().save(tmp_path / "a.png")
    alpha = decode(tmp_path / "a.png").alpha
    assert (alpha[:, :24] == 0).all() and (alpha[:, 24:] == 255).all()
    odd_pictures.rgb().convert("RGBA").save(tmp_path / "b.png")
    assert decode(tmp_path / "b.png").alpha is None


@pytest.mark.parametrize("name", [name for name in GOOD if name.startswith("transparent-")])
def test_a_transparent_colour_is_kept_whatever_its_bits(name, tmp_path):
    path = made(name, GOOD[name].make, tmp_path)
    with Image.open(path) as picture:
        given = [decode(picture), decode(picture)]  # the second time its pixels are at hand
    for each in (decode(path), *given):
        clear = np.zeros((32, 48), bool)
        clear[:16, :24] = True
        np.testing.assert_array_equal(each.alpha, np.where(clear, 0, 255))


FIELDS = odd_pictures.fields()
GIVEN = {
    "uint8": FIELDS,
    "uint16": FIELDS.astype("uint16") * 257,
    "int64": FIELDS.astype("int64"),
    "float32": (FIELDS / 255).astype("float32"),
    "float64, computed": FIELDS / 255 * 1.0001 - 1e-5,
    "MXNet's": nd.array(FIELDS, dtype="uint8"),
    "Pillow's": Image.fromarray(FIELDS),
    "Pillow's CMYK": Image.fromarray(FIELDS).convert("CMYK"),
    "opaque": np.dstack([FIELDS, np.full(FIELDS.shape[:2], 255, "uint8")]),
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_a_picture_or_an_array_is_read_like_a_file(given):
    picture = decode(given)
    np.testing.assert_array_equal(picture.rgb, FIELDS)
    assert picture.alpha is None
    assert picture.sha256 == decode(FIELDS).sha256 != decode(FIELDS[::-1]).sha256
    np.testing.assert_array_equal(read(given).asnumpy(), FIELDS)


def test_grey_black_and_white_and_transparent_arrays_are_read():
    grey = odd_pictures.fields(colours=odd_pictures.GREY)
    for array in (grey, grey[:, :, None]):
        np.testing.assert_array_equal(decode(array).rgb, np.stack([grey] * 3, -1))
    np.testing.assert_array_equal(decode(grey > 100).rgb[..., 0], 255 * (grey > 100))
    transparent = decode(np.asarray(odd_pictures.with_alpha()))
    np.testing.assert_array_equal(transparent.rgb[8::16, 12::24], odd_pictures.LEFT_WHITE)
    assert transparent.alpha.min() == 0


@pytest.mark.parametrize(
    "array, message",
    [
        (np.zeros((3, 9, 9)), r"float64, shape \(3, 9, 9\): numbers in the shape"),
        (np.zeros(9), "numbers in the shape"),
        (np.zeros((0, 9, 3)), "numbers in the shape"),
        (np.array([["a"]]), "numbers in the shape"),
        (np.int64(3), "numbers in the shape"),
        (np.full((9, 9), 2.0), "float64 values from 0 to 1 are wanted"),
        (np.full((9, 9), np.nan), "float64 values from 0 to 1 are wanted"),
        (np.full((9, 9), -1), "int64 values from 0 to 255 are wanted"),
    ],
)
def test_an_array_that_is_no_picture_is_refused(array, message):
    with pytest.raises(ImageError, match=rf"^\(picture\): .*{message}"):
        read(array)


@pytest.mark.parametrize(
    "size, part",
    [
        ((30, 20), np.s_[:, :]),
        ((60, 40), np.s_[:, :]),
        ((10, 10), np.s_[:, 5:25]),
        ((300, 100), np.s_[5:15, :]),
        ((1, 20), np.s_[:, 14:15]),
        ((10**6, 1), np.s_[9:10, :]),
    ],
)
def test_the_middle_is_cut_out(size, part):
    pixels = np.random.RandomState(0).randint(0, 256, (20, 30, 3), dtype="uint8")
    cut = crop(nd.array(pixels, dtype="uint8"), size)
    np.testing.assert_array_equal(cut.asnumpy(), pixels[part])


def test_what_cannot_be_saved_is_named(tmp_path):
    with pytest.raises(OutputError, match=re.escape(str(tmp_path / "nowhere" / "a.png"))):
        save(nd.zeros((2, 2, 3)), tmp_path / "nowhere" / "a.png")
