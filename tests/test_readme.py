import json
import re
import shutil

import pytest
from PIL import Image

from gluon_style.batch.__main__ import build_parser as batch_parser
from gluon_style.compare import build_parser as compare_parser
from gluon_style.doctor.__main__ import build_parser as doctor_parser
from gluon_style.page.__main__ import build_parser as page_parser
from gluon_style.train import build_parser as train_parser
from gluon_style.weights import build_parser as weights_parser

from .benchmarks.batch import build_parser as batches_parser
from .benchmarks.draft import build_parser as draft_parser
from .benchmarks.epoch_time import build_parser as benchmark_parser
from .benchmarks.to_the_end import build_parser as end_parser
from .conftest import PROJECT
from .small.judge import build_parser as judge_parser

README = (PROJECT / "README.md").read_text(encoding="utf-8")
ROOMS = [
    path
    for each in ("gluon_style", "notebooks", "tests")
    for path in (PROJECT / each).rglob("README.md")
]
TEXTS = {path: path.read_text(encoding="utf-8") for path in (PROJECT / "README.md", *ROOMS)}


def code_blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_ci_runs_the_test_command_of_the_readme():
    (test_command,) = [block for block in code_blocks("sh") if "-m pytest" in block]
    script = (PROJECT / ".ci" / "run").read_text().splitlines()
    assert test_command.strip() == script[-1]


def test_the_python_examples_run(tmp_path, monkeypatch):
    example = "".join(code_blocks("python"))
    # The example's own pictures, a size for a test, and weights that need no network.
    for name in ("me.jpg", "painting.jpg"):
        shutil.copy(str(PROJECT / "img" / "mountain.jpg"), str(tmp_path / name))
    small = "Stage((48, 32), 2, 1),), weights='small', ctx='cpu'"
    assert "Stage(300, 500, 200),)" in example
    example = example.replace("Stage(300, 500, 200),)", small)
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    for name in ("me-python.png", "me-python/neural-style-1.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.size == (48, 32)


def test_every_option_that_is_named_exists():
    help_texts = [train_parser().format_help(), weights_parser().format_help()]
    help_texts += [
        batch_parser().format_help(),
        compare_parser().format_help(),
        doctor_parser().format_help(),
        page_parser().format_help(),
        benchmark_parser().format_help(),
        draft_parser().format_help(),
        batches_parser().format_help(),
        end_parser().format_help(),
    ]
    help_texts += [judge_parser().format_help()]
    named = {
        name for text in TEXTS.values() for name in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)
    }
    named -= {"--no-index", "--no-deps"}  # of pip
    named -= {"--port", "--nthreads", "--scheduler-file", "--local-directory"}  # of Dask
    assert len(named) > 10
    for option in named:
        assert any(option in text for text in help_texts), option


def test_every_picture_and_notebook_that_is_linked_is_there():
    links = [
        (path.parent, link)
        for path, text in TEXTS.items()
        for link in re.findall(r"\]\((?!http)(.*?)\)", text)
    ]
    assert len(links) >= 12
    for folder, link in links:
        assert (folder / link).is_file(), (folder, link)


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 200


@pytest.mark.parametrize("notebook", ["neural-style.ipynb", "neural-style.zh.ipynb"])
def test_the_cells_that_a_class_runs_again_are_in_the_notebooks(notebook):
    path = PROJECT / "notebooks" / notebook
    cells = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
    for code in ("weights = 'auto'", "pretrained = ", "net = ", "baseline = "):
        assert any(re.search(f"^{code}", cell, re.MULTILINE) for cell in cells), code
        assert code.strip() in TEXTS[PROJECT / "notebooks" / "README.md"]


def test_no_registry_is_named():
    named = {
        host for text in TEXTS.values() for host in re.findall(r"pip install .*?-i (\S+)", text)
    }
    assert named == {"https://镜像地址/simple"}
