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
from ..machine.files import hashes
from ..machine.files.pictures import size_in_header
from ..plan import PROCESS_BYTES
from ..settings import pictures_of, with_whole_paths
from ..vgg19 import CHANNELS
from .job import Job, work_left
from .table import plan_by_headers


def make_jobs(rows):
    """The jobs of some `Row`s, each once."""
    return list({job.name: job for job in map(make_job, rows)}.values())


def make_job(row):
    """A job, whose folder is in that of all."""
    settings, output, content, style, options = row
    settings = with_whole_paths(settings)
    found = defaultdict(list)
    for name, path in pictures_of(settings):
        found[name].append(checksum(path))
    checksums = {name: joint_checksum(each) for name, each in found.items()}
    name = job_name(content, style, checksums, options)
    output = dataclasses.replace(output, folder=os.path.join(output.folder, name))
    job = Job(name, settings, output, name, content, style, checksums, options)
    size = 1, 1
    with suppress(Exception):  # whoever paints it says what is wrong
        size = size_in_header(content)
    job.left = work_left([stage.fitted(size) for stage in settings.stages])
    return job


def checksum(path):
    """SHA-256 of a file, or of its path if it cannot be read."""
    with suppress(OSError):
        if os.path.isfile(path):
            return hashes(path, "sha256")[0]
    return hashlib.sha256(os.fsencode(path)).hexdigest()


def job_name(content, style, checksums, options):
    """A readable name, unique to what the job is made from."""
    made_from = json.dumps([checksums, options], sort_keys=True).encode()
    names = (
        re.sub(r"[^\w.,=+-]+", "-", Path(path).stem)[:36].strip(".-") for path in (content, style)
    )
    return f"{'--'.join(names)}-{hashlib.sha256(made_from).hexdigest()[:8]}".lstrip(".-")


def memory(job, channels=CHANNELS[0]):
    """Bytes that a process needs for the job where memory is plentiful."""
    try:
        return plan_by_headers(job.settings, channels).memory
    except Exception:  # it ends as soon as it begins
        return PROCESS_BYTES
