"""What is to be done: a job for each picture and style, named, and looked up in its folder."""

import csv
import glob
import hashlib
import json
import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from ..beyond import joint_checksum
from ..errors import CheckpointError, GluonStyleError, UsageError
from ..files import RECORD, expanded, hashes
from ..machine import whole_bytes
from ..run import PICTURES, OutputFolder, work_left
from ..settings import (
    INITS,
    Output,
    Settings,
    fixed_options,
    pictures_of,
    settings_from_json,
    with_option,
    with_whole_paths,
)
from ..vgg19 import CHANNELS, values_per_pixel

PROCESS_BYTES = 400_000_000  # of Python, MXNet and the network, before any picture
ATTEMPTS = 3


@dataclass(eq=False)
class Job:
    """One picture to be painted in one style, and how far that is.

    Attributes
    ----------
    name : str
        Of its folder.
    settings : Settings
    output : Output
    content, style : str
        Paths as they were given.
    checksums : dict of str to str
        SHA-256 of the pictures, see `Pictures`.
    options : dict of str to str
        Its own, beside those of all jobs.
    state : str
        `waiting`, `done` or `failed`.
    reason : str
        Why it has failed.
    attempts : int
        How many processes have died of it.
    left : int
        Of its work, in pixels times epochs.
    """

    name: str
    settings: Settings
    output: Output
    content: str
    style: str
    checksums: dict
    options: dict = field(default_factory=dict)
    state: str = "waiting"
    reason: str = ""
    attempts: int = 0
    left: int = 0

    @property
    def folder(self):
        """Its folder, as a `Path`."""
        return OutputFolder(self.output.folder).path

    def record(self):
        """What its run has left in `run.json`; None if there is none that can be read."""
        try:
            return json.loads((self.folder / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def picture(self):
        """Path of its last picture, from what its run has left there."""
        folder = OutputFolder(self.output.folder, suffix=self.output.format)
        return folder.picture(len(self.settings.stages))

    def died(self, reason):
        """A process has died of it: what is to be done with the job, None if it is to go on."""
        self.attempts += 1
        if self.attempts < ATTEMPTS:
            return None
        return {"ended": "failed", "reason": f"{reason} ({self.attempts} times)"}


def expand(texts, field):
    """The pictures that are meant by paths, folders and patterns like `photos/*.jpg`."""
    found = []
    for text in texts:
        path = Path(expanded(text, field))
        if path.is_dir():
            pictures = [p for p in sorted(path.iterdir()) if p.suffix.lower() in PICTURES]
        elif path.exists() or not glob.has_magic(str(path)):
            pictures = [path]
        else:
            pictures = [Path(p) for p in sorted(glob.glob(str(path), recursive=True))]
        if not pictures:
            raise UsageError(f"{text}: there are no pictures of that name", field)
        found += map(str, pictures)
    return found


def combine(settings, output, contents, styles):
    """A job for every content picture with every style picture."""
    jobs = [make_job(settings, output, content, style) for content in contents for style in styles]
    return unique(jobs)


def read_table(path, parse):
    """A job for every row of a CSV file.

    Parameters
    ----------
    path : str
        With columns `content` and `style`, whose relative paths are to the table's own folder,
        and any option by its name; an empty cell is what all jobs have.
    parse : callable
        Takes options, a dict of str to str, and gives `Settings` and `Output`.
    """
    try:
        with open(expanded(path, "jobs"), newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file, restkey="", skipinitialspace=True)
            rows.fieldnames = [name.strip() for name in rows.fieldnames or []]
            if not {"content", "style"} <= {*rows.fieldnames}:
                raise UsageError(f"{path}: its first line has to name content and style", "jobs")
            jobs = [row_job(path, rows.line_num, row, parse) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}", "jobs"
        ) from None
    if not jobs:
        raise UsageError(f"{path}: it has no rows", "jobs")
    return unique(jobs)


def row_job(path, line, row, parse):
    """The job of one row."""
    try:
        if "" in row:
            raise UsageError("more cells than the first line has")
        own = {name: value.strip() for name, value in row.items() if value and value.strip()}
        pictures = []
        for name in ("content", "style"):
            if name not in own:
                raise UsageError("the cell is empty", name)
            pictures.append(beside(path, own.pop(name), name))
        for name in own:
            field = name.lstrip("-").replace("-", "_")
            if field == "mask" or field == "init" and own[name] not in INITS:
                own[name] = beside(path, own[name], field)
        settings, output = parse(own)
        return make_job(settings, output, *pictures, own)
    except GluonStyleError as error:
        raise UsageError(f"{path}, line {line}: {error.as_option()}", "jobs") from None


def beside(path, name, field):
    """The path of a file that a table names, from the table's own folder."""
    return os.path.join(os.path.dirname(path), expanded(name, field))


def unique(jobs):
    """Each job once."""
    return list({job.name: job for job in jobs}.values())


def make_job(settings, output, content, style, options=None):
    """A job, in a folder of its own in that of `output`."""
    options = options or {}
    for name, path in (("content", content), ("style", style)):
        settings = with_option(settings, name, path)
    settings = with_whole_paths(settings)
    checksums = defaultdict(list)
    for name, path in pictures_of(settings):
        checksums[name].append(checksum(path))
    checksums = {name: joint_checksum(each) for name, each in checksums.items()}
    name = job_name(content, style, checksums, options)
    output = Output(**{**vars(output), "folder": os.path.join(output.folder, name)})
    job = Job(name, settings, output, content, style, checksums, options)
    job.left = work_left(stages_of(job))
    return job


def checksum(path):
    """A file's SHA-256; of what cannot be read, that of its path."""
    try:
        if os.path.isfile(path):
            return hashes(path, "sha256")[0]
    except OSError:
        pass
    return hashlib.sha256(os.path.abspath(path).encode("utf-8", "surrogateescape")).hexdigest()


def job_name(content, style, checksums, options):
    """A name for the eye, made unlike all others by what the job is made from."""
    made_from = json.dumps([checksums, options], sort_keys=True).encode()
    names = (
        re.sub(r"[^\w.,=+-]+", "-", Path(path).stem)[:36].strip(".-") for path in (content, style)
    )
    return f"{'--'.join(names)}-{hashlib.sha256(made_from).hexdigest()[:8]}".lstrip(".-")


def stages_of(job):
    """The job's stages with both sides given; those of a square where the picture is not one."""
    try:
        with Image.open(job.content) as picture:
            size = picture.size
    except Exception:  # whoever paints it says what is wrong
        size = 1, 1
    return [stage.fitted(size) for stage in job.settings.stages]


def memory(job, channels=CHANNELS[0]):
    """Bytes that a process needs for the job, if no stage is computed in tiles."""
    values = values_per_pixel(job.settings.layers.last, channels)
    largest = max(
        (stage.image_shape for stage in stages_of(job)), key=lambda shape: shape[0] * shape[1]
    )
    return PROCESS_BYTES + whole_bytes(largest, values, "float32")


def look_back(job, overwrite):
    """Mark the job as done if it is; refuse a folder that another run has written."""
    record, folder = job.record(), OutputFolder(job.output.folder)
    if record is None:
        if not overwrite:
            folder.refuse_results()
        return
    if not is_same(job, record):
        if overwrite:
            return
        raise CheckpointError(
            f"{folder.path}: it was painted with other settings, weights or pictures: give another "
            "--output, or --overwrite to paint such jobs anew"
        )
    was = settings_from_json(record["settings"]).stages
    if not record["finished"] or was != job.settings.stages:
        return
    name = job.picture().stem
    if job.picture().exists():
        job.state, job.left = "done", 0
    elif not overwrite and any(path.stem == name for path in folder.results()):
        raise CheckpointError(
            f"{folder.path}: it was painted in another format: give another --output, or "
            "--overwrite to paint such jobs anew"
        )


def is_same(job, record):
    """Whether a run began as this job would."""
    try:
        was, now = settings_from_json(record["settings"]), job.settings
        ctx = "cpu" if record["ctx"] == "cpu(0)" else record["ctx"]
        chosen = now.ctx in ("auto", ctx) and now.precision in ("auto", record["precision"])
        if os.path.isabs(now.weights):
            same_weights = record["weights"]["sha256"] == hashes(now.weights, "sha256")[0]
        else:
            same_weights = was.weights == now.weights
        pictures = job.checksums.items() <= record["identity"].items()
        return chosen and same_weights and pictures and fixed_options(was) == fixed_options(now)
    except (GluonStyleError, KeyError, TypeError, AttributeError, OSError):
        return False
