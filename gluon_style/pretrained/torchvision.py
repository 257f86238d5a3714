"""Torchvision's VGG-19 without its classifier: 80 of 575 MB, by HTTP ranges."""

import hashlib
import logging
import math
import time
from dataclasses import dataclass

from ..errors import DownloadError
from ..machine.files import (
    LONGEST,
    RemoteFile,
    answer,
    hashes,
    pieces,
    printable,
    progress,
    receive,
    try_in_turn,
)
from ..vgg19 import SHAPES
from .formats import MOST_HEADER, read_header, read_tensor, read_tensors

logger = logging.getLogger(__name__)

MOST_BYTES = MOST_HEADER + 4 * sum(map(math.prod, SHAPES.values()))  # of the convolutions


@dataclass(frozen=True)
class ConvolutionsOnly(RemoteFile):
    """The convolutions of a larger `.safetensors` file, in a file with a checksum inside."""

    @property
    def name(self):
        return "vgg19-torchvision-features.safetensors"

    def sha256_if_sound(self, path):
        try:
            arrays, said = read_tensors(path)
            return hashes(path, "sha256")[0] if said["sha256"] == checksum(arrays) else None
        except Exception:  # as a nonsense file ends
            return None


CONVOLUTIONS_ONLY = ConvolutionsOnly(
    tuple(
        f"https://{host}/timm/vgg19.tv_in1k/resolve/main/model.safetensors"
        for host in ("huggingface.co", "hf-mirror.com")
    ),
    None,
    "",
)


def checksum(arrays):
    """SHA-256 of some arrays, in the order of their names."""
    running = hashlib.sha256()
    for name in sorted(arrays):
        running.update(name.encode() + arrays[name].tobytes())
    return running.hexdigest()


def download(remote, folder):
    """Download the convolutions into an empty folder."""
    path = folder / remote.name

    def attempt(url):
        try:
            if url.endswith(f"/{remote.name}"):  # a mirror has what another machine has cut out
                receive(url, path, most=MOST_BYTES)
            else:
                cut_out(url, path)
        except (ValueError, KeyError, TypeError) as error:
            text = "not VGG-19's weights ({error})"
            raise DownloadError(text, file=url, error=printable(error)) from None

    try_in_turn(remote.addresses, attempt)


def cut_out(url, path):
    """Read the header, then the convolutions alone, and write them to a file."""
    from safetensors.numpy import save

    until, arrays = time.monotonic() + LONGEST, {}

    def read(start, length):
        return piece(url, start, length, until)

    header, _, data = read_header(read)
    logger.info("downloading %s", url)
    with progress(path.name, MOST_BYTES - MOST_HEADER) as advance:
        for name, shape in SHAPES.items():
            if header[name]["dtype"] != "F32" or tuple(header[name]["shape"]) != shape:
                raise ValueError(f"{name} is {header[name]}")
            arrays[name] = read_tensor(name, header[name], data, read)
            advance(arrays[name].nbytes)
    # Not by `save_file`, whose error on a full disk is one of its own.
    path.write_bytes(save(arrays, {"sha256": checksum(arrays), "origin": url}))


def piece(url, start, length, until):
    """Some bytes of the file at a URL."""
    headers, data = {"Range": f"bytes={start}-{start + length - 1}"}, b""
    with answer(url, headers=headers) as response:
        if response.status_code != 206:
            raise DownloadError("the server does not send parts of a file", file=url)
        for each in pieces(response, until):
            data += each
            if len(data) > length:
                break
    if len(data) != length:
        text = "{count} bytes came instead of {length}"
        raise DownloadError(text, file=url, count=len(data), length=length)
    return data
