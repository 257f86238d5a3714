"""Who may import whom, and what is imported when."""

import ast
import re
import sys
from subprocess import run

import pytest

from .conftest import PROJECT

PACKAGE = PROJECT / "gluon_style"
# From the ground up. Each may import what is below it; a room is one part.
FLOORS = (
    ("errors",),
    ("vgg19", "machine"),
    ("settings",),
    ("plan",),
    ("images",),
    ("features", "losses"),
    ("beyond",),
    ("generated", "trainer", "pretrained"),
    ("chapter",),
    ("run",),
    ("train", "weights", "__main__", "doctor"),
    ("batch",),
    ("compare", "page"),
    ("",),  # the package's own face
)
# What may be imported past a room's face.
OPEN = {
    *("machine.bfloat16", "machine.gpu", "machine.version", "machine.command_line"),
    *("machine.files", "machine.files.pictures"),
}


def name_of(path):
    """Of a module within the package, `""` for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


TREES = {name_of(path): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}
ROOMS = {name_of(path) for path in PACKAGE.rglob("__init__.py")}


def join(*names):
    return ".".join(filter(None, names))


def imported(module):
    """The modules of the package that a module imports, in its functions, too."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            assert not [alias for alias in node.names if alias.name.startswith("gluon_style")]
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        parts = module.split(".") if module else []
        up = node.level - (module in ROOMS)
        base = join(*parts[: len(parts) - up], node.module)
        assert base in TREES, (module, base)
        for alias in node.names:
            inner = join(base, alias.name)
            yield inner if inner in TREES else base


def inside(module, room):
    return not room or f"{module}.".startswith(f"{room}.")


IMPORTS = {module: set(imported(module)) - {module} for module in TREES}
PAIRS = [(module, other) for module in sorted(IMPORTS) for other in sorted(IMPORTS[module])]


def part(module):
    return module.split(".")[0]


def test_every_module_has_its_floor():
    assert {part(module) for module in TREES} == {name for floor in FLOORS for name in floor}


def test_imports_only_go_down():
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    assert not [
        f"{module} imports {other}"
        for module, other in PAIRS
        if part(module) != part(other) and floor[part(module)] <= floor[part(other)]
    ]


def test_no_import_goes_in_a_circle():
    waiting = dict(IMPORTS)
    while waiting:
        free = [module for module, others in waiting.items() if not others & waiting.keys()]
        assert free, sorted(waiting)
        for module in free:
            del waiting[module]


def test_the_machine_knows_nothing_of_the_others_but_their_errors():
    known = {part(other) for module, other in PAIRS if part(module) == "machine"}
    assert known <= {"machine", "errors"}


def test_few_things_stand_at_the_first_level():
    entries = {part(name_of(path)) for path in PACKAGE.rglob("*.py")} | {"__init__"}
    assert len(entries - {""}) <= 22


def test_a_room_is_entered_by_its_face():
    passed = [
        (module, other)
        for module, other in PAIRS
        if not inside(module, other.rpartition(".")[0]) and other not in OPEN
    ]
    assert passed == [("doctor.probe_epochs", "run.progress")]


@pytest.mark.parametrize("name", ["images", "features", "losses", "generated", "trainer"])
def test_the_chapters_files_speak_of_the_chapter(name):
    text = (PACKAGE / f"{name}.py").read_text()
    assert not re.findall(r"AMX|glibc|download|terminal|(?<![\w-])--[a-z][\w-]*", text)


def test_nothing_imports_the_page():
    assert {part(module) for module, other in PAIRS if part(other) == "page"} == {"page"}


def python(*arguments):
    return run([sys.executable, *arguments], capture_output=True, text=True, check=True)


@pytest.mark.parametrize("command", ["train", "page", "compare", "batch", "doctor", "weights"])
def test_help_does_not_wait_for_mxnet(command):
    told = python("-X", "importtime", "-m", f"gluon_style.{command}", "--help").stderr
    assert "gluon_style.machine.command_line" in told
    assert not re.search(r"\bmxnet\b", told)


def test_every_name_of_the_package_can_be_imported():
    # The commands of the same names come first: a later import must not put them in the way.
    code = """
import gluon_style.train, gluon_style.compare
from gluon_style import *
for name in gluon_style.__all__:
    assert globals()[name] is getattr(gluon_style, name) is not None, name
assert {*gluon_style.__all__} <= {*dir(gluon_style)}
print(train.__module__, compare.__module__)
import sys  # what takes long waits for its use
assert not {"matplotlib.figure", "scipy.stats"} & {*sys.modules}
try:
    gluon_style.nonsense
except AttributeError as error:
    print(error)
"""
    assert python("-c", code).stdout.splitlines() == [
        "gluon_style.trainer gluon_style.batch.comparison",
        "module 'gluon_style' has no attribute 'nonsense'",
    ]
