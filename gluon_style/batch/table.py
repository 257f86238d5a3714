"""The pictures that a command or a table names, read and checked without MXNet."""

import csv
import glob
import os
from collections import Counter
from io import TextIOWrapper
from itertools import product, zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..errors import GluonStyleError, Mistakes, UsageError, field_of, reason
from ..machine.files import expanded, open_file
from ..machine.files.pictures import decode, size_in_header
from ..plan import Means, Sizes, make_plan
from ..run import PAIR, PICTURES
from ..settings import SETTINGS, Output, Settings, with_option
from ..vgg19 import SMALL_CHANNELS


class Row(NamedTuple):
    """A picture to paint, and where."""

    settings: Settings
    output: Output  # of all jobs
    content: str  # paths as they were given
    style: str
    options: dict  # those that not all jobs have, as text


def expand(texts, field):
    """The pictures named by paths, folders and patterns like `photos/*.jpg`."""
    found = []
    for text in texts:
        path = Path(expanded(text, field))
        if path.is_dir():
            pictures = [each for each in sorted(path.iterdir()) if is_photo(each)]
        elif path.exists() or path.suffix.lower() in PICTURES and not glob.has_magic(str(path)):
            pictures = [path]  # whoever paints it says what is wrong
        else:
            pictures = [Path(p) for p in sorted(glob.glob(str(path), recursive=True))]
        if not pictures:
            raise UsageError("{value}: there are no pictures of that name", field, value=text)
        found += map(str, pictures)
    return found


def is_photo(path):
    """True for a file with a picture's suffix that is not hidden, as a Mac's `._x.jpg` is."""
    is_called_so = path.suffix.lower() in PICTURES and not path.name.startswith(".")
    return is_called_so and not path.is_dir()


def combine(settings, output, contents, styles):
    """A row for every content picture with every style picture."""
    return [make_row(settings, output, *pair) for pair in product(contents, styles)]


def make_row(settings, output, content, style, options=MappingProxyType({})):
    """A row whose settings have its pictures."""
    for name, path in zip(PAIR, (content, style)):
        settings = with_option(settings, name, path)
    return Row(settings, output, content, style, dict(options))


def read_table(path, parse, mistakes):
    """A `Row` for every line of a CSV file; `parse` makes `Settings` and `Output` of its options.

    Relative paths are from the table's own folder. An empty cell is what all jobs have. Rows that
    are wrong are left out, and noted.
    """
    try:
        with TextIOWrapper(open_file(expanded(path, "jobs")), "utf-8-sig", newline="") as file:
            # Spreadsheets of many countries write semicolons.
            first = file.readline()
            separator = next((each for each in ",;\t" if each in first), ",")
            file.seek(0)
            rows = csv.reader(file, delimiter=separator, skipinitialspace=True)
            names = [name.strip() for name in next(rows, [])]
            if not {*PAIR} <= {*names}:
                text = "{path}: its first line has to name content and style"
                raise UsageError(text, "jobs", path=path)
            for name, count in Counter(map(field_of, filter(None, names))).items():
                if count > 1:
                    text = "{path}: its first line names {name} twice"
                    raise UsageError(text, "jobs", path=path, name=name)
            found, is_empty = [], True
            for row in rows:
                with mistakes:
                    if any(map(str.strip, row)):
                        is_empty = False
                        found.append(read_row(path, rows.line_num, names, row, parse))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        text = "{path}: cannot be read: {reason}"
        raise UsageError(text, "jobs", path=path, reason=reason(error)) from None
    if is_empty:
        raise UsageError("{path}: it has no rows", "jobs", path=path)
    return found


def read_row(path, line, names, row, parse):
    try:
        cells = zip_longest(names, map(str.strip, row), fillvalue="")
        own = {name: cell for name, cell in cells if cell}
        if "" in own:
            raise UsageError("more cells than the first line has")
        pictures = []
        for name in PAIR:
            if name not in own:
                raise UsageError("the cell is empty", name)
            pictures.append(beside(path, own.pop(name), name))
        for name in own:
            option = SETTINGS.get(field_of(name))
            if option and option.kind.form == "picture" and own[name] not in option.kind.words:
                own[name] = beside(path, own[name], option.name)
        settings, output = parse(own)
        return make_row(settings, output, *pictures, own)
    except GluonStyleError as error:
        text = "{path}, line {line}: {wrong}"
        wrong = error.as_option()
        raise UsageError(text, "jobs", path=path, line=line, wrong=wrong) from None


def beside(path, name, field):
    """The path of a file that a table names, from the table's own folder."""
    return os.path.join(os.path.dirname(path), expanded(name, field))


def check_pictures(rows, mistakes):
    """Note that no job can be painted, if no content or no style picture can be read."""
    for name in PAIR:
        wrong = Mistakes()
        for path in dict.fromkeys(getattr(row.settings, name) for row in rows):
            count = len(wrong)
            with wrong:
                decode(path)
            if len(wrong) == count:
                break  # those that are damaged are told as their jobs fail
        else:
            mistakes += wrong


def plan_by_headers(settings, channels):
    """The plan of a run where memory is plentiful, by the sizes in its pictures' headers."""
    content, *styles = map(size_in_header, (settings.content, *settings.styles))
    return make_plan(settings, Sizes(content, tuple(styles)), Means(channels=channels))


def check_plans(rows):
    """Refuse jobs none of whose stages can be painted, with the first one's mistake."""
    wrong = None
    for row in rows:
        try:
            plan_by_headers(row.settings, SMALL_CHANNELS)
        except GluonStyleError as error:
            wrong = wrong or error
        except Exception:  # of the header; its job says what is wrong
            return
        else:
            return  # the others' mistakes are told as their jobs fail
    if wrong:
        raise wrong
