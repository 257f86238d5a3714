"""The pictures among the settings: paths, or pictures that the caller has read."""

from pathlib import Path

from ..errors import UsageError
from ..machine.files import Given
from .values import check_path


def shipped(name):
    """Path of a picture that comes with the package: `mountain.jpg` or `autumn_tree.jpg`."""
    here = Path(__file__).resolve().parents[1]
    in_package, in_checkout = here / "img" / name, here.parent / "img" / name
    return in_package if in_package.exists() else in_checkout


def check_picture(value, name):
    """A picture's path as text, or the picture itself as `Given`."""
    if isinstance(value, Given):
        return value
    # Asked of its class: Pillow decodes a picture, even a damaged one, to answer for its array.
    arrays = ("__array_interface__", "__array__", "asnumpy")
    if any(hasattr(type(value), each) for each in arrays):
        return Given(value)
    return check_path(value, name)


def check_pictures(values, name):
    """Several pictures as a tuple, one as well."""
    return tuple(check_picture(each, name) for each in as_tuple(values))


def check_styles(values, name):
    """The style picture; several, at least one, as a tuple."""
    styles = check_pictures(values, name)
    if not styles:
        raise UsageError("needs at least one picture", name)
    return styles if len(styles) > 1 else styles[0]


def as_tuple(values):
    """Several values, or one, as a tuple."""
    return tuple(values) if isinstance(values, (tuple, list)) else (values,)
