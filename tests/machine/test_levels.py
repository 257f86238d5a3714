"""Lesser processors: oneDNN is held to what they can do."""

import csv
import json
import subprocess
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from gluon_style.machine.process import child_environment

LEVELS = ("SSE41", "AVX2", "AVX512_CORE")
# A short run; what the doctor says; what follows is refused.
PROGRAM = """
import json, sys
from gluon_style.train import main
options = ["--weights", "small", "--stages", "64:40:30", "--lr", "0.08"]
options += ["--content", "narrow.png", "--ctx", "cpu", "--quiet", "--output"]
main([*options, sys.argv[1]])
from gluon_style.doctor.checks import check_processor
print(json.dumps(check_processor().text))
main([*options, "refused", "--precision", "bfloat16"])
"""


class Look(NamedTuple):
    """The results of a level: losses of shape (epochs, 4), the precision, the doctor's words."""

    losses: np.ndarray
    precision: str
    doctor: str
    process: subprocess.CompletedProcess


@pytest.fixture(scope="module")
def looks(starter, tmp_path_factory):
    """One for each level."""
    folder, looks = tmp_path_factory.mktemp("levels"), {}
    values = np.random.RandomState(0).randint(0, 256, (32, 128, 3), dtype="uint8")
    Image.fromarray(values).save(folder / "narrow.png")
    for level in LEVELS:
        process = subprocess.run(
            [starter.python, "-c", PROGRAM, level],
            env=child_environment({"DNNL_MAX_CPU_ISA": level}),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=200,
        )
        with open(folder / level / "losses.csv", newline="") as file:
            rows = [
                [float(row[name]) for name in ("content", "style", "tv", "total")]
                for row in csv.DictReader(file)
            ]
        run = json.loads((folder / level / "run.json").read_text())
        doctor = json.loads(process.stdout)
        looks[level] = Look(np.array(rows), run["precision"], doctor, process)
    assert not (folder / "refused").exists()
    return looks


@pytest.mark.parametrize("level", LEVELS)
def test_the_quick_look_ends(looks, level):
    losses = looks[level].losses
    assert losses.shape == (40, 4) and np.isfinite(losses).all()
    assert losses[-1, 3] < losses[0, 3] / 5


@pytest.mark.parametrize("level", LEVELS[1:])
def test_losses_agree_to_rounding(looks, level):
    """The optimisation makes it grow."""
    least, losses = looks[LEVELS[0]].losses, looks[level].losses
    np.testing.assert_allclose(losses[:2], least[:2], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(losses, least, rtol=5e-2, atol=1e-5)


@pytest.mark.parametrize("level", LEVELS)
def test_float32_is_chosen_and_the_doctor_says_why(looks, level):
    assert looks[level].precision == "float32"
    assert "; float32: " in looks[level].doctor
    assert f"DNNL_MAX_CPU_ISA={level} forbids" in looks[level].doctor or (
        "this processor does not compute in bfloat16" in looks[level].doctor
    )


@pytest.mark.parametrize("level", LEVELS)
def test_bfloat16_is_refused(looks, level):
    process = looks[level].process
    why = looks[level].doctor.split("; float32: ")[1].split(" (AMX")[0]
    line = f"gluon_style: error: --precision bfloat16: {why}; use --precision float32\n"
    assert (process.returncode, process.stderr) == (2, line)
