"""The chapter as a notebook, in two languages."""

import base64
import io
import os
import re
import shutil
import tokenize

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

from .conftest import PROJECT

NAMES = ("neural-style.ipynb", "neural-style.zh.ipynb")
# Small, and without network: what the parameters' cell sets is replaced.
SMALL = """
weights, ctx_name = 'small', 'cpu'
stage_1, stage_2, exercise = (48, 3, 2), (72, 2, 1), (64, 2, 1)
"""
CHINESE = re.compile("[\u4e00-\u9fff]")
LOSSES = {
    NAMES[0]: r"epoch {}, content loss \d+\.\d\d, style loss \d+\.\d\d, TV loss \d+\.\d\d",
    NAMES[1]: r"迭代周期 {}，内容损失 \d+\.\d\d，样式损失 \d+\.\d\d，总变差损失 \d+\.\d\d",
}
EXERCISES = 6


def read(name):
    return nbformat.read(str(PROJECT / "notebooks" / name), as_version=4)


def cells(notebook, cell_type):
    return [cell for cell in notebook.cells if cell.cell_type == cell_type]


def texts(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def pictures(cell):
    kinds = {"image/png", "image/jpeg"}
    return [data for output in cell.outputs for data in [output.get("data", {})] if kinds & {*data}]


def lasting(cell):
    """What a cell has printed that does not change from run to run, word by word."""
    return re.sub(r"\d+\.\d\d (sec|秒)|\d+%.*", "", texts(cell)).split()


def no_widgets(notebook):
    kinds = {
        kind for cell in cells(notebook, "code") for o in cell.outputs for kind in o.get("data", ())
    }
    return "widgets" not in notebook.metadata and not any("widget" in kind for kind in kinds)


def tokens(cell):
    """A code cell's comments and string literals, and its other tokens."""
    words, code = [], []
    for token in tokenize.generate_tokens(io.StringIO(cell.source).readline):
        in_words = token.type in (tokenize.COMMENT, tokenize.STRING)
        (words if in_words else code).append(token.string)
    return words, code


class Client(NotebookClient):
    """Runs a notebook, and counts how often a picture that is shown already is drawn anew."""

    updates = 0

    def process_message(self, msg, cell, cell_index):
        self.updates += msg["msg_type"] == "update_display_data"
        return super().process_message(msg, cell, cell_index)


def execute(notebook, folder, **options):
    for cell in cells(notebook, "code"):
        cell.outputs, cell.execution_count = [], None
    resources = {"metadata": {"path": str(folder)}}
    client = Client(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources=resources,
        coalesce_streams=True,
        **options,
    )
    client.execute()
    return client


def test_both_languages_differ_in_words_only():
    english, chinese = map(read, NAMES)
    assert [cell.id for cell in english.cells] == [cell.id for cell in chinese.cells]
    assert [cell.cell_type for cell in english.cells] == [cell.cell_type for cell in chinese.cells]
    for here, there in zip(cells(english, "code"), cells(chinese, "code")):
        (words, code), (other_words, other_code) = tokens(here), tokens(there)
        assert code == other_code
        assert here.metadata == there.metadata
        for mine, other in zip(words, other_words):
            # A word of code is the same in both, two words of English are not.
            assert bool(CHINESE.search(other)) == (mine != other)
            assert mine != other or not re.search("[a-z]{2} [a-z]{2}", mine), mine


def test_each_is_in_its_language():
    english, chinese = map(read, NAMES)
    for cell in english.cells[1:]:  # the first names the Chinese chapter
        assert not CHINESE.search(cell.source)
    for cell in cells(chinese, "markdown"):
        assert CHINESE.search(cell.source)
    text = "".join(cell.source for cell in cells(chinese, "markdown"))
    for term in ("样式", "内容", "合成图像", "格拉姆矩阵"):
        assert term in text


@pytest.mark.parametrize("name", NAMES)
def test_it_is_committed_executed_with_its_pictures(name):
    notebook = read(name)
    code = cells(notebook, "code")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    # The larger pictures were stored as JPEG, to keep the file small.
    assert sum(len(pictures(cell)) for cell in code) >= 15
    assert (PROJECT / "notebooks" / name).stat().st_size < 3_500_000
    text = "".join(map(texts, code))
    assert re.search(LOSSES[name].format(450), text)
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)
    # As one sees it: without what the progress bar has overwritten, and no widget without its page.
    assert "\r" not in text
    assert no_widgets(notebook)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(("name", "times"), [(NAMES[0], 1), (NAMES[1], 2)])
def test_it_runs_and_each_cell_may_be_run_twice(name, times, tmp_path):
    notebook = read(name)
    by_id = {cell.id: cell for cell in cells(notebook, "code")}
    by_id["parameters-code"].source += SMALL
    again = {id: nbformat.v4.new_code_cell(cell.source) for id, cell in by_id.items()}
    notebook.cells = [cell for id in by_id for cell in (by_id[id], again[id])[:times]]
    client = execute(notebook, tmp_path)

    text = "".join(map(texts, by_id.values()))
    assert re.search("(change lr to|学习率改为) 1.0e-03", text)
    assert re.search("(weights|权重)[:：] small", text)
    # One picture is left of those that were shown on the way.
    for stage in ("stage-1-code", "stage-2-code"):
        assert len(pictures(by_id[stage])) == 1
    assert client.updates == times * (2 + 2)
    for number in range(1, EXERCISES + 1):
        (picture,) = pictures(by_id[f"exercise-{number}-code"])
        assert Image.open(io.BytesIO(base64.b64decode(picture["image/png"]))).width > 500
    for number, size in ((1, (48, 32)), (2, (72, 48))):
        with Image.open(tmp_path / f"neural-style-{number}.png") as picture:
            assert picture.size == size

    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert no_widgets(notebook)
    for id, cell in by_id.items() if times == 2 else ():
        assert lasting(cell) == lasting(again[id])
        assert pictures(cell) == pictures(again[id])


@pytest.mark.parametrize("name", NAMES)
def test_each_exercise_asks_and_answers_folded_away(name):
    order = [cell.id for cell in read(name).cells]
    by_id = {cell.id: cell for cell in read(name).cells}
    for number in range(1, EXERCISES + 1):
        question, code, answer = (f"exercise-{number}{part}" for part in ("", "-code", "-answer"))
        at = order.index(question)
        assert order[at : at + 3] == [question, code, answer]
        assert re.search("[?？]", by_id[question].source)
        assert re.fullmatch(
            r"<details>\n<summary>.+</summary>\n\n.+\n\n</details>", by_id[answer].source, re.DOTALL
        )


@pytest.mark.parametrize("name", NAMES)
def test_its_figures_are_in_it(name):
    text = "\n".join(cell.source for cell in cells(read(name), "markdown"))
    # Not as attachments, which Colab does not show, nor as SVG, which only some show.
    figures = dict(re.findall(r"^\[(.+)\]: data:image/png;base64,(\S+)$", text, re.MULTILINE))
    assert re.findall(r"!\[.+\]\[(.+)\]", text) == [*figures]
    for figure, data in figures.items():
        picture = Image.open(io.BytesIO(base64.b64decode(data)))
        svg = (PROJECT / "img" / f"{figure}.svg").read_text(encoding="utf-8")
        size = re.search(r'width="(\d+)" height="(\d+)"', svg).groups()
        assert picture.size == tuple(map(int, size))
    assert len(figures) == 2
    assert not re.search(r"\]\((?!http)", text)  # no link that leads to another file


def install(folder, monkeypatch, before=""):
    """Run the cell that installs, as if the package were missing; what it raised, and where to."""
    installed = folder / "installed"
    for option, value in (("NO_DEPS", "1"), ("NO_INDEX", "1"), ("NO_BUILD_ISOLATION", "0")):
        monkeypatch.setenv(f"PIP_{option}", value)
    monkeypatch.setenv("PIP_TARGET", str(installed))
    monkeypatch.setenv("PYTHONPATH", str(installed) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    cell = next(cell for cell in read(NAMES[0]).cells if cell.id == "install-code")
    sources = [
        f"import sys\n{before}\nsys.modules['gluon_style'] = None",
        cell.source,
        "del sys.modules['gluon_style']\nimport gluon_style\nprint(gluon_style.__file__)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, sources)])
    execute(notebook, folder, allow_errors=True)
    errors = [o.evalue for o in notebook.cells[1].outputs if o.output_type == "error"]
    return errors, texts(notebook.cells[2]).strip(), str(installed / "gluon_style" / "__init__.py")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_it_installs_what_is_missing(tmp_path, monkeypatch):
    # The project's folder stands beside the notebook, as on Colab, or holds the notebook's.
    project = tmp_path / "gluon-style"
    for part in ("setup.py", "pyproject.toml", "README.md", "gluon_style", "img"):
        copy = shutil.copytree if (PROJECT / part).is_dir() else shutil.copy
        project.mkdir(exist_ok=True)
        copy(str(PROJECT / part), str(project / part))
    (project / "notebooks").mkdir()
    errors, found, wanted = install(tmp_path, monkeypatch, "import numpy")
    assert found == wanted
    assert len(errors) == 1 and errors[0].startswith("Now restart the kernel")
    errors, found, wanted = install(project / "notebooks", monkeypatch)
    assert found == wanted
    assert not errors


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_it_says_that_it_needs_the_projects_folder(tmp_path, monkeypatch):
    errors, _, _ = install(tmp_path, monkeypatch)
    assert errors == ["The project's folder is not here: see the text above."]
