"""The pictures, losses and record that a run leaves in its folder."""

import dataclasses
import importlib.metadata
import json
import logging
import platform
import shutil
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import mxnet
import numpy
import PIL
from mxnet import image, nd

from ..beyond import save_photograph
from ..chapter import Listener
from ..errors import OutputError
from ..images import to_picture
from ..losses import TERMS
from ..machine.files import (
    CURVES,
    EARLIER_CHECKPOINT,
    LOSSES,
    RECORD,
    atomic_write,
    short,
    write_table,
    write_text,
)
from ..machine.version import __version__
from ..settings import Output, command_line, settings_to_json, with_pictures, with_whole_paths
from .animation import frame_epochs, write_animation
from .checks import check_writable
from .folder import ALWAYS, is_sound

logger = logging.getLogger(__name__)

LONG = 3.0  # seconds
NO_ANIMATION = "the animation is not made: %s: %s"
WEIGHTS = ("source", "sha256", "gain", "origin", "licence")  # of `Pretrained`
CSV_COLUMNS = ("stage", "epoch", *TERMS, "lr", "seconds")


class Results(Listener):
    """Writes pictures, losses and the record of a run while it runs."""

    def __init__(self, folder, transfer, output=Output()):
        self.folder, self.transfer, self.output = folder, transfer, output
        self.settings, self.identity = transfer.resolved(), transfer.identity()
        check_writable(output, transfer.pictures.alpha)
        self.records = []  # (number of the stage, Epoch)
        self.started, self.seconds_before = time.time(), 0.0
        self.began = time.monotonic()
        self.is_new, self.was_ended, self.is_finished = True, False, False
        # Names of the pictures that are there, and of those that go when their stage has ended.
        self.pictures, self.temporary = set(), set()
        self.quality = {}  # number of the stage -> the real network's judgement of its picture
        self.recipe = None  # its name, as the command gave it

    def resume(self, checkpoint):
        """Take over the records of the run so far, from its `Checkpoint` and its folder."""
        self.records = list(checkpoint.records)
        self.started, self.seconds_before = checkpoint.started, checkpoint.seconds
        self.is_new, self.was_ended = False, checkpoint.state.ended
        self.pictures = {*map(str, self.folder.record("pictures"))}
        self.temporary = {*map(str, self.folder.record("temporary"))}
        self.recipe = self.folder.read_record().get("recipe")
        for number, stage in enumerate(self.folder.record("stages"), 1):
            if isinstance(stage, dict):
                self.quality[number] = stage.get("quality")
        if self.was_ended:
            self.remove_temporary()

    @property
    def seconds(self):
        """The time of the run, all its parts together."""
        return self.seconds_before + time.monotonic() - self.began

    def snapshots(self, stage):
        """The epochs after which a picture is kept: as asked for, and for the animation."""
        every = self.output.save_every
        asked = range(every, stage.max_epochs + 1, every) if every else ()
        return {*asked, *(frame_epochs(stage.max_epochs) if self.output.animation else ())}

    def animation(self, number):
        return self.folder.picture(number).with_suffix(f".{self.output.animation}")

    def names(self):
        """Names of all files that the run writes."""
        yield from ALWAYS
        for number, stage in enumerate(self.transfer.stages, 1):
            yield self.folder.picture(number).name
            if self.output.animation:
                yield self.animation(number).name
            for epochs in self.snapshots(stage):
                yield self.folder.snapshot(number, epochs).name

    def check_space(self, state=None):
        """Make sure that the disk can take the rest of the run after a `State`."""
        pictures, every = [], self.output.save_every
        for number, stage in enumerate(self.transfer.stages, 1):
            done = 0
            if state and number <= state.stage:
                done = state.epochs if number == state.stage else stage.max_epochs
            pictures.append(1 + (stage.max_epochs // every - done // every if every else 0))
            if self.output.animation:  # which takes less than its frames
                pictures[-1] += 2 * sum(n > done for n in frame_epochs(stage.max_epochs))
        sizes = [number * self.output.depth / 8 for number in pictures]
        self.folder.check_space(self.transfer.stages, sizes)

    def start_stage(self, stage_run):
        self.due = self.snapshots(stage_run.stage)
        number, epochs = stage_run.number, stage_run.first_epoch
        if self.output.animation and self.was_ended and epochs and self.animation(number).exists():
            # The stage had ended, and gets more epochs: its moving picture gets longer.
            film = self.folder.snapshot(number, epochs).with_suffix(f".{self.output.animation}")
            self.pictures.add(film.name)
            self.temporary.add(film.name)
            with accessory(sentence=NO_ANIMATION):
                with atomic_write(film) as file, open(self.animation(number), "rb") as so_far:
                    shutil.copyfileobj(so_far, file)

    def end_epoch(self, stage_run, epoch):
        if self.is_new:
            self.replace_earlier()
            self.write_run()  # first of all: what follows is known as this run's
        self.records.append((stage_run.number, epoch))
        epochs = epoch.epoch + 1
        if epochs in self.due:
            self.save_snapshot(stage_run.picture(), stage_run.number, epochs)

    def replace_earlier(self):
        """Remove an earlier run's files, now that this one has some."""
        if not self.output.overwrite:
            self.folder.refuse_results()
        if self.folder.results():
            self.folder.remove({*self.names(), *map(str, self.folder.record("pictures"))})
        self.is_new = False

    def end_stage(self, stage_run):
        picture = stage_run.picture()
        number, epochs = stage_run.number, stage_run.stage.max_epochs
        self.save(picture, self.folder.picture(number), number, epochs)
        if not stage_run.is_draft or number == len(self.transfer.stages):
            self.judge(picture, number)  # of a draft the real network's next stage tells as much
        if self.output.animation:
            self.write_animation(stage_run)
        self.plot_losses()

    def tidy(self, state):
        """Remove temporary files, now that a checkpoint holds the end of a stage."""
        self.is_finished = state.stage == len(self.transfer.stages)
        try:
            self.remove_temporary()
            if self.is_finished:
                self.folder.remove([EARLIER_CHECKPOINT])
        except OutputError as error:
            logger.warning("what nobody needs any more stays: %s", error)
        self.write_run()

    def remove_temporary(self):
        self.folder.remove(self.temporary)
        self.pictures -= self.temporary
        self.temporary.clear()

    def finish(self, state):
        """Write what is missing of a run that has ended."""
        path = self.folder.picture(state.stage)
        if not is_sound(path):
            picture = self.transfer.show(nd.array(state.X))
            self.save(picture, path, state.stage, state.epochs)
        self.pictures.add(path.name)
        self.write_losses()
        self.plot_losses()
        self.tidy(state)

    def judge(self, picture, number):
        """Have the real network judge the picture."""
        told = "stage %d is finished; the real network judges the picture, which takes some time"
        timer = threading.Timer(LONG, logger.info, [told, number])
        timer.start()
        try:
            with accessory(sentence="the picture is not judged: %s: %s"):
                self.quality[number] = self.transfer.judge(picture)
        finally:
            timer.cancel()

    def save(self, picture, path, number, epochs):
        """Save the picture of a stage after so many epochs, and record it as this run's."""
        self.pictures.add(path.name)
        alpha, dpi = self.transfer.pictures.alpha, self.transfer.pictures.dpi
        origin = self.origin(number, epochs)
        save_photograph(picture, path, alpha, self.output.depth, dpi, origin)

    def origin(self, number, epochs):
        """The origin that is written into a picture; it names no home directory."""
        settings = dataclasses.replace(self.settings, stages=self.settings.stages[:number])
        settings = with_pictures(settings, lambda path: short(str(path)))
        weights = "small" if self.transfer.pretrained.source == "small" else settings.weights
        settings = dataclasses.replace(settings, weights=short(weights))
        return {
            "made_by": f"gluon_style {__version__}",
            "command": f"python -m gluon_style.train {command_line(settings)}",
            "stage": number,
            "epochs": epochs,
            "identity": self.identity,
        }

    def save_snapshot(self, picture, number, epochs):
        """Save the picture of a stage under way, temporarily unless it was asked for."""
        path = self.name_snapshot(number, epochs)
        self.save(picture, path, number, epochs)

    def name_snapshot(self, number, epochs):
        """Path of a snapshot, which the record names from now on."""
        path, every = self.folder.snapshot(number, epochs), self.output.save_every
        if not every or epochs % every:
            self.temporary.add(path.name)
        self.pictures.add(path.name)
        return path

    def write_state(self, state):
        """Write the picture of a `State`."""
        self.save_snapshot(self.transfer.show(nd.array(state.X)), state.stage, state.epochs)

    def write_animation(self, stage_run):
        """Make one moving picture of the content photo, a stage's snapshots and its result."""
        number, stage = stage_run.number, stage_run.stage
        path, result = self.animation(number), self.folder.picture(number)
        frames, self.temporary = self.temporary, set()  # which stay if that fails
        with accessory(sentence=NO_ANIMATION):
            first, had = self.film_so_far(number, frames)
            epochs = [n for n in frame_epochs(stage.max_epochs) if n > had]
            if first is None:
                photo = image.imresize(self.transfer.content_img, *stage.image_shape)
                first = to_picture(photo.asnumpy(), self.transfer.pictures.alpha)
            paths = (self.folder.snapshot(number, n) for n in epochs)
            write_animation(path, [first, *filter(Path.exists, paths), result])
            self.pictures.add(path.name)
            self.temporary = frames

    def film_so_far(self, number, names):
        """The moving picture of a stage that got more epochs, and its epochs before."""
        for path in map(Path, names):
            begin, _, epochs = path.stem.rpartition("-epoch-")
            if begin == self.folder.picture(number).stem and path.suffix[1:] != self.folder.suffix:
                return self.folder.path / path.name, int(epochs)
        return None, 0

    def write_losses(self):
        rows = (
            [number, *(repr(getattr(epoch, name)) for name in CSV_COLUMNS[1:])]
            for number, epoch in self.records
        )
        write_table(self.folder.path / LOSSES, [CSV_COLUMNS, *rows])

    def plot_losses(self):
        with accessory(sentence="the losses are not drawn: %s: %s"):
            import matplotlib  # which takes long, so not before the first epoch

            # A matplotlibrc may ask for LaTeX.
            plain = matplotlib.rc_context({"text.usetex": False})
            with atomic_write(self.folder.path / CURVES) as file, plain:
                plot_losses(self.records, self.quality).savefig(file, format="png", dpi=120)

    def write_run(self):
        """Write `run.json`: settings, versions, device, weights, final losses and times."""
        transfer, pretrained, stages = self.transfer, self.transfer.pretrained, []
        for number, stage in enumerate(transfer.stages, 1):
            epochs = [epoch for of_stage, epoch in self.records if of_stage == number]
            stages.append(
                {
                    "image_shape": stage.image_shape,
                    "epochs": len(epochs),
                    "seconds": sum(epoch.seconds for epoch in epochs),
                    "final": dataclasses.asdict(epochs[-1]) if epochs else None,
                    "quality": self.quality.get(number),
                }
            )
        run = {
            "recipe": self.recipe,
            "settings": settings_to_json(with_whole_paths(transfer.settings, transfer.names)),
            "identity": transfer.identity(),
            "ctx": str(transfer.ctx),
            "precision": transfer.precision,
            "weights": {
                **{name: getattr(pretrained, name) for name in WEIGHTS},
                "file": transfer.names.get(pretrained.file, pretrained.file),
            },
            "stages": stages,
            "finished": self.is_finished,
            "options": self.output.kept(),
            "pictures": sorted(self.pictures),
            "temporary": sorted(self.temporary),
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(self.started)),
            "seconds": self.seconds,
            "versions": {
                "gluon_style": __version__,
                "python": platform.python_version(),
                "mxnet": mxnet.__version__,
                "numpy": numpy.__version__,
                "pillow": PIL.__version__,
                "matplotlib": importlib.metadata.version("matplotlib"),
            },
        }
        write_text(self.folder.path / RECORD, json.dumps(run, indent=2) + "\n")


@contextmanager
def accessory(sentence):
    """Warn if something fails that the run can do without."""
    try:
        yield
    except Exception as error:
        logger.warning(sentence, type(error).__name__, " ".join(str(error).split())[:300])


def describe_quality(quality):
    """The real network's judgement of a picture in two lines."""
    layers = ", ".join(f"{loss:.2f}" for loss in quality["style_layers"])
    return (
        f"the picture by the real network: content {quality['content']:.2f}, "
        f"TV {quality['tv']:.2f},\nstyle {quality['style']:.2f} (by layer {layers})"
    )


def plot_losses(records, quality=None):
    """Draw the loss curves, on a logarithmic scale, a line where the rate changes.

    Parameters
    ----------
    records : list of (int, Epoch)
        Number of the stage and record of the epoch, in order.
    quality : dict of int to (dict or None), optional
        The judgement of `StyleTransfer.judge` for each stage.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    numbers = sorted({number for number, _ in records})
    figure = Figure(figsize=(5 * len(numbers) + 1, 4), layout="constrained")
    all_axes = figure.subplots(1, len(numbers), squeeze=False)[0]
    for axes, number in zip(all_axes, numbers):
        epochs = [epoch for of_stage, epoch in records if of_stage == number]
        x = [epoch.epoch for epoch in epochs]
        for term in TERMS:
            y = [getattr(epoch, term) for epoch in epochs]
            # The content loss is 0 at the start, which a logarithmic scale cannot show.
            y = [value if value > 1e-4 else float("nan") for value in y]
            axes.plot(x, y, label="TV" if term == "tv" else term, lw=2 if term == "total" else 1.2)
        for epoch in epochs:
            if epoch.next_lr != epoch.lr:
                axes.axvline(epoch.epoch, color="0.6", lw=1, ls="--")
                at = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
                look = {"xytext": (3, -12), "color": "0.4", "fontsize": "small"}
                axes.annotate(f"lr {epoch.next_lr:.0e}", (epoch.epoch, 1), **at, **look)
        judged = (quality or {}).get(number)
        below = f"epoch\n{describe_quality(judged)}" if judged else "epoch"
        # A plain picture in its own style has no losses at all.
        scale = "log" if any(epoch.total > 1e-4 for epoch in epochs) else "linear"
        axes.set(title=f"stage {number}", xlabel=below, yscale=scale)
        axes.grid(alpha=0.25)
    all_axes[0].set_ylabel("weighted loss")
    all_axes[0].legend()
    return figure
