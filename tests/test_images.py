"""Pictures: what is read, how it is prepared for the network, and how it comes back."""

import logging
import os
import re

import mxnet as mx
import numpy as np
import pytest
from mxnet import nd
from PIL import Image

from gluon_style.errors import ImageError, OutputError
from gluon_style.images import postprocess, preprocess, read, save
from gluon_style.settings import shipped

from . import odd_pictures
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


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_picture_that_may_not_be_read(tmp_path):
    path = tmp_path / "mine.png"
    odd_pictures.rgb().save(path)
    path.chmod(0)
    with pytest.raises(ImageError, match="Permission denied"):
        read(path)


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


def test_what_is_saved_is_what_is_read(tmp_path):
    values = np.linspace(0, 1, 18).reshape(2, 3, 3)
    save(nd.array(values), tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png").asnumpy(), np.round(values * 255))


def test_what_cannot_be_saved_is_named(tmp_path):
    with pytest.raises(OutputError, match=re.escape(str(tmp_path / "nowhere" / "a.png"))):
        save(nd.zeros((2, 2, 3)), tmp_path / "nowhere" / "a.png")
