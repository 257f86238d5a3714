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

from . import needs
from .conftest import PROJECT

NAMES = ("neural-style.ipynb", "neural-style.zh.ipynb")
# Small, and without network: what the parameters' cell sets is replaced.
SMALL = """
weights, ctx_name = 'small', 'cpu'
stage_1, stage_2, exercise = (48, 3, 2), (72, 2, 1), (64, 2, 2)
"""
CHINESE = re.compile("[\u4e00-\u9fff]")
LOSSES = {
    NAMES[0]: r"epoch {}, content loss \d+\.\d\d, style loss \d+\.\d\d, TV loss \d+\.\d\d",
    NAMES[1]: r"迭代周期 {}，内容损失 \d+\.\d\d，样式损失 \d+\.\d\d，总变差损失 \d+\.\d\d",
}
EXERCISES = 7
# Drawing the curves takes longer than all else; where they have been seen, a picture stands in.
NO_CURVES = """
from gluon_style.page.notebook import Watch
from PIL import Image
Watch.curves = lambda self: Image.new('RGB', (9, 9))
"""


def read(name):
    return nbformat.read(str(PROJECT / "notebooks" / name), as_version=4)


def cells(notebook, cell_type):
    return [cell for cell in notebook.cells if cell.cell_type == cell_type]


def texts(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def pictures(cell):
    """The pictures that a cell shows, decoded."""
    shown = "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)
    found = re.findall(r'src="data:image/\w+;base64,([^"]+)"', shown)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


def lasting(cell):
    """The words printed by a cell that do not change from run to run."""
    return re.sub(r"\d+\.\d\d (sec|秒)", "", texts(cell)).split()


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


def execute(notebook, folder, **options):
    for cell in cells(notebook, "code"):
        cell.outputs, cell.execution_count = [], None
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources=resources,
        coalesce_streams=True,
        **options,
    )
    client.execute()


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
    assert sum(len(pictures(cell)) for cell in code) >= 40
    assert (PROJECT / "notebooks" / name).stat().st_size < 3_500_000
    text = "".join(map(texts, code))
    assert re.search(LOSSES[name].format(450), text)
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)
    # As one sees it: without what the progress bar has overwritten, and no widget without its page.
    assert "\r" not in text
    assert no_widgets(notebook)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("name", "times", "precision"),
    [
        (NAMES[0], 1, "float32"),
        pytest.param(NAMES[1], 2, "bfloat16", marks=needs.bfloat16),
    ],
)
def test_it_runs_and_does_what_a_student_changes(name, times, precision, tmp_path):
    """Each cell, once or twice, and then a student's, all in one kernel."""
    notebook = read(name)
    by_id = {cell.id: cell for cell in cells(notebook, "code")}
    by_id["parameters-code"].source += f"{SMALL}precision = '{precision}'\n"
    again = {id: nbformat.v4.new_code_cell(cell.source) for id, cell in by_id.items()}
    run = [cell for id in by_id for cell in (by_id[id], again[id])[:times]]
    own = [*map(nbformat.v4.new_code_cell, [*mutations(), *mistakes(name)])]
    notebook.cells = [*run, *own]
    execute(notebook, tmp_path, allow_errors=True)

    check_run(notebook, by_id, tmp_path)
    outputs = [output for cell in run for output in cell.outputs]
    assert not [o for o in outputs if "stderr" == o.get("name") or o.output_type == "error"]
    for id, cell in by_id.items() if times == 2 else ():
        assert lasting(cell) == lasting(again[id])
        if id not in ("train", "stage-1-code", "stage-2-code"):  # their captions tell times
            assert len(pictures(cell)) == len(pictures(again[id]))
    count = len(mutations())
    check_mutations(own[:count])
    check_mistakes(name, own[count:])


def check_run(notebook, by_id, folder):
    text = "".join(map(texts, by_id.values()))
    assert re.search("(change lr to|学习率改为) 1.0e-03", text)
    assert re.search("(weights|权重)[:：] small", text)
    # Each function agrees with the package's.
    assert len(re.findall("✓", text)) == 10 and "✗" not in text
    # One frame is left of those that were shown on the way: the picture and its curves.
    for stage in ("stage-1-code", "stage-2-code"):
        assert len(pictures(by_id[stage])) == 2
    for number, count in enumerate((6, 4, 3, 4, 5, 6, 4), 1):
        outputs = by_id[f"exercise-{number}-code"].outputs
        (folded,) = [o for o in outputs if "<details>" in o.get("data", {}).get("text/html", "")]
        assert len(pictures(by_id[f"exercise-{number}-code"])) == count
        letters = re.findall(r"<div>\((\w)\) ", folded["data"]["text/html"])
        assert "".join(letters) == "abcdef"[:count]
    for number, size in ((1, (48, 32)), (2, (72, 48))):
        with Image.open(folder / f"neural-style-{number}.png") as picture:
            assert picture.size == size
    assert no_widgets(notebook)


def mutations():
    """Cells that change a loss, train and paint with it, and put it back."""
    use = (
        "print(train(content_X, content_Y, style_Y, ctx, 0.01, 3, 9).sum().asscalar())\n"
        "painted = paint()\n"
        "print(painted.last.content, painted.last.style, painted.last.tv, painted.first.style)"
    )
    edits = {
        "content_loss": "lambda Y_hat, Y: (Y_hat - Y).abs().mean()",
        "gram": "lambda X, old=gram: 2 * old(X)",
        "tv_loss": "lambda Y_hat: Y_hat.square().mean()",
    }
    changed = [
        f"kept, {name} = {name}, {code}\n{use}\n{name} = kept" for name, code in edits.items()
    ]
    return [f"{NO_CURVES}\n{use}", *changed]


def check_mutations(own):
    """An edited loss is the one that is trained, in the training cell and in the exercises."""
    printed = [texts(cell).split() for cell in own]
    assert [len(values) for values in printed] == [5] * len(own), printed
    for values in zip(*printed):  # the trained picture, and the losses of a painted one
        assert len({*values}) > 1
    assert len({*map(tuple, printed)}) == len(own)
    assert len({values[0] for values in printed}) == len(own)
    # Twice the Gram matrices, of the targets too.
    before, doubled = (float(printed[at][4]) for at in (0, 2))
    assert doubled == pytest.approx(4 * before, rel=1e-3)


def mistakes(name):
    """Cells that are interrupted, differ from the package's, or fail."""
    interrupt = "os.kill(os.getpid(), signal.SIGINT)"
    return [
        "import os, signal\ncalls, kept = [], tv_loss\ndef tv_loss(Y_hat):\n    calls.append(1)\n"
        f"    if len(calls) == 2:\n        {interrupt}\n    return kept(Y_hat)\noutput = None",
        "output = train(content_X, content_Y, style_Y, ctx, 0.01, 50, 20)",
        "print(output.shape, signal.getsignal(signal.SIGINT) is signal.default_int_handler)",
        f"def tv_loss(Y_hat):\n    {interrupt}\n    return kept(Y_hat)\npaint()",
        "tv_loss = kept\ntrain(content_X, content_Y, style_Y, ctx, 1e38, 50, 20)",
        "def content_loss(Y_hat, Y):\n    return 2 * (Y_hat - Y).square().mean()\n"
        "two = contents[0], other_Y[0]\nscreen.same(content_loss(*two), gs.content_loss(*two))",
        "gs.read('missing.jpg')",
    ]


def check_mistakes(name, own):
    """A mistake is told in a line, and an interrupted training keeps its picture."""
    _, training, after, painting, diverged, edited, missing = map(texts, own)
    said = {
        NAMES[0]: (
            "stopped after epoch 2 of 50: the picture so far is kept",
            "interrupted: nothing of this cell is kept",
            r"Error: epoch \d: the \w+ loss is (nan|inf)",
            "✗ differs from gluon_style by 100.0%",
            "Error: missing.jpg: No such file or directory",
        ),
        NAMES[1]: (
            "在第 2 个迭代周期后停止（共 50 个）",
            "已中断：这个单元格的结果没有保留",
            r"错误：第 \d 个迭代周期：\w+损失为 (nan|inf)",
            "✗ 与 gluon_style 相差 100.0%",
            "错误：missing.jpg：没有这个文件或文件夹",
        ),
    }[name]
    for expected, told in zip(said, (training, painting, diverged, edited, missing)):
        assert re.search(expected, told), told
    assert after.strip() == "(1, 3, 32, 48) True"


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
