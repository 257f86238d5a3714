"""The book's own pictures, and the losses that the book prints for them."""

import textwrap

from ..machine.files import RemoteFile, cache_folder, fetch

# From the book's repository, github.com/d2l-ai/d2l-zh (Apache-2.0), branch v1.
IMG = "https://raw.githubusercontent.com/d2l-ai/d2l-zh/v1/img/"
SHA256 = (
    "sha256:014381e94081625e5e5279fd81f50d01b75ebf10f1e85189d66e2fc93adbc768",
    "sha256:a277e6926333bcb06f8fa7e68d24e4d3027ecb87802227ed4b514ab1906af557",
)
CONTENT = RemoteFile((IMG + "rainier.jpg",), 578_469, SHA256[0])
STYLE = RemoteFile((IMG + "autumn_oak.jpg",), 2_850_502, SHA256[1])
CREDIT = "pictures: Dive into Deep Learning (github.com/d2l-ai/d2l-zh, Apache-2.0)"

# (epoch, content, style and TV loss) by stage, the mean of four independently executed copies of
# the chapter's edition of 300x200.
LOSSES = {
    1: (
        (0, 0.0, 372.72, 2.13),
        (50, 11.93, 28.19, 3.13),
        (100, 8.97, 13.68, 3.33),
        (150, 7.53, 10.27, 3.41),
        (200, 6.68, 8.31, 3.48),
        (250, 6.58, 8.12, 3.49),
        (300, 6.51, 7.96, 3.49),
        (350, 6.43, 7.79, 3.5),
        (400, 6.35, 7.61, 3.5),
        (450, 6.34, 7.59, 3.5),
    ),
    2: (
        (0, 16.8, 216.82, 0.68),
        (50, 10.03, 8.27, 1.38),
        (100, 7.18, 4.87, 1.5),
        (150, 6.96, 4.72, 1.5),
        (200, 6.78, 4.6, 1.5),
        (250, 6.75, 4.58, 1.5),
    ),
}
IMAGE_SHAPES = {1: (300, 200), 2: (1200, 800)}
ABOUT_LOSSES = (
    "The book's losses are those of its edition of 300x200, with the weights vgg19-f7134366 "
    "(MXNet's model zoo up to 1.2.1). With Keras' weights expect about 1.5 times its content loss "
    "and 0.7 times its style loss."
)


def pictures(root=None):
    """The book's two pictures, from the cache or freshly downloaded."""
    folder = cache_folder(root)
    return tuple(fetch(picture, folder)[0] for picture in (CONTENT, STYLE))


def comparison(records, image_shapes):
    """Our losses beside the book's, at the epochs that the book prints."""
    lines, losses = [], "{:9.2f}{:9.2f}{:7.2f}".format
    ours = {(number, each.epoch): (each.content, each.style, each.tv) for number, each in records}
    for number, image_shape in enumerate(image_shapes, 1):
        if tuple(image_shape) != IMAGE_SHAPES.get(number):
            break
        for epoch, *book in LOSSES[number]:
            mine = ours.get((number, epoch))
            if mine:
                lines.append(f"{number:>5} {epoch:>6}  {losses(*mine)}   {losses(*book)}")
    if not lines:
        return []
    columns = f"{'content':>9}{'style':>9}{'TV':>7}"
    return [
        f"{'':14}{'ours':^25}   {'the book':^25}".rstrip(),
        f"stage  epoch  {columns}   {columns}",
        *lines,
        *textwrap.wrap(ABOUT_LOSSES, 72),
    ]
