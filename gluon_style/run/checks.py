"""The mistakes in a run that can be told without MXNet, all of them at once."""

import dataclasses
from collections import defaultdict
from importlib.util import find_spec
from types import SimpleNamespace

from ..errors import CheckpointError, Mistakes, Setting, UsageError
from ..machine import available, get_precision, gpu_of, installed_wheels
from ..machine.files import GIVEN, expanded
from ..machine.files.pictures import decode, decode_mask
from ..plan import Means, Sizes, make_plan
from ..pretrained import SOURCES, Kept, check_file, find_weights
from ..settings import OPTIONS, Output, Settings, as_tuple, get_output, get_settings, pictures_of
from ..vgg19 import CHANNELS, SMALL_CHANNELS
from .checkpoint import Checkpoint
from .folder import OutputFolder

PAIR = ("content", "style")
WRITERS = {"png": "numpngw", "tif": "tifffile"}  # of 16 bits, which Pillow cannot write in colour


def check_command(values, mistakes):
    """The settings and output of a new run from values by option, and what `check_run` returns."""
    settings = make_part(get_settings, values, mistakes)
    output = make_part(get_output, values, mistakes)
    return settings, output, check_run(settings, output, mistakes)


def make_part(make, values, mistakes):
    """Settings or output from values by option; the wrong ones are left out, and noted."""
    made = None
    while made is None:
        with mistakes:
            made = make(values)
        wrong = values.keys() & {each.field for each in mistakes}
        if made is None and not wrong:
            mistakes.tell()
        values = {name: value for name, value in values.items() if name not in wrong}
    return made


def check_run(settings, output, mistakes=None):
    """Make sure that a run can work, or tell all mistakes; a `Kept` with what was read."""
    mistakes = Mistakes() if mistakes is None else mistakes
    with mistakes:
        if output.book:
            check_book(settings)
    kept = check_settings([settings], mistakes, PAIR if output.book else ())
    with mistakes:
        content = kept.pictures.get(settings.content)
        check_writable(output, content and content.alpha, settings)
    with mistakes:
        OutputFolder(output.folder, suffix=output.format).check(output.overwrite)
    mistakes.tell()
    read_weights(settings, kept)
    return kept


def check_settings(runs, mistakes, but=()):
    """Note what is wrong with the settings of runs; a `Kept` with what was read.

    Where mistakes were found before, their options are the defaults, and nothing is planned.
    The pictures of the options in `but` are not there yet.
    """
    kept, is_whole = Kept(), not mistakes
    for settings in runs:
        sizes, how = defaultdict(list), None
        pictures = [each for each in pictures_of(settings) if each[0] not in but]
        for name, picture in pictures:
            with mistakes:
                read = decode_mask if name == "mask" else decode
                sizes[name].append(kept.decoded(picture, read).rgb.shape[1::-1])
        with mistakes:
            check_file(settings.weights)
        with mistakes:
            how = device_of(settings)
        all_read = not but and sum(map(len, sizes.values())) == len(pictures)
        if is_whole and all_read and how:
            with mistakes:
                # What not even the small network can paint.
                channels = CHANNELS[0] if settings.weights in SOURCES else SMALL_CHANNELS
                means = Means(available(), *how, channels, settings.weights == "small")
                make_plan(settings, Sizes(sizes["content"][0], tuple(sizes["style"])), means)
    return kept


def read_run(folder, revise=None):
    """The checkpoint in a folder, the settings and output to resume it with, and a `Kept`."""
    checkpoint = Checkpoint.read(folder.path)
    settings, output = checkpoint.settings, Output(folder.path, **checkpoint.options)
    if revise:
        settings, output = revise(settings, output)
    folder.suffix = output.format
    refuse_given(settings)
    mistakes, kept = Mistakes(), Kept()
    if settings.stages != checkpoint.settings.stages:
        size = kept.decoded(settings.content, decode).rgb.shape[1::-1]
        stages = tuple(stage.fitted(size) for stage in settings.stages)
        settings = dataclasses.replace(settings, stages=stages)
    with mistakes:
        checkpoint.check_settings(settings)
    with mistakes:
        if output.overwrite:
            remedy = "leave it out to resume this one, which replaces nothing"
            raise UsageError("is for new runs", "overwrite", remedy=remedy)
    with mistakes:
        checkpoint.check_folder(folder)
    if not checkpoint.is_finished(settings.stages):
        kept = check_settings([settings], mistakes)
    mistakes.tell()
    return checkpoint, settings, output, kept


def refuse_given(settings):
    """Refuse settings whose pictures were objects in Python, which are gone."""
    for name, picture in pictures_of(settings):
        if picture == GIVEN:
            text = "was given to Python as a picture, not as a file"
            remedy = "give it again with `revise` of gluon_style.resume"
            raise CheckpointError(text, name, remedy=remedy)


def check_resume(path, values, given, mistakes):
    """Make sure that there is a run in a folder, and that the options given make sense."""
    with mistakes:
        OutputFolder(expanded(path), make=False).check()
    for name, each in OPTIONS.items():
        with mistakes:
            value = each.check(values[name]) if name in given else None
            if value and each.kind.form == "picture" and value not in each.kind.words:
                for picture in as_tuple(value):
                    decode(picture)
    mistakes.tell()


def read_weights(settings, kept):
    """Read the network where it need not be downloaded."""
    key = settings.weights, settings.layers
    if key[0] != "auto" and key[0] not in SOURCES:
        kept.parameters.get(key, lambda: find_weights(*key))


def device_of(settings):
    """The device, a GPU if it may be one, and the precision."""
    if settings.ctx.startswith("gpu"):
        gpu_of(settings.ctx)
    elif settings.ctx == "cpu" or not set(installed_wheels()) - {"mxnet"}:
        cpu = SimpleNamespace(device_type="cpu")
        return "cpu", get_precision(settings.precision, cpu)
    return "gpu", "float32"


def check_book(settings):
    """Make sure that no pictures are given beside the book's."""
    names = {name: Setting(name) for name in PAIR}
    if (settings.content, settings.style) != (Settings().content, Settings().style):
        remedy = "leave out {content} and {style}"
        raise UsageError("brings its own pictures", "book", remedy=remedy, **names)


def check_writable(output, alpha, settings=Settings()):
    """Make sure that a run's pictures can be written, transparent ones as they are kept."""
    if output.format == "jpg" and alpha is not None and settings.background == "keep":
        raise UsageError(
            "{format}: knows no transparency, which the content picture has",
            "format",
            remedy="choose another, or {background} white",
            format=output.format,
            background=Setting("background"),
        )
    if output.depth == 16 and not find_spec(WRITERS[output.format]):
        raise UsageError(
            "{depth}: {format} needs the package {package}",
            "depth",
            remedy="run: python -m pip install {package}",
            depth=output.depth,
            format=output.format,
            package=WRITERS[output.format],
        )
