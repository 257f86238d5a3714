import numpy as np
import pytest

from gluon_style.beyond.colors import (
    LUMINANCE,
    luminance,
    match_colors,
    match_luminance,
    recolored,
)


def picture(seed, height=20, width=30):
    """Noise whose channels are correlated, of no mean or deviation in particular."""
    random = np.random.RandomState(seed)
    mixed = random.normal(size=(height, width, 3)) @ random.normal(size=(3, 3))
    return (mixed * 20 + random.uniform(60, 200, 3)).astype("float32")


def statistics(img):
    pixels = img.reshape(-1, 3).astype("float64")
    return pixels.mean(axis=0), np.cov(pixels, rowvar=False, bias=True)


def test_matched_colours_have_the_others_mean_and_covariance():
    style, content = picture(1), picture(2, 17, 40)
    matched = match_colors(style, content)
    for found, wanted in zip(statistics(matched), statistics(content)):
        np.testing.assert_allclose(found, wanted, rtol=1e-4)
    # It is a linear map of the colours: the strokes stay.
    design = np.hstack([style.reshape(-1, 3), np.ones((600, 1))])
    _, residual, *_ = np.linalg.lstsq(design, matched.reshape(-1, 3), rcond=None)
    assert residual.max() < 1e-2


def test_a_picture_of_the_same_colours_stays_as_it_is():
    style = picture(1)
    np.testing.assert_allclose(match_colors(style, style), style, atol=1e-2)


@pytest.mark.parametrize("match", [match_colors, match_luminance])
def test_grey_and_plain_pictures_are_no_trouble(match):
    grey = np.repeat(picture(1)[:, :, :1], 3, axis=2)
    plain = np.full((9, 9, 3), 128.0, "float32")
    for style, content in ((grey, picture(2)), (picture(2), grey), (plain, plain)):
        matched = match(style, content)
        assert np.isfinite(matched).all()
        assert abs(matched).max() < 1000


def test_matched_luminance_is_grey_with_the_others_mean_and_deviation():
    matched, content = match_luminance(picture(1), picture(2)), picture(2)
    assert (matched == matched[:, :, :1]).all()
    np.testing.assert_allclose(matched.mean(), (content @ LUMINANCE).mean(), rtol=1e-5)
    np.testing.assert_allclose(matched[:, :, 0].std(), (content @ LUMINANCE).std(), rtol=1e-4)


def test_a_recoloured_picture_has_its_own_luminance_and_the_photos_colours():
    painted, photo = picture(1), picture(2)
    result = recolored(painted, photo)
    np.testing.assert_allclose(luminance(result), luminance(painted), atol=1e-3)
    for channel in (0, 2):  # R - Y and B - Y
        np.testing.assert_allclose(
            result[:, :, channel] - luminance(result)[:, :, 0],
            photo[:, :, channel] - luminance(photo)[:, :, 0],
            atol=1e-3,
        )
