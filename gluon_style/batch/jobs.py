"""The jobs that a command or a table names: one for each content picture and style."""

import csv
import dataclasses
import glob
import hashlib
import json
import os
import re
from collections import Counter, defaultdict
from contextlib import suppress
from itertools import product, zip_longest
from pathlib import Path

from ..beyond import joint_checksum
from ..errors import GluonStyleError, UsageError
from ..machine.files import expanded, hashes
from ..machine.files.pictures import size_in_header
from ..plan import PROCESS_BYTES, Means, Sizes, make_plan
from ..run import PICTURES
from ..settings import (
    SETTINGS,
    pictures_of,
    with_option,
    with_whole_paths,
)
from ..vgg19 import CHANNELS
from .job import Job, work_left


def expand(texts, field):
    """The pictures that are meant by paths, folders and patterns like `photos/*.jpg`."""
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
    """True for a file that is called like a picture, and not hidden, as a Mac's `._x.jpg` is."""
    is_called_so = path.suffix.lower() in PICTURES and not path.name.startswith(".")
    return is_called_so and not path.is_dir()


def combine(settings, output, contents, styles):
    """A job for every content picture with every style picture."""
    return unique(make_job(settings, output, *pair) for pair in product(contents, styles))


def read_table(path, parse):
    """A job for every row of a CSV file; `parse` makes `Settings` and `Output` of its options.

    Relative paths are from the table's own folder. An empty cell is what all jobs have.
    """
    try:
        with open(expanded(path, "jobs"), newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file, skipinitialspace=True)
            names = [name.strip() for name in next(rows, [])]
            if not {"content", "style"} <= {*names}:
                text = "{path}: its first line has to name content and style"
                raise UsageError(text, "jobs", path=path)
            for name, count in Counter(map(plain, filter(None, names))).items():
                if count > 1:
                    text = "{path}: its first line names {name} twice"
                    raise UsageError(text, "jobs", path=path, name=name)
            full = (row for row in rows if any(map(str.strip, row)))
            jobs = [row_job(path, rows.line_num, names, row, parse) for row in full]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        text = "{path}: cannot be read: {reason}"
        raise UsageError(text, "jobs", path=path, reason=reason) from None
    if not jobs:
        raise UsageError("{path}: it has no rows", "jobs", path=path)
    return unique(jobs)


def row_job(path, line, names, row, parse):
    try:
        cells = zip_longest(names, map(str.strip, row), fillvalue="")
        own = {name: cell for name, cell in cells if cell}
        if "" in own:
            raise UsageError("more cells than the first line has")
        pictures = []
        for name in ("content", "style"):
            if name not in own:
                raise UsageError("the cell is empty", name)
            pictures.append(beside(path, own.pop(name), name))
        for name in own:
            option = SETTINGS.get(plain(name))
            if option and option.kind.form == "picture" and own[name] not in option.kind.words:
                own[name] = beside(path, own[name], option.name)
        settings, output = parse(own)
        return make_job(settings, output, *pictures, own)
    except GluonStyleError as error:
        text = "{path}, line {line}: {wrong}"
        wrong = error.as_option()
        raise UsageError(text, "jobs", path=path, line=line, wrong=wrong) from None


def plain(name):
    """A column's name as Python has it: `tv_weight` for `--tv-weight`."""
    return name.lstrip("-").replace("-", "_")


def beside(path, name, field):
    """The path of a file that a table names, from the table's own folder."""
    return os.path.join(os.path.dirname(path), expanded(name, field))


def unique(jobs):
    return list({job.name: job for job in jobs}.values())


def make_job(settings, output, content, style, options=None):
    """A job, whose folder is in that of `output`."""
    options = options or {}
    for name, path in (("content", content), ("style", style)):
        settings = with_option(settings, name, path)
    settings = with_whole_paths(settings)
    checksums = defaultdict(list)
    for name, path in pictures_of(settings):
        checksums[name].append(checksum(path))
    checksums = {name: joint_checksum(each) for name, each in checksums.items()}
    name = job_name(content, style, checksums, options)
    output = dataclasses.replace(output, folder=os.path.join(output.folder, name))
    job = Job(name, settings, output, name, content, style, checksums, options)
    job.left = work_left(stages_of(job))
    return job


def checksum(path):
    """A file's SHA-256; of what cannot be read, that of its path."""
    with suppress(OSError):
        if os.path.isfile(path):
            return hashes(path, "sha256")[0]
    return hashlib.sha256(os.fsencode(path)).hexdigest()


def job_name(content, style, checksums, options):
    """A name for the eye, made unlike all others by what the job is made from."""
    made_from = json.dumps([checksums, options], sort_keys=True).encode()
    names = (
        re.sub(r"[^\w.,=+-]+", "-", Path(path).stem)[:36].strip(".-") for path in (content, style)
    )
    return f"{'--'.join(names)}-{hashlib.sha256(made_from).hexdigest()[:8]}".lstrip(".-")


def stages_of(job):
    """The job's stages with both sides given; those of a square where the picture is not one."""
    return [stage.fitted(size_of(job.content)) for stage in job.settings.stages]


def size_of(path):
    """(width, height) of a picture as its header tells it."""
    try:
        return size_in_header(path)
    except Exception:  # whoever paints it says what is wrong
        return 1, 1


def memory(job, channels=CHANNELS[0]):
    """Bytes that a process needs for the job, if it has all that it asks for."""
    sizes = Sizes(size_of(job.settings.content), tuple(map(size_of, job.settings.styles)))
    try:
        return make_plan(job.settings, sizes, Means(channels=channels)).memory
    except GluonStyleError:  # it ends as soon as it begins
        return PROCESS_BYTES
