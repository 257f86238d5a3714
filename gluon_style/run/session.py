"""A whole run, bound together: settings, folder, results, checkpoints, progress, stopping."""

import dataclasses
import logging
import math
import shlex
from itertools import zip_longest
from pathlib import Path

from ..chapter import StyleTransfer
from ..errors import GluonStyleError, NonFiniteLoss
from ..machine import available, format_size
from ..machine.files import expanded
from ..plan import Load, slowdown
from ..settings import CHAPTER_STAGES, SIZES, Output, Settings, as_text
from . import book
from .checks import check_book, check_run, read_run, refuse_given
from .folder import OutputFolder
from .progress import ForecastRun, PrintLosses, Telling, WarnOfDivergence, progress
from .results import Results
from .saving import Checkpoints
from .stopping import StopOnSignal

logger = logging.getLogger(__name__)


def stylize(settings=Settings(), output=Output(), listeners=()):
    """Paint a picture: the chapter's stages, with results and checkpoints in a folder.

    It prints its progress, in a notebook with a bar; `Output(quiet=True)` is silent. Ctrl-C and
    SIGTERM stop the run after the current epoch; `resume` continues it.

    Parameters
    ----------
    settings : Settings
    output : Output, str or Path
        Results to keep and progress to print; or only the folder.
    listeners : sequence of Listener
        Further watchers of the run.

    Returns
    -------
    ndarray, shape (h, w, 3), float32
        The result of the last stage, RGB in 0..1.

    Raises
    ------
    OutputError
        The folder holds an earlier run's results, or cannot be written to.
    GluonStyleError
        Or an error of `StyleTransfer`.
    """
    if isinstance(output, (str, Path)):
        output = Output(output)
    return start(settings, output, check_run(settings, output), listeners)


def again(path, origin, settings, output, kept):
    """Run the command in a picture's file again, perhaps with other options."""
    if not output.quiet:
        print(f"made by  {origin['command']}")
    refuse_given(settings)

    def tell_changes(transfer):
        identity = transfer.identity()
        for name, checksum in origin["identity"].items():
            if identity.get(name) != checksum:
                logger.warning("%s: made with another %s than is used now", path, name)

    return start(settings, output, kept, check=tell_changes, strict=True)


def start(settings, output, kept, listeners=(), check=lambda transfer: None, **how):
    """Do what `stylize` does with what `check_run` has read; `check` sees the run first."""
    with OutputFolder(output.folder, suffix=output.format) as folder:
        if not output.overwrite:
            folder.refuse_results()
        if output.book:
            settings = with_book_pictures(settings)
        transfer = StyleTransfer(settings, kept=kept)
        check(transfer)
        return run(transfer, output, folder, listeners=listeners, **how)


def resume(path, revise=None, listeners=(), strict=False):
    """Continue a run that was stopped, or give it more epochs or more stages.

    Parameters
    ----------
    path : str or Path
        The run's folder.
    revise : callable, optional
        Takes the run's `Settings` and `Output` and returns the new ones: pictures that have
        moved, other intervals, more epochs in the last stage, more stages.
    listeners : sequence of Listener
        Further watchers of the run.
    strict : bool
        Raise `WorseResult` at the end if the last stage has made the picture worse.

    Returns
    -------
    ndarray, shape (h, w, 3), float32, or None
        The result of the last stage; None when the run had been finished.

    Raises
    ------
    CheckpointError
        There is no checkpoint, or the settings, pictures or weights are not the run's own.
    GluonStyleError
        Or an error of `StyleTransfer`.
    """
    with OutputFolder(expanded(path), make=False) as folder:
        return resume_from(folder, *read_run(folder, revise), listeners, strict)


def resume_from(folder, checkpoint, settings, output, kept, listeners=(), strict=False):
    """Do what `resume` does with what `read_run` has read."""
    is_finished, number = checkpoint.is_finished(settings.stages), len(settings.stages)
    is_complete = is_finished and folder.is_complete(number)
    if not is_complete or settings != checkpoint.settings:
        transfer = StyleTransfer(settings, kept=kept)
        checkpoint.check_identity(transfer)
    if is_finished:
        if not is_complete:
            finish(transfer, output, folder, checkpoint)
        if not output.quiet:
            print(f"the run is finished: {folder.picture(number)}")
            print(what_more(settings.stages, folder, folder.read_record().get("recipe")))
        return None
    return run(transfer, output, folder, checkpoint, listeners, strict)


def run(transfer, output, folder, checkpoint=None, listeners=(), strict=False, recipe=None):
    """Run from the start or from a checkpoint, with all listeners; `recipe` names a new run's."""
    results, checkpoints = writers(transfer, output, folder, checkpoint)
    results.recipe = recipe or results.recipe
    forecast = ForecastRun(transfer, output.quiet)
    listeners = [results, checkpoints, Telling(forecast), *listeners]
    if not output.quiet:
        print(plan(transfer, folder, checkpoint), flush=True)
        listeners += [Telling(PrintLosses()), Telling(progress(forecast))]
    divergence = WarnOfDivergence(results, strict=strict)
    listeners.append(divergence)
    try:
        with StopOnSignal(transfer, folder.remove_if_empty) as stop:
            picture = transfer.run([*listeners, stop], checkpoint and checkpoint.state)
    except GluonStyleError as error:
        if folder.has_checkpoint():
            if isinstance(error, NonFiniteLoss):
                error.add("the last picture that was in order is in {folder}", folder=folder.path)
            else:
                error.add("to resume: {command}", command=resume_command(folder))
        raise
    if not output.quiet:
        if output.book:
            shapes = [stage.image_shape for stage in transfer.stages]
            print("\n".join([*book.comparison(results.records, shapes), book.CREDIT]))
        if transfer.pretrained.notice:
            print(transfer.pretrained.notice)
        print(what_more(transfer.stages, folder, results.recipe))
        print(folder.picture(len(transfer.stages)))
    if divergence.error:
        raise divergence.error
    return picture


def writers(transfer, output, folder, checkpoint=None):
    """The listeners that write a run into its folder."""
    results = Results(folder, transfer, output)
    results.check_space(checkpoint and checkpoint.state)
    if checkpoint:
        results.resume(checkpoint)
    return results, Checkpoints(results, output.checkpoint_every)


def finish(transfer, output, folder, checkpoint):
    """Write what an ended run lacks, as after a kill in its last moment."""
    results, _ = writers(transfer, output, folder, checkpoint)
    results.finish(checkpoint.state)


def with_book_pictures(settings):
    """The settings with the book's own pictures."""
    check_book(settings)
    content, style = map(str, book.pictures())
    return dataclasses.replace(settings, content=content, style=style)


def plan(transfer, folder, checkpoint=None):
    """The plan of a run in a few lines."""
    settings, pretrained = transfer.settings, transfer.pretrained
    origin = ", ".join(filter(None, (pretrained.source, pretrained.file)))
    lines = [
        f"content  {settings.content}",
        *(f"style    {each}" for each in settings.styles),
        f"device   {transfer.ctx}, {transfer.precision}",
        f"weights  {origin}",
    ]
    before = checkpoint.settings.stages if checkpoint else transfer.stages
    for number, (stage, was) in enumerate(zip_longest(transfer.stages, before), 1):
        if stage:
            change = "" if stage == was else f" ({was} before)" if was else " (added)"
            planned = transfer.plan.stages[number - 1]
            slower = f"{slowdown(planned.tile, planned.tail):g} times as slow"
            tiles = f" in tiles of {planned.tile}, {slower}," if planned.tile else ""
            by = " by the small network," if number <= transfer.plan.drafts else ""
            lines.append(
                f"stage {number}  {format_size(stage.image_shape)},{tiles}{by} "
                f"{stage.max_epochs} epochs{change}"
            )
    lines.append(f"results  {folder.path}")
    if checkpoint:
        state = checkpoint.state
        lines.append(f"resumes  after {state.epochs} epochs of stage {state.stage}")
    return "\n".join(lines)


def what_more(stages, folder, recipe=None):
    """The commands that give an ended run more epochs or a larger stage."""
    last, (width, height) = stages[-1], stages[-1].image_shape
    if recipe in [*SIZES]:
        size = 2 * max(width, height)
        return f"larger: the command of this run with --size {size} and another --output"
    longer = dataclasses.replace(last, max_epochs=last.max_epochs + math.ceil(last.max_epochs / 2))
    larger = dataclasses.replace(last, image_shape=(2 * width, 2 * height))
    first, second = CHAPTER_STAGES
    if dataclasses.replace(last, image_shape=max(width, height)) == first:
        larger = dataclasses.replace(second, image_shape=(4 * width, 4 * height))
    decays = (last.max_epochs - 1) // last.lr_decay_epoch
    tired = f" (little will change, at {0.1**decays:g} of the first rate)" if decays > 1 else ""
    lines = [f"more epochs{tired}:", f"  {resume_command(folder, (*stages[:-1], longer))}"]
    if Load(larger.image_shape).tiled() <= available():
        lines += ["a larger stage:", f"  {resume_command(folder, (*stages, larger))}"]
    return "\n".join(lines)


def resume_command(folder, stages=()):
    """The command line that resumes the run in a folder."""
    command = f"python -m gluon_style.train --resume {shlex.quote(str(folder.path))}"
    return command + (f" --stages {as_text(stages)}" if stages else "")
