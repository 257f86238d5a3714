"""The jobs of what a command or a table names, and what each of them takes."""

import dataclasses
import hashlib
import json
import os
import re
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from ..beyond import joint_checksum
from ..errors import GluonStyleError
from ..machine.files import hashes
from ..machine.files.pictures import size_in_header
from ..plan import PROCESS_BYTES, Means, Sizes, make_plan
from ..settings import pictures_of, with_whole_paths
from ..vgg19 import CHANNELS
from .job import Job, work_left


def make_jobs(rows):
    """The jobs of some `Row`s, each once."""
    return list({job.name: job for job in map(make_job, rows)}.values())


def make_job(row):
    """A job, whose folder is in that of all."""
    settings, output, content, style, options = row
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
