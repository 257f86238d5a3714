"""A whole run, bound together: settings, folder, results, checkpoints, progress, stopping."""

import dataclasses
import os
import shlex
from pathlib import Path

from ..chapter import StyleTransfer
from ..errors import CheckpointError, GluonStyleError, NonFiniteLoss, UsageError
from ..images import read
from ..settings import FRAME_EVERY, GIVEN, Output, Settings
from . import book
from .checkpoint import Checkpoint, Checkpoints
from .folder import OutputFolder
from .progress import ForecastNextStage, PrintLosses, progress
from .results import Results
from .stopping import StopOnSignal


def stylize(settings=Settings(), output=Output()):
    """Paint a picture: the chapter's stages, with results and checkpoints in a folder.

    Ctrl-C and SIGTERM stop the run after the current epoch; `resume` takes it up again.

    Parameters
    ----------
    settings : Settings
    output : Output, str or Path
        What to keep and tell; or only the folder for it.

    Returns
    -------
    ndarray, shape (h, w, 3), float32
        The result of the last stage, RGB in 0..1.

    Raises
    ------
    OutputError
        The folder holds an earlier run's results, or cannot be written to.
    GluonStyleError
        And what `StyleTransfer` raises.
    """
    if isinstance(output, (str, Path)):
        output = Output(output)
    with OutputFolder(output.folder) as folder:
        if not output.overwrite:
            folder.refuse_results()
        if output.book:
            settings = with_book_pictures(settings)
        return run(StyleTransfer(settings), output, folder)


def resume(path, revise=None):
    """Take up a run again that was stopped, or give its last stage more epochs.

    Parameters
    ----------
    path : str or Path
        The run's folder.
    revise : callable, optional
        Takes the run's `Settings` and `Output`, returns both as they shall be: pictures that
        have moved or were not files, more epochs in the last stage, other intervals.

    Returns
    -------
    ndarray, shape (h, w, 3), float32, or None
        The result of the last stage; None when the run had been finished.

    Raises
    ------
    CheckpointError
        There is no checkpoint, or the settings, pictures or weights are not the run's own.
    GluonStyleError
        And what `StyleTransfer` raises.
    """
    with OutputFolder(os.path.expanduser(path), make=False) as folder:
        checkpoint = Checkpoint.read(folder.path)
        settings, output = checkpoint.settings, Output(folder.path, **checkpoint.options)
        if revise:
            settings, output = revise(settings, output)
        for name in ("content", "style"):
            if getattr(settings, name) == GIVEN:
                raise CheckpointError(
                    "was given to Python as a picture, not as a file: give it again with `revise` "
                    "of gluon_style.resume",
                    name,
                )
        if settings.stages != checkpoint.settings.stages:
            content_img = read(settings.content)
            stages = tuple(stage.fitted(content_img) for stage in settings.stages)
            settings = dataclasses.replace(settings, stages=stages)
        checkpoint.check_settings(settings)
        if checkpoint.is_finished(settings.stages):
            if not output.quiet:
                last = folder.picture(len(settings.stages))
                print(f"the run is finished: {last} (--stages with more epochs resumes it)")
            return None
        transfer = StyleTransfer(settings)
        checkpoint.check_identity(transfer)
        return run(transfer, output, folder, checkpoint)


def run(transfer, output, folder, checkpoint=None):
    """Run, from the start or from a checkpoint, with everything that listens."""
    results, checkpoints = keep(transfer, output, folder, checkpoint)
    state = checkpoint.state if checkpoint else None
    listeners = [results, checkpoints]
    if not output.quiet:
        print(plan(transfer, folder, state), flush=True)
        listeners += [PrintLosses(), progress()]
    listeners.append(ForecastNextStage(transfer, output.quiet))
    try:
        with StopOnSignal(transfer) as stop:
            picture = transfer.run([*listeners, stop], state)
    except GluonStyleError as error:
        if checkpoints.saved:
            error.message = f"{error.message}; {what_is_left(error, folder)}"
        raise
    if not output.quiet:
        if output.book:
            shapes = [stage.image_shape for stage in transfer.stages]
            print("\n".join([*book.comparison(results.records, shapes), book.CREDIT]))
        if transfer.pretrained.notice:
            print(transfer.pretrained.notice)
        print(folder.picture(len(transfer.stages)))
    return picture


def keep(transfer, output, folder, checkpoint=None):
    """The listeners that write a run into its folder."""
    folder.check_space(transfer.stages)
    save_every = output.save_every or (FRAME_EVERY if output.animation else None)
    results = Results(folder, transfer, save_every, output.animation)
    if checkpoint:
        results.resume(checkpoint)
    return results, Checkpoints(results, output.checkpoint_every, output.kept())


def with_book_pictures(settings):
    """The settings with the book's own pictures."""
    if (settings.content, settings.style) != (Settings().content, Settings().style):
        raise UsageError("brings its own pictures: leave out --content and --style", "book")
    content, style = map(str, book.pictures())
    return dataclasses.replace(settings, content=content, style=style)


def plan(transfer, folder, state):
    """What is going to happen, in a few lines."""
    settings, pretrained = transfer.settings, transfer.pretrained
    origin = ", ".join(filter(None, (pretrained.source, pretrained.file)))
    lines = [
        f"content  {settings.content}",
        f"style    {settings.style}",
        f"device   {transfer.ctx}, {transfer.precision}",
        f"weights  {origin}",
    ]
    for number, stage in enumerate(transfer.stages, 1):
        width, height = stage.image_shape
        lines.append(f"stage {number}  {width}x{height}, {stage.max_epochs} epochs")
    lines.append(f"results  {folder.path}")
    if state:
        lines.append(f"goes on  after {state.epochs} epochs of stage {state.stage}")
    return "\n".join(lines)


def what_is_left(error, folder):
    """What a user may do with a run that has broken off."""
    if isinstance(error, NonFiniteLoss):
        return f"the last picture that was in order is in {folder.path}"
    return f"to go on: python -m gluon_style.train --resume {shlex.quote(str(folder.path))}"
