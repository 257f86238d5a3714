import numpy as np
from PIL import Image

from gluon_style.run.session import stylize
from gluon_style.settings import Output, Settings, Stage

from ..conftest import outcome
from .bands import Band, epoch


def test_bands_have_the_losses_of_the_whole_picture(random_parameters, small_weights, tmp_path):
    random, layers = np.random.RandomState(0), small_weights.layers
    for name in ("content", "style"):
        pixels = random.randint(0, 256, (96, 64, 3), dtype="uint8")
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    settings = Settings(
        *(str(tmp_path / f"{name}.png") for name in ("content", "style")),
        stages=(Stage((64, 96), 6, 50),),
        weights=str(small_weights.path),
        layers=layers,
        ctx="cpu",
        precision="float32",
    )
    stylize(settings, Output(tmp_path / "whole", quiet=True))
    rows, _ = outcome(tmp_path / "whole")
    bands = [Band(settings, number, 3, random_parameters) for number in range(3)]
    style_Y_gram = bands[0].targets()

    def call(name, arguments):
        return [getattr(band, name)(*each) for band, each in zip(bands, arguments)]

    for row in rows:
        losses, moved = epoch(bands, call, style_Y_gram, settings.loss_weights)
        expected = [float(row[name]) for name in ("content", "style", "tv")]
        np.testing.assert_allclose(losses, expected, rtol=2e-5, atol=1e-6)
    assert moved > 0
