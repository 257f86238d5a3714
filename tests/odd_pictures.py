"""Pictures that people have, good and bad, each with what is to be expected of it.

The good ones show four fields of flat colour: red and green above, blue and white below.
"""

import importlib.util
import os
import socket
import struct
import zlib
from typing import Callable, NamedTuple, Optional

import numpy as np
import PIL
from PIL import Image, ImageCms, features

FIELDS = np.array([[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (255, 255, 255)]], "uint8")
GREY = np.array([[76, 150], [29, 255]], "uint8")  # the same without colour


def fields(width=48, height=32, colours=FIELDS):
    """The four fields as an array."""
    return colours.repeat(height // 2, axis=0).repeat(width // 2, axis=1)


def rgb(**size):
    return Image.fromarray(fields(**size))


def grey():
    return Image.fromarray(fields(colours=GREY))


class Good(NamedTuple):
    """A picture that works.

    make : writes it to a path.
    colours : what its fields are read as, None if only that it is read matters.
    told : what is said of it.
    """

    make: Callable
    colours: Optional[np.ndarray] = FIELDS
    told: str = ""
    size: tuple = (48, 32)


class Bad(NamedTuple):
    """A picture, or something else, that does not work.

    make : puts it there.
    message : a regular expression for what is said; what damage does to a format's reader
        differs between versions of Pillow.
    """

    make: Callable
    message: str = "damaged|not a picture"


def saved(picture, **options):
    """A maker of a file with this picture; its name tells the format."""
    return lambda path: picture().save(path, **options)


def written(data):
    """A maker of a file with these bytes."""
    return lambda path: path.write_bytes(data() if callable(data) else data)


def as_bytes(picture, name, **options):
    from io import BytesIO

    file = BytesIO()
    picture.save(file, name, **options)
    return file.getvalue()


def turned(orientation):
    """A picture that is stored in another orientation, and says in which."""
    # What brings it back: the inverse of what orientation says.
    transposes = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }

    def make(path):
        exif = Image.Exif()
        exif[0x0112] = orientation
        rgb().transpose(transposes[orientation]).save(path, exif=exif)

    return make


def with_alpha(mode="RGBA"):
    """The fields, the left ones wholly transparent."""
    picture = (grey() if mode == "LA" else rgb()).convert(mode)
    alpha = np.full((32, 48), 255, "uint8")
    alpha[:, :24] = 0
    picture.putalpha(Image.fromarray(alpha))
    return picture


LEFT_WHITE = FIELDS.copy()
LEFT_WHITE[:, 0] = 255


def grey_colours(values=GREY):
    return np.stack([values] * 3, axis=-1)


GREYS = grey_colours()


def frames(first=rgb):
    return {"save_all": True, "append_images": [Image.new("RGB", (48, 32), "black")]}


def swapped_profile():
    """An RGB colour profile in which red is blue, and blue is red."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack(">I", profile[128:132])
    for place in range(132, 132 + 12 * count, 12):
        tag = bytes(profile[place : place + 4])
        profile[place : place + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(tag, tag)
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "xRGB".encode("utf-16-be"))


SWAPPED = FIELDS[:, :, ::-1]


def linear_profile():
    """A profile of sRGB's colours, and of its name, whose values are in proportion to the light."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    curve = profile.find(b"para")
    profile[curve : curve + 12] = b"curv" + bytes(8)
    return bytes(profile)


def lifted_profile():
    """The same, but that its black is a dark grey."""
    profile, curve = bytearray(linear_profile()), b"curv" + bytes(4)
    place = profile.find(curve)
    profile[place : place + 16] = curve + struct.pack(">I2H", 2, 3000, 65535)
    return bytes(profile)


def gamma_profile(gamma):
    """A profile of sRGB with another gamma, which is 2.4 there."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    place = profile.find(b"para") + 12
    profile[place : place + 4] = struct.pack(">i", round(gamma * 65536))
    return bytes(profile)


def linear_grey_profile():
    """The same for grey pictures: white, and a curve that is none."""
    tags = {
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
        b"kTRC": b"curv" + bytes(8),
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"sRGB\0" + bytes(79),
    }
    table, data, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(data), len(value))
        data += value.ljust(-(-len(value) // 4) * 4, b"\0")
    header = bytearray(128)
    header[:4] = struct.pack(">I", start + len(data))
    header[8:24] = b"\2\0\0\0mntrGRAYXYZ "
    header[36:40] = b"acsp"
    header[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    return bytes(header) + struct.pack(">I", len(tags)) + table + data


LINEAR = 55  # as sRGB has it, 128


def sixteen_bits():
    return Image.fromarray(fields(colours=GREY.astype("uint16") * 257))


def palette_with_transparency():
    picture = rgb().convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    picture.info["transparency"] = picture.getpixel((0, 0))  # red
    return picture


RED_WHITE = FIELDS.copy()
RED_WHITE[0, 0] = 255


def tiff(pixels, order="<", **tags):
    """A plain TIFF file with these pixels and tags, `t262=(0,)` or `t282=b"72"`."""
    data, bits = pixels.tobytes(), 8 * pixels.dtype.itemsize
    samples = pixels.shape[2] if pixels.ndim == 3 else 1
    every = {
        **{256: (pixels.shape[1],), 257: (pixels.shape[0],), 258: (bits,) * samples, 259: (1,)},
        **{262: (1 if samples == 1 else 2,), 273: (8,), 277: (samples,)},
        **{278: (pixels.shape[0],), 279: (len(data),)},
        **{int(name[1:]): value for name, value in tags.items()},
    }
    end = 8 + len(data)
    entries, rest = b"", b""
    for tag, value in sorted(every.items()):
        is_text = isinstance(value, bytes)
        body = value if is_text else struct.pack(f"{order}{len(value)}I", *value)
        entries += struct.pack(f"{order}HHI", tag, 2 if is_text else 4, len(value))
        if len(body) > 4:
            entries += struct.pack(f"{order}I", end + 6 + 12 * len(every) + len(rest))
            rest += body
        else:
            entries += body.ljust(4, b"\0")
    magic = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", end)
    return magic + data + struct.pack(f"{order}H", len(every)) + entries + bytes(4) + rest


def twelve_bits(pixels):
    """Two pixels in three bytes, as rows of a picture."""
    first, second = pixels[:, ::2].astype(int), pixels[:, 1::2].astype(int)
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=-1)
    return packed.reshape(len(pixels), -1).astype("uint8")


def odd_exif(resolution):
    """EXIF that says "turned to the left", and one odd thing."""
    entries = struct.pack("<HHIHH", 274, 3, 1, 6, 0) + resolution
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + entries + bytes(4)


ODD_EXIFS = {
    "resolution-in-words": struct.pack("<HHI4s", 282, 2, 4, b"72\0\0"),
    "resolution-nowhere": struct.pack("<HHII", 282, 5, 1, 2**31),
    "resolution-negative": struct.pack("<HHIi", 282, 9, 1, -72),
}


def sideways():
    return rgb().transpose(Image.Transpose.ROTATE_90)


def heic(path):
    import pillow_heif

    pillow_heif.from_pillow(rgb()).save(path, quality=-1)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, data=b"", extra=b"", bits=8, kind=2):
    """A PNG file that says it has this size, whatever its data."""
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = chunk(b"IHDR", header), extra, chunk(b"IDAT", data), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def in_bits(bits, colours):
    """Colours as the nearest numbers of so many bits."""
    return (colours.astype("int64") * (2**bits - 1) + 127) // 255


def png_with_transparent_colour(bits, kind):
    """A PNG of so many bits whose first field's colour, in grey (kind 0) or RGB (2), is clear."""

    def make():
        pixels = fields(colours=in_bits(bits, GREY if kind == 0 else FIELDS))
        if bits == 16:  # whose two bytes would be alike
            pixels = (pixels - 100).clip(0)
        clear = pixels[0, 0].ravel()
        rows = pixels.reshape(32, -1)
        shifts = np.arange(bits - 1, -1, -1)
        data = np.packbits((rows[..., None] >> shifts & 1).reshape(32, -1).astype("uint8"), axis=1)
        data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in data))
        extra = chunk(b"tRNS", clear.astype(">u2").tobytes())
        return png(48, 32, data, extra, bits, kind)

    return make


def part_of(name, share, **options):
    return lambda: (lambda data: data[: int(len(data) * share)])(noise(name, **options))


def noise(name, **options):
    """A file that holds a lot: what is cut off matters."""
    pixels = np.random.RandomState(0).randint(0, 256, (200, 300, 3), dtype="uint8")
    return as_bytes(Image.fromarray(pixels), name, **options)


def damaged(name, place=0.5, length=2000):
    """A file with a hole in it."""

    def data():
        sound = noise(name)
        start = int(len(sound) * place)
        return sound[:start] + bytes(length) + sound[start + length :]

    return data


def bound_socket(path):
    here = os.getcwd()
    os.chdir(path.parent)  # their paths are short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


ORANGE = (200, 100, 50)
# From linear light to sRGB's, as published for the colours of Display P3 and of Adobe RGB.
FROM_P3 = [[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]]
FROM_ADOBE = [[1.3982, -0.3982, 0], [0, 1, 0], [0, -0.0429, 1.0429]]


def orange():
    return Image.new("RGB", (48, 32), ORANGE)


def orange_from(matrix, gamma=None):
    """The orange of other colours in sRGB, whose curve or exponent they have."""
    values = np.array(ORANGE) / 255
    curved = values**gamma if gamma else ((values + 0.055) / 1.055) ** 2.4
    light = (np.array(matrix) @ curved).clip(0, 1)
    low = 12.92 * light
    seen = 255 * np.where(light <= 0.0031308, low, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.broadcast_to(seen, (2, 2, 3))


IN_P3, IN_ADOBE = orange_from(FROM_P3), orange_from(FROM_ADOBE, 2.2)
ADOBE_PLACES = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
AS_IT_IS = np.full((2, 2, 3), ORANGE)


def orange_png(extra):
    """A PNG file of orange with some more chunks."""
    rows = zlib.compress(b"".join(b"\0" + bytes(ORANGE) * 48 for _ in range(32)))
    return png(48, 32, rows, extra)


def in_chunk(name, *numbers):
    return chunk(name, struct.pack(f">{len(numbers)}I", *(round(each * 1e5) for each in numbers)))


def with_exif(space, interoperability):
    """A camera's JPEG that tells its colours."""
    first = struct.pack("<HHHIIIHHHII", 1, 0x8769, 4, 1, 26, 0, 2, 0xA001, 3, 1, space)
    rest = struct.pack("<HHIIIHHHI4sI", 0xA005, 4, 1, 56, 0, 1, 1, 2, 4, interoperability, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + first + rest
    return saved(orange, exif=exif, quality=95, subsampling=0)


def with_nclx(primaries, transfer):
    """A HEIC or AVIF picture that tells its colours in numbers."""

    def make(path):
        numbers = struct.pack(">HH", primaries, transfer)
        if path.suffix == ".heic":
            import pillow_heif

            picture = pillow_heif.from_pillow(orange())
            picture.save(path, quality=-1, color_primaries=1, transfer_characteristics=13)
        else:
            orange().save(path, quality=95)
        data = path.read_bytes()
        place = data.index(b"colrnclx") + 8
        path.write_bytes(data[:place] + numbers + data[place + 4 :])

    return make


def bmp(bits=24, masks=b"", told=b"sRGB"[::-1], profile=b""):
    """A BMP file of the fields with the longest header."""
    pixels = fields()[::-1, :, ::-1].tobytes() if bits == 24 else bytes(48 * 32 * bits // 8)
    kind = 3 if masks else 0
    header = struct.pack("<IiiHHIIiiII", 124, 48, 32, 1, bits, kind, len(pixels), 0, 0, 0, 0)
    header += masks.ljust(16, b"\0") + told.ljust(52, b"\0")
    header += struct.pack("<4I", 4, 124 + len(pixels), len(profile), 0)
    start = 14 + len(header)
    data = header + pixels + profile
    return b"BM" + struct.pack("<IHHI", 14 + len(data), 0, 0, start) + data


def rgb_pixels():
    return np.asarray(rgb())


def qoi(colours):
    """A QOI file, each of its pixels whole."""
    pixels = rgb_pixels()
    head = b"qoif" + struct.pack(">2I2B", *pixels.shape[1::-1], 3, colours)
    body = b"".join(b"\xfe" + bytes(each) for each in pixels.reshape(-1, 3))
    return head + body + bytes(7) + b"\1"


def jpeg_2000(*palette, profile=b""):
    """A JPEG 2000 with the numbers 0 to 3, of a palette, or of a profile."""

    def boxed(name, data):
        return struct.pack(">I4s", 8 + len(data), name) + data

    if palette:
        numbers = Image.fromarray(fields(colours=np.array([[0, 1], [2, 3]], "uint8")))
    else:
        numbers = rgb()
    codes = as_bytes(numbers, "JPEG2000", no_jp2=True)
    parts = 1 if palette else 3
    header = boxed(b"ihdr", struct.pack(">IIHBBBB", 32, 48, parts, 7, 7, 0, 0))
    if palette:
        header += boxed(b"pclr", b"\0\4\3\7\7\7" + bytes(palette))
        header += boxed(b"cmap", b"\0\0\1\0\0\0\1\1\0\0\1\2")
    header += boxed(b"colr", b"\2\0\0" + profile if profile else b"\1\0\0\0\0\0\x10")
    return (
        boxed(b"jP  ", b"\r\n\x87\n")
        + boxed(b"ftyp", b"jp2 \0\0\0\0jp2 ")
        + boxed(b"jp2h", header)
        + boxed(b"jp2c", codes)
    )


def floats(most=255, high=1.0):
    """Grey fields in floats, a few of them brighter."""
    values = fields(colours=GREY.astype("float32") / most)
    values[:2, :2] = high
    return Image.fromarray(values)


LONG = "long-" + "x" * 240
GOOD = {
    "plain.jpg": Good(saved(rgb, quality=95, subsampling=0)),
    "progressive.jpg": Good(saved(rgb, quality=95, subsampling=0, progressive=True)),
    "plain.png": Good(saved(rgb)),
    "plain.bmp": Good(saved(rgb)),
    "plain.tif": Good(saved(rgb)),
    "compressed.tif": Good(saved(rgb, compression="tiff_lzw")),
    "plain.ppm": Good(saved(rgb)),
    "plain.tga": Good(saved(rgb)),
    "plain.pcx": Good(saved(rgb)),
    "plain.gif": Good(saved(rgb)),
    "plain.ico": Good(saved(rgb, sizes=[(48, 32)])),
    **{f"turned-{n}.jpg": Good(turned(n), None) for n in (2, 3, 4, 5, 6, 7, 8)},
    "grey.jpg": Good(saved(grey, quality=95), grey_colours()),
    "grey.png": Good(saved(grey), grey_colours()),
    "grey-alpha.png": Good(
        saved(lambda: with_alpha("LA")), grey_colours(np.array([[255, 150], [255, 255]]))
    ),
    "alpha.png": Good(saved(with_alpha), LEFT_WHITE),
    "palette.png": Good(saved(lambda: rgb().convert("P", palette=Image.Palette.ADAPTIVE))),
    "palette-transparent.png": Good(saved(palette_with_transparency), RED_WHITE),
    "transparent.gif": Good(saved(palette_with_transparency), RED_WHITE),
    "one-bit.png": Good(
        saved(lambda: grey().point(lambda value: 255 * (value > 100)).convert("1")),
        grey_colours(np.array([[0, 255], [0, 255]])),
    ),
    "one-bit.tif": Good(saved(lambda: grey().convert("1")), None),
    "cmyk.jpg": Good(saved(lambda: rgb().convert("CMYK"), quality=95)),
    "cmyk.tif": Good(saved(lambda: rgb().convert("CMYK"))),
    "lab.tif": Good(saved(lambda: Image.new("LAB", (48, 32), (128, 128, 128))), None),
    "ycbcr.tif": Good(saved(lambda: rgb().convert("YCbCr"), compression="tiff_lzw")),
    "sixteen-bits.png": Good(saved(sixteen_bits), grey_colours()),
    "sixteen-bits.tif": Good(saved(sixteen_bits), grey_colours()),
    "integers.tif": Good(
        saved(lambda: Image.fromarray(fields(colours=GREY.astype("int32") * 257))), grey_colours()
    ),
    "floats.tif": Good(
        saved(lambda: Image.fromarray(fields(colours=GREY.astype("float32") / 255))),
        grey_colours(),
    ),
    "floats-255.tif": Good(
        saved(lambda: Image.fromarray(fields(colours=GREY.astype("float32")))), grey_colours()
    ),
    "floats.pfm": Good(saved(floats), GREYS, "are taken for 0 (black) to 1 (white)"),
    "floats-and-a-little.tif": Good(saved(lambda: floats(high=1.0001)), GREYS, "to 1 (white)"),
    "floats-and-highlights.tif": Good(saved(lambda: floats(high=300)), GREYS, "to 1 (white)"),
    "floats-and-highlights.pfm": Good(saved(lambda: floats(high=1.5)), GREYS, "to 1 (white)"),
    "thirty-two-bits.tif": Good(
        written(lambda: tiff(fields(colours=GREY).astype("uint32") << 24)), GREYS
    ),
    "not-numbers.tif": Good(
        saved(lambda: Image.fromarray(np.full((32, 48), np.nan, "float32"))), None
    ),
    "white-is-zero.tif": Good(written(lambda: tiff(255 - fields(colours=GREY), t262=(0,))), GREYS),
    "white-is-zero-16.tif": Good(
        written(lambda: tiff(65535 - fields(colours=GREY.astype("uint16") * 257), t262=(0,))), GREYS
    ),
    "twelve-bits.tif": Good(
        written(
            lambda: tiff(
                twelve_bits(fields(colours=GREY.astype("uint16") * 16)), t256=(48,), t258=(12,)
            )
        ),
        GREYS,
    ),
    "turned-plain.tif": Good(written(lambda: tiff(np.asarray(sideways()), t274=(6,)))),
    "turned-lzw.tif": Good(saved(sideways, tiffinfo={274: 6}, compression="tiff_lzw")),
    "turned.tif": Good(written(lambda: tiff(np.asarray(sideways()), t274=(6,), t282=b"72"))),
    **{
        f"{name}.jpg": Good(
            saved(sideways, quality=95, subsampling=0, exif=odd_exif(entry)),
        )
        for name, entry in ODD_EXIFS.items()
    },
    "odd-exif.png": Good(saved(sideways, exif=odd_exif(ODD_EXIFS["resolution-in-words"]))),
    **{
        f"transparent-grey-{bits}.png": Good(
            written(png_with_transparent_colour(bits, 0)),
            grey_colours(np.array([[255, g[0, 1]], g[1]])),
        )
        for bits, g in ((n, in_bits(n, GREY) * 255 // (2**n - 1)) for n in (2, 4, 8, 16))
    },
    **{
        f"transparent-rgb-{bits}.png": Good(
            written(png_with_transparent_colour(bits, 2)), RED_WHITE
        )
        for bits in (8, 16)
    },
    "animated.gif": Good(saved(rgb, **frames()), told="the first of its 2 frames is used"),
    "animated.png": Good(saved(rgb, **frames()), told="the first of its 2 frames is used"),
    "pages.tif": Good(saved(rgb, **frames()), told="the first of its 2 frames is used"),
    "profile-srgb.png": Good(
        saved(
            rgb,
            icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        )
    ),
    "profile-other.png": Good(saved(rgb, icc_profile=swapped_profile()), SWAPPED),
    "profile-other-alpha.png": Good(
        saved(with_alpha, icc_profile=swapped_profile()),
        LEFT_WHITE[:, :, ::-1],
    ),
    "profile-linear.png": Good(
        saved(lambda: Image.new("RGB", (48, 32), (LINEAR,) * 3), icc_profile=linear_profile()),
        np.full((2, 2, 3), 128),
    ),
    "profile-lifted-black.png": Good(
        saved(lambda: Image.new("RGB", (48, 32)), icc_profile=lifted_profile()),
        np.zeros((2, 2, 3)),
    ),
    "profile-linear-16-bits.png": Good(
        saved(
            lambda: Image.fromarray(np.full((32, 48), LINEAR * 257, "uint16")),
            icc_profile=linear_grey_profile(),
        ),
        np.full((2, 2, 3), 128),
    ),
    "profile-palette.png": Good(
        saved(
            lambda: rgb().convert("P", palette=Image.Palette.ADAPTIVE),
            icc_profile=swapped_profile(),
        ),
        SWAPPED,
    ),
    "profile-broken.jpg": Good(saved(rgb, quality=95, subsampling=0, icc_profile=b"nonsense")),
    "profile-for-grey.png": Good(saved(grey, icc_profile=swapped_profile()), grey_colours()),
    "long-text.png": Good(
        written(
            lambda: orange_png(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000))))
        ),
        AS_IT_IS,
    ),
    "long-foreign-text.png": Good(
        written(
            lambda: orange_png(chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(2_000_000))))
        ),
        AS_IT_IS,
    ),
    "long-profile.png": Good(
        written(
            lambda: orange_png(
                chunk(b"iCCP", b"a\0\0" + zlib.compress(swapped_profile() + bytes(2_000_000)))
            )
        ),
        AS_IT_IS[:, :, ::-1],
    ),
    "cicp-p3.png": Good(written(lambda: orange_png(chunk(b"cICP", b"\x0c\x0d\0\1"))), IN_P3),
    "cicp-srgb.png": Good(written(lambda: orange_png(chunk(b"cICP", b"\1\x0d\0\1"))), AS_IT_IS),
    "cicp-pq.png": Good(
        written(lambda: orange_png(chunk(b"cICP", b"\x09\x10\0\1"))),
        AS_IT_IS,
        "cICP (PQ), which is not read: they are taken for sRGB",
    ),
    "cicp-of-video.png": Good(
        written(lambda: orange_png(chunk(b"cICP", b"\1\x0d\0\0"))), AS_IT_IS, "cICP (1/13/0/0)"
    ),
    "chromaticities.png": Good(
        written(lambda: orange_png(in_chunk(b"cHRM", *ADOBE_PLACES) + in_chunk(b"gAMA", 1 / 2.2))),
        orange_from(FROM_ADOBE),
    ),
    "gamma-alone.png": Good(written(lambda: orange_png(in_chunk(b"gAMA", 1))), AS_IT_IS),
    "adobe-rgb.jpg": Good(with_exif(0xFFFF, b"R03\0"), IN_ADOBE),
    "adobe-rgb-2.jpg": Good(with_exif(2, b"R98\0"), IN_ADOBE),
    "camera-srgb.jpg": Good(with_exif(1, b"R98\0"), AS_IT_IS),
    "profile.bmp": Good(
        written(lambda: bmp(told=b"MBED"[::-1], profile=swapped_profile())), SWAPPED
    ),
    "profile-elsewhere.bmp": Good(written(lambda: bmp(told=b"LINK"[::-1])), told="LINK"),
    "profile.gif": Good(
        written(lambda: as_bytes(rgb(), "GIF")[:-1] + b"!\xff\x0bICCRGBG1012\1\0\0;"),
        told="ICCRGBG1",
    ),
    "transfer-function.tif": Good(
        written(lambda: tiff(rgb_pixels(), t301=tuple(range(256)))), told="TransferFunction, which"
    ),
    "plain.qoi": Good(written(lambda: qoi(0))),
    "linear.qoi": Good(written(lambda: qoi(1)), told="QOI (linear), which is not read"),
    "png called.jpg": Good(written(lambda: as_bytes(rgb(), "PNG"))),
    "no-extension": Good(written(lambda: as_bytes(rgb(), "PNG"))),
    "with spaces and 'quotes'.png": Good(saved(rgb)),
    "样式 öß.png": Good(saved(rgb)),
    os.fsdecode(b"not-text-\xff.png"): Good(saved(rgb)),
    "-dash.png": Good(saved(rgb)),
    "two\nlines.png": Good(saved(rgb)),
    LONG + ".png": Good(saved(rgb)),
    "wide.png": Good(saved(lambda: rgb(width=4000, height=4)), None, size=(4000, 4)),
    "trailing-bytes.png": Good(written(lambda: as_bytes(rgb(), "PNG") + b"more")),
}
WEBP = features.check("webp")
if WEBP:
    GOOD["plain.webp"] = Good(saved(rgb, lossless=True))
    GOOD["alpha.webp"] = Good(saved(with_alpha, lossless=True), LEFT_WHITE)
    GOOD["animated.webp"] = Good(
        saved(rgb, lossless=True, **frames()), told="the first of its 2 frames is used"
    )
if features.check("jpg_2000"):
    GOOD["plain.jp2"] = Good(saved(rgb))
    if int(PIL.__version__.split(".")[0]) > 10:
        GOOD["profile.jp2"] = Good(written(lambda: jpeg_2000(profile=swapped_profile())), SWAPPED)
    GOOD["palette.jp2"] = Good(written(lambda: jpeg_2000(*FIELDS.ravel())))
if importlib.util.find_spec("pillow_heif"):
    GOOD["photo.heic"] = Good(heic)
    GOOD["nclx-p3.heic"] = Good(with_nclx(12, 13), IN_P3)
    GOOD["nclx-hlg.heic"] = Good(with_nclx(9, 18), AS_IT_IS, "nclx (HLG), which is not read")
if "avif" in features.modules and features.check("avif"):
    GOOD["nclx-srgb.avif"] = Good(with_nclx(1, 13), AS_IT_IS)
    GOOD["nclx-p3.avif"] = Good(with_nclx(12, 13), IN_P3)
    GOOD["nclx-pq.avif"] = Good(with_nclx(9, 16), AS_IT_IS, "nclx (PQ), which is not read")

RAW = "a camera's raw file: save it as JPEG or TIFF"
RARE = "a kind that cannot be read: save it as PNG"
NO_PICTURE = "not a picture that can be read"
BAD = {
    "empty.jpg": Bad(written(b""), NO_PICTURE),
    "one-byte.png": Bad(written(b"\x89"), NO_PICTURE),
    "text.png": Bad(written(b"I am not a picture.\n"), NO_PICTURE),
    "page.jpg": Bad(written(b"<!DOCTYPE html><title>404</title>"), NO_PICTURE),
    "drawing.svg": Bad(written(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), NO_PICTURE),
    "paper.pdf": Bad(written(b"%PDF-1.4\n%%EOF\n"), NO_PICTURE),
    "zeros.png": Bad(written(bytes(100_000)), NO_PICTURE),
    "noise.jpg": Bad(written(lambda: np.random.RandomState(1).bytes(50_000)), NO_PICTURE),
    "truncated.jpg": Bad(written(part_of("JPEG", 0.5)), "truncated"),
    "truncated-early.jpg": Bad(written(part_of("JPEG", 0.02))),
    "truncated.png": Bad(written(part_of("PNG", 0.5)), "truncated"),
    "truncated.gif": Bad(written(part_of("GIF", 0.5)), "truncated"),
    "truncated.bmp": Bad(written(part_of("BMP", 0.5)), "truncated"),
    "truncated.tif": Bad(written(part_of("TIFF", 0.5))),
    "header-only.jpg": Bad(written(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00")),
    "header-only.gif": Bad(written(b"GIF89a\x01\x00\x01\x00")),
    "header-only.png": Bad(written(b"\x89PNG\r\n\x1a\n")),
    "damaged.png": Bad(written(damaged("PNG"))),
    "damaged-header.png": Bad(written(damaged("PNG", 0, 16)), NO_PICTURE),
    "damaged-size.png": Bad(written(damaged("PNG", 18 / 180_000, 8))),
    "no-data.png": Bad(written(png(48, 32))),
    "bomb.png": Bad(written(png(60_000, 60_000)), "million pixels: make it smaller"),
    "bomb-large.png": Bad(
        written(png(2**31 - 1, 2**31 - 1)), "million pixels|damaged|not a picture"
    ),
    "bomb-just.png": Bad(written(png(13_400, 13_300)), "13400x13300 pixels are more than 178"),
    "raw.dng": Bad(written(lambda: tiff(fields(), t50706=(1,))), RAW),
    "thumbnail-first.tif": Bad(written(lambda: tiff(fields(), t254=(1,))), RAW),
    "raw.NEF": Bad(written(lambda: tiff(fields())), RAW),
    "raw.raf": Bad(written(b"FUJIFILMCCD-RAW 0201"), RAW),
    # With pillow-heif it is damaged.
    "no-data.heic": Bad(written(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "HEIC|damaged"),
    "signed-8.tif": Bad(written(lambda: tiff(fields(colours=GREY), t339=(2,))), RARE),
    "signed-16.tif": Bad(
        written(lambda: tiff(fields(colours=GREY.astype("int16")), t339=(2,))), RARE
    ),
    "planes-16.tif": Bad(
        written(
            lambda: tiff(
                fields().astype("uint16"),
                **{"t284": (2,), "t273": (8, 3080, 6152), "t279": (3072,) * 3},
            )
        ),
        RARE,
    ),
    "palette-8.tif": Bad(
        written(lambda: tiff(fields(colours=GREY), t262=(3,), t320=(*range(256),) * 3)), RARE
    ),
    "thirty-two-bits-dark.tif": Bad(
        written(lambda: tiff(fields(colours=GREY).astype("uint32") << 16)), "0 to 65535 is wanted"
    ),
    "floats-above-white.tif": Bad(
        saved(lambda: Image.fromarray(np.full((32, 48), 1.02, "float32"))),
        "from 1.02 to 1.02: 0 to 1 or 255 is wanted",
    ),
    "floats-below-black.tif": Bad(
        saved(lambda: Image.fromarray(fields(colours=GREY.astype("float32") / 128 - 1))),
        "0 to 1 or 255 is wanted",
    ),
    "bitmap.xbm": Bad(saved(lambda: rgb().convert("1")), f"XBM, {NO_PICTURE}: save it as"),
    "windows.wmf": Bad(
        written(
            bytes.fromhex("d7cdc69a0000 00000000 3000 2000 4800 00000000 0000 0100 0900")
            + bytes(58)
        ),
        "WMF, " + NO_PICTURE,
    ),
    "masks.bmp": Bad(
        written(lambda: bmp(16, struct.pack("<4I", 0xF00, 0xF0, 0xF, 0xF000))),
        "a BMP of a kind that cannot be read .*: save it as PNG",
    ),
    "thirty-two.ras": Bad(
        written(struct.pack(">8I", 0x59A66A95, 48, 32, 32, 6144, 1, 0, 0) + bytes(6144)),
        "a Sun raster with 32 bits a pixel, " + RARE,
    ),
    "twelve-bits.jpg": Bad(
        written(
            lambda: as_bytes(rgb(), "JPEG").replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c")
        ),
        "a JPEG of " + RARE,
    ),
    "left-and-right.tga": Bad(written(b"\0\0\x02" + bytes(13) + b"\x0d\0"), "a TGA of " + RARE),
    "film.exr": Bad(written(b"v/1\1" + bytes(100)), "OpenEXR, " + NO_PICTURE),
    "film.mp4": Bad(written(b"\0\0\0\x18ftypisom\0\0\2\0isomiso2"), "a video, " + NO_PICTURE),
    "colours.pfm": Bad(written(b"PF\n2 2\n-1.0\n" + bytes(48)), "PFM in colour, " + NO_PICTURE),
    "nine-bits.tif": Bad(
        written(lambda: tiff(fields(colours=GREY), t258=(9,))), "a TIFF of " + RARE
    ),
    "huge.png": Bad(lambda path: written(b"")(path) or os.truncate(path, 2 * 10**9), "1.5 GB"),
    "folder.png": Bad(lambda path: path.mkdir(), "not a file"),
    "missing.png": Bad(lambda path: None, "No such file or directory"),
    "missing-folder/a.png": Bad(lambda path: None, "No such file or directory"),
    "x" * 300 + ".png": Bad(lambda path: None, "File name too long"),
    "pipe.png": Bad(lambda path: os.mkfifo(path), "not a file"),
    "socket.png": Bad(bound_socket, "not a file"),
    "endless.png": Bad(lambda path: path.symlink_to("/dev/zero"), "not a file"),
    "nothing.png": Bad(lambda path: path.symlink_to("/dev/null"), "not a file"),
    "broken-link.png": Bad(lambda path: path.symlink_to("nowhere"), "No such file or directory"),
    "loop.png": Bad(lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "one-pixel.png": Bad(
        saved(lambda: Image.new("RGB", (1, 1))), "1x1 is too small: the chosen layers need at least"
    ),
    "low.png": Bad(saved(lambda: Image.new("RGB", (500, 1))), "500x1 is too small: the chosen"),
}
if features.check("jpg_2000"):
    BAD["two-reds.jp2"] = Bad(
        written(lambda: jpeg_2000(*FIELDS[0, 0], *FIELDS.ravel()[:9])),
        "a JPEG 2000 with a palette that names a colour twice, " + RARE,
    )
    BAD["sixteen-bits.jp2"] = Bad(
        written(lambda: as_bytes(rgb(), "JPEG2000").replace(b"\7\1\1" * 3, b"\x0f\1\1" * 3)),
        "a JPEG 2000 with numbers of other than 8 bits, " + RARE,
    )
if features.check("webp"):
    BAD["truncated.webp"] = Bad(written(part_of("WEBP", 0.5)))
