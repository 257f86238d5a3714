"""The model zoo's VGG-19, through GluonCV (which is imported only here)."""

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from ..errors import DownloadError, Message, Setting
from ..machine import child_environment
from ..machine.files import LARGEST, LONGEST, PIECE, STALL, answer, is_quiet, printable, problem_of

logger = logging.getLogger(__name__)

# The zoo's host, as GluonCV has it, unless MXNET_GLUON_REPO names another.
REPOSITORY = "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/"

# It has a process of its own because GluonCV's downloads know no time limit, because its import
# takes seconds, and because it takes MXNET_HOME for more important than the folder it is given.
# OpenCV comes first: GluonCV swallows the reason when that cannot be imported.
PROGRAM = """
import os, sys
import gluon_style
os.environ.pop("MXNET_HOME", None)
try:
    import cv2
    from gluoncv.model_zoo.model_store import get_model_file
    get_model_file("vgg19", root=sys.argv[1])
except Exception as error:
    print(f"\\n{type(error).__name__}: {error}")
    sys.exit(1)
"""


def download(remote, folder):
    """Have GluonCV's model zoo download and unpack its file into an empty folder."""
    import requests

    host = (os.environ.get("MXNET_GLUON_REPO") or REPOSITORY).rstrip("/")
    archive = f"{host}/gluon/models/{Path(remote.name).stem}.zip"
    try:
        answer(archive).close()  # a dead host is found out in seconds, before GluonCV waits for it
    except (DownloadError, requests.exceptions.RequestException) as error:
        failed = failure(Message("{host}: {problem}", host=archive, problem=problem_of(error)))
        text = "MXNET_GLUON_REPO may name a mirror; {weights} keras has another source"
        raise failed.add(text, weights=Setting("weights")) from None
    logger.info("downloading %s", archive)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        # Its progress bar, but not for those who asked for warnings only.
        stderr=subprocess.DEVNULL if is_quiet() else None,
    ) as process:
        try:
            said = printable(output_while_growing(process, folder).strip().split("\n")[-1])
        finally:
            process.kill()
    if process.returncode:
        raise failure(advice(said))


def failure(reason):
    """The error of a download that has failed."""
    return DownloadError("the model zoo cannot be downloaded: {reason}", reason=reason)


def output_while_growing(process, folder):
    """The output of a process, which may take as long as the folder grows."""
    size, until = -PIECE - 1, time.monotonic() + LONGEST  # it may begin late
    while True:
        try:
            return process.communicate(timeout=3 * STALL)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            before, size = size, sum(file.stat().st_size for file in folder.rglob("*"))
            # Both the archive and what is in it stand there.
            if not before + PIECE < size < 2 * LARGEST or time.monotonic() > until:
                text, remedy = (
                    "the model zoo's host has stopped sending",
                    "try again, or use {weights} keras",
                )
                raise DownloadError(text, remedy=remedy, weights=Setting("weights")) from None


def advice(said):
    """GluonCV's error, with its remedy."""
    if said.startswith("ModuleNotFoundError"):
        return Message("{said}: run: python -m pip install 'gluoncv>=0.10,<0.11'", said=said)
    if ".so" in said and said.startswith("ImportError"):
        text = "{said}: run: apt-get install libgl1 libglib2.0-0, or use {weights} keras"
        return Message(text, said=said, weights=Setting("weights"))
    return said
