"""Torchvision's VGG-19 without its classifier: 80 of 575 MB, by HTTP ranges."""

import hashlib
import json
import math
from dataclasses import dataclass

import numpy as np

from ..errors import DownloadError
from ..machine.files import RemoteFile, answer, hashes, progress, receive, try_in_turn
from ..vgg19 import SHAPES

MOST_HEADER = 1 << 20  # bytes


@dataclass(frozen=True)
class ConvolutionsOnly(RemoteFile):
    """The convolutions of a larger `.safetensors` file, in one with a checksum inside."""

    @property
    def name(self):
        return "vgg19-torchvision-features.safetensors"

    def sha256_if_sound(self, path):
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(str(path), framework="numpy") as file:
                arrays = {name: file.get_tensor(name) for name in file.keys()}
                expected = (file.metadata() or {}).get("sha256")
            return hashes(path, "sha256")[0] if checksum(arrays) == expected else None
        except (OSError, SafetensorError, ValueError):
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
        if url.endswith(f"/{remote.name}"):  # a mirror has what another machine has cut out
            receive(url, path)
            return
        try:
            cut_out(url, path)
        except (ValueError, KeyError, TypeError) as error:
            text = "not VGG-19's weights ({error})"
            raise DownloadError(text, file=url, error=str(error)) from None

    try_in_turn(remote.addresses, attempt)


def cut_out(url, path):
    """Read the header, then the convolutions alone, and write them to a file."""
    from safetensors.numpy import save

    length = int.from_bytes(piece(url, 0, 8), "little")
    if length > MOST_HEADER:
        raise ValueError(f"a header of {length} bytes")
    header = json.loads(piece(url, 8, length))
    arrays, total = {}, 4 * sum(map(math.prod, SHAPES.values()))
    with progress(path.name, total) as advance:
        for name, shape in SHAPES.items():
            if header[name]["dtype"] != "F32" or tuple(header[name]["shape"]) != shape:
                raise ValueError(f"{name} is {header[name]}")
            data = piece(url, 8 + length + header[name]["data_offsets"][0], 4 * math.prod(shape))
            arrays[name] = np.frombuffer(data, "<f4").reshape(shape)
            advance(len(data))
    # Not by `save_file`, whose error on a full disk is one of its own.
    path.write_bytes(save(arrays, {"sha256": checksum(arrays), "origin": url}))


def piece(url, start, length):
    """Some bytes of what a URL serves."""
    headers = {"Range": f"bytes={start}-{start + length - 1}"}
    with answer(url, headers=headers) as response:
        if response.status_code != 206:
            raise DownloadError("the server does not send parts of a file", file=url)
        data = response.raw.read(length + 1)
    if len(data) != length:
        text = "{count} bytes came instead of {length}"
        raise DownloadError(text, file=url, count=len(data), length=length)
    return data
