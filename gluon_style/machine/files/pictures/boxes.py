"""The parts of which PNG, HEIC, AVIF and JPEG 2000 files are made."""

import struct


def png_chunks(data):
    """(name, start of its data, end) of each chunk of a PNG file."""
    place = 8
    while place + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        yield name, place + 8, min(place + 8 + length, len(data))
        place += 12 + length


def boxes(data, start=0, end=None):
    """(name, start of its data, end) of each box of an ISO file, or of those within one."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        length, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == 1 and start + 16 <= end:
            head, length = 16, int.from_bytes(data[start + 8 : start + 16], "big")
        length = length or end - start
        if length < head or start + length > end:
            return
        yield name, start + head, start + length
        start += length


def box(data, *path):
    """(start, end) of the data of the first box of this path, or None."""
    place = 0, len(data)
    for name in path:
        place = next((each[1:] for each in boxes(data, *place) if each[0] == name), None)
        if place is None:
            return None
        if name == b"meta":  # its version and flags
            place = place[0] + 4, place[1]
    return place


def heif_properties(data):
    """(name, data) of each property of the main picture in a HEIC or AVIF file."""
    places = [box(data, b"meta", *path) for path in ((b"pitm",), (b"iprp", b"ipco"))]
    owners = box(data, b"meta", b"iprp", b"ipma")
    if not (all(places) and owners):
        return []
    (main, _), properties = places
    wide, place = data[main] > 0, main + 4
    item = int.from_bytes(data[place : place + (4 if wide else 2)], "big")
    found = [(name, data[start:end]) for name, start, end in boxes(data, *properties)]
    return [found[i - 1] for i in _indices(data, owners[0], item) if 0 < i <= len(found)]


def _indices(data, place, item):
    """The numbers of an item's properties, from 1 on."""
    version, is_wide = data[place], data[place + 3] & 1
    (count,) = struct.unpack_from(">I", data, place + 4)
    place += 8
    for _ in range(min(count, len(data))):
        form = ">IB" if version else ">HB"
        owner, many = struct.unpack_from(form, data, place)
        place += struct.calcsize(form)
        form = f">{many}{'H' if is_wide else 'B'}"
        numbers = struct.unpack_from(form, data, place)
        place += struct.calcsize(form)
        if owner == item:
            return [each & (0x7FFF if is_wide else 0x7F) for each in numbers]
    return []
