import json

import numpy as np
import pytest
from PIL import Image

from gluon_style.run.session import stylize
from gluon_style.settings import Output, settings_from_json

from ..conftest import outcome

STAGES = ("--stages", "24:12:8")


def make_pictures(folder, number):
    """Small pictures of noise, each unlike the others."""
    folder.mkdir()
    for i in range(number):
        pixels = np.random.RandomState(i).randint(0, 256, (30 + i % 3, 40, 3), dtype="uint8")
        Image.fromarray(pixels).save(folder / f"{i:02}.png")


@pytest.fixture
def pictures(tmp_path):
    """A folder with three pictures, and one with two styles."""
    make_pictures(tmp_path / "photos", 3)
    make_pictures(tmp_path / "styles", 2)
    return tmp_path


def alone(job_folder, tmp_path):
    """The outcome of a single run with a job's own settings."""
    settings = settings_from_json(json.loads((job_folder / "run.json").read_text())["settings"])
    folder = tmp_path / "alone" / job_folder.name
    stylize(settings, Output(folder, quiet=True))
    return outcome(folder)
