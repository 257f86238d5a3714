"""The chapter as a notebook, in two languages."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from .conftest import PROJECT

NAMES = ("neural-style.ipynb", "neural-style.zh.ipynb")
# Small, and without network: replaces what the first cell sets.
SMALL = """
weights, ctx_name, run_exercises = 'small', 'cpu', False
stage_1 = (48, 32), 3, 2
stage_2 = (72, 48), 2, 1
"""


def read(name):
    return nbformat.read(str(PROJECT / "notebooks" / name), as_version=4)


def cells(notebook, cell_type):
    return [cell for cell in notebook.cells if cell.cell_type == cell_type]


def test_both_languages_have_the_same_code():
    english, chinese = map(read, NAMES)
    assert [cell.cell_type for cell in english.cells] == [cell.cell_type for cell in chinese.cells]
    assert [c.source for c in cells(english, "code")] == [c.source for c in cells(chinese, "code")]


def test_each_is_in_its_language():
    english, chinese = map(read, NAMES)
    for cell in cells(english, "markdown")[1:]:  # the first names the Chinese chapter
        assert not re.search("[\u4e00-\u9fff]", cell.source)
    for cell in cells(chinese, "markdown"):
        assert re.search("[\u4e00-\u9fff]", cell.source)
    text = "".join(cell.source for cell in cells(chinese, "markdown"))
    for term in ("样式", "内容", "合成图像", "格拉姆矩阵"):
        assert term in text


@pytest.mark.parametrize("name", NAMES)
def test_it_is_committed_executed_with_its_pictures(name):
    code = cells(read(name), "code")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    # The larger pictures were stored as JPEG, to keep the file small.
    assert sum(bool({"image/png", "image/jpeg"} & set(o.get("data", {}))) for o in outputs) >= 8
    text = "".join(output.get("text", "") for output in outputs)
    assert re.search(r"epoch 450, content loss \d+\.\d\d, style loss \d+\.\d\d", text)
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("name", NAMES)
def test_it_runs_from_top_to_bottom(name, tmp_path):
    notebook = read(name)
    first = cells(notebook, "code")[0]
    assert first.metadata["tags"] == ["parameters"]
    first.source += SMALL
    for cell in cells(notebook, "code"):
        cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    outputs = [output for cell in cells(notebook, "code") for output in cell.outputs]
    text = "".join(output.get("text", "") for output in outputs)
    assert "change lr to 1.0e-03" in text
    assert "weights: small" in text
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 8


def test_its_figures_are_there():
    for name in NAMES:
        for cell in cells(read(name), "markdown"):
            for link in re.findall(r"\]\((\.\./.*?)\)", cell.source):
                assert (PROJECT / "notebooks" / link).is_file()
