"""The chapter's own pictures and real weights: its numbers come out."""

import csv

import mxnet as mx
import numpy as np
import pytest

from gluon_style.features import get_net
from gluon_style.images import preprocess, read
from gluon_style.losses import tv_loss
from gluon_style.pretrained.formats import read as read_weights
from gluon_style.pretrained.scale import measured_gain, scaled
from gluon_style.pretrained.sources import KERAS_GAIN
from gluon_style.settings import Layers

from . import numpy_chapter
from .benchmarks import chapter_loop


@pytest.fixture(scope="module")
def unscaled(shared_data):
    """The real network's parameters as its file has them."""
    return read_weights(shared_data / "vgg19_notop.h5")


@pytest.fixture(scope="module")
def book(shared_data, unscaled):
    """The book's content and style picture, and the real network's parameters."""
    content_img, style_img = (
        read(shared_data / name) for name in ("rainier.jpg", "autumn_oak.jpg")
    )
    return content_img, style_img, scaled(unscaled, KERAS_GAIN)


def test_pictures_are_decoded_as_mxnet_decodes_them(shared_data):
    for name in ("rainier.jpg", "autumn_oak.jpg"):
        expected = mx.image.imread(str(shared_data / name)).asnumpy()
        np.testing.assert_array_equal(read(shared_data / name).asnumpy(), expected)


def test_total_variation_of_the_books_photo(book):
    # With antialiasing it would be 1.43.
    loss = 10 * tv_loss(preprocess(book[0], (300, 200))).asscalar()
    assert round(loss, 3) == 2.130


def test_gain_of_the_oxford_network_is_what_the_book_asks_for(unscaled, book):
    np.testing.assert_allclose(measured_gain(unscaled, *book[:2]), KERAS_GAIN, rtol=1e-5)


def run_and_read(run_command, shared_data, tmp_path, stages):
    result = run_command(
        "train",
        *("--content", shared_data / "rainier.jpg", "--style", shared_data / "autumn_oak.jpg"),
        *("--weights", shared_data / "vgg19_notop.h5", "--stages", stages, "--ctx", "cpu"),
        *("--precision", "float32"),
    )
    assert result.returncode == 0, result.stderr
    with open(tmp_path / "neural-style-out" / "losses.csv", newline="") as file:
        return [
            [float(row[term]) for term in ("content", "style", "tv")]
            for row in csv.DictReader(file)
        ]


def test_style_loss_at_epoch_0_is_the_books(run_command, shared_data, tmp_path):
    ((content, style, tv),) = run_and_read(run_command, shared_data, tmp_path, "300x200:1:1")
    assert round(style, 1) == 372.7
    assert round(tv, 3) == 2.130
    assert content < 1e-6


def test_twelve_epochs_agree_with_the_chapters_loop_and_with_numpy(
    run_command, shared_data, tmp_path, book
):
    ours = run_and_read(run_command, shared_data, tmp_path, "96x64:12:5")
    content_img, style_img, parameters = book
    content_X, style_X = (preprocess(img, (96, 64)) for img in (content_img, style_img))
    net = get_net(parameters, Layers(), mx.cpu())
    pictures, theirs = [], []
    for losses in chapter_loop.epochs(net, content_X, style_X, 12, 5, watch=pictures.append):
        theirs.append(losses[:3])
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-6)
    pair = (X[0].asnumpy() for X in (content_X, style_X))
    losses_of = numpy_chapter.losses_with(*pair, parameters)
    for X, losses in list(zip(pictures, ours))[::5]:  # before and after a decay of the rate
        np.testing.assert_allclose(losses, losses_of(X[0]), rtol=1e-3, atol=1e-6)
