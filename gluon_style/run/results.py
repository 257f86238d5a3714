"""The pictures, losses and record that a run leaves in its folder."""

import csv
import dataclasses
import io
import json
import platform
import time
from pathlib import Path

import matplotlib
import mxnet
import numpy
import PIL
from matplotlib.figure import Figure
from mxnet import nd
from PIL import Image

from .._version import __version__
from ..chapter import Listener
from ..files import atomic_write
from ..images import postprocess, save
from ..settings import settings_to_json

CSV_COLUMNS = ("stage", "epoch", "content", "style", "tv", "total", "lr", "seconds")


class Results(Listener):
    """Write pictures, losses and the record of the run as the run goes on."""

    def __init__(self, folder, transfer, save_every=None, animation=None):
        self.folder, self.transfer = folder, transfer
        self.save_every, self.animation = save_every, animation
        self.records = []  # (number of the stage, Epoch)
        self.started, self.seconds_before = time.time(), 0.0
        self.began = time.monotonic()

    def resume(self, checkpoint):
        """Take over the records of the run so far, from its `Checkpoint`."""
        self.records = list(checkpoint.records)
        self.started, self.seconds_before = checkpoint.started, checkpoint.seconds

    @property
    def seconds(self):
        """How long the run has taken, all its parts together."""
        return self.seconds_before + time.monotonic() - self.began

    def end_epoch(self, stage_run, epoch):
        if not self.records:
            self.folder.clear()
        self.records.append((stage_run.number, epoch))
        if self.save_every and (epoch.epoch + 1) % self.save_every == 0:
            self.save(stage_run.picture(), self.folder.snapshot(stage_run.number, epoch.epoch + 1))

    def end_stage(self, stage_run):
        self.save(stage_run.picture(), self.folder.picture(stage_run.number))
        if self.animation:
            self.write_animation(stage_run)
        self.write_losses()
        self.plot_losses()
        self.write_run()

    def save(self, img, path):
        """Save a picture, transparent where the content picture is."""
        save(img, path, self.transfer.alpha)

    def write_animation(self, stage_run):
        """Make one moving picture of a stage's snapshots and its result."""
        number, epochs = stage_run.number, stage_run.stage.max_epochs
        paths = [
            self.folder.snapshot(number, n) for n in range(self.save_every, epochs, self.save_every)
        ]
        # After a run was resumed with other options some of them may not be there.
        paths = [*filter(Path.exists, paths), self.folder.picture(number)]
        with atomic_write(self.folder.picture(number).with_suffix(f".{self.animation}")) as file:
            first, *others = map(Image.open, paths)
            first.save(
                file,
                self.animation.upper(),
                save_all=True,
                append_images=others,
                duration=[100] * len(others) + [2000],  # ms
                loop=0,
            )
        for picture in (first, *others):
            picture.close()

    def write_snapshot(self, state):
        """Write the picture of a `State`."""
        self.save(postprocess(nd.array(state.X)), self.folder.snapshot(state.stage, state.epochs))

    def write_losses(self):
        """Write `losses.csv`."""
        text = io.StringIO(newline="")
        rows = csv.writer(text)
        rows.writerow(CSV_COLUMNS)
        for number, epoch in self.records:
            rows.writerow([number, *(repr(getattr(epoch, name)) for name in CSV_COLUMNS[1:])])
        with atomic_write(self.folder.path / "losses.csv") as file:
            file.write(text.getvalue().encode())

    def plot_losses(self):
        """Write `losses.png`."""
        with atomic_write(self.folder.path / "losses.png") as file:
            plot_losses(self.records).savefig(file, format="png", dpi=120)

    def write_run(self):
        """Write `run.json`: settings, versions, device, weights, final losses and times."""
        transfer, stages = self.transfer, []
        for number, stage in enumerate(transfer.stages, 1):
            epochs = [epoch for of_stage, epoch in self.records if of_stage == number]
            stages.append(
                {
                    "image_shape": stage.image_shape,
                    "epochs": len(epochs),
                    "seconds": sum(epoch.seconds for epoch in epochs),
                    "final": dataclasses.asdict(epochs[-1]) if epochs else None,
                }
            )
        run = {
            "settings": settings_to_json(transfer.settings),
            "ctx": str(transfer.ctx),
            "precision": transfer.precision,
            "weights": {
                name: getattr(transfer.pretrained, name)
                for name in ("source", "file", "sha256", "gain", "origin", "licence")
            },
            "stages": stages,
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(self.started)),
            "seconds": self.seconds,
            "versions": {
                "gluon_style": __version__,
                "python": platform.python_version(),
                "mxnet": mxnet.__version__,
                "numpy": numpy.__version__,
                "pillow": PIL.__version__,
                "matplotlib": matplotlib.__version__,
            },
        }
        with atomic_write(self.folder.path / "run.json") as file:
            file.write((json.dumps(run, indent=2) + "\n").encode())


def plot_losses(records):
    """Draw the loss curves, on a logarithmic scale, a line where the rate changes.

    Parameters
    ----------
    records : list of (int, Epoch)
        Number of the stage and record of the epoch, in order.

    Returns
    -------
    matplotlib.figure.Figure
    """
    numbers = sorted({number for number, _ in records})
    figure = Figure(figsize=(5 * len(numbers) + 1, 4), layout="constrained")
    all_axes = figure.subplots(1, len(numbers), squeeze=False)[0]
    for axes, number in zip(all_axes, numbers):
        epochs = [epoch for of_stage, epoch in records if of_stage == number]
        x = [epoch.epoch for epoch in epochs]
        for term in ("content", "style", "tv", "total"):
            y = [getattr(epoch, term) for epoch in epochs]
            # The content loss is 0 at the start, which a logarithmic scale cannot show.
            y = [value if value > 1e-4 else float("nan") for value in y]
            axes.plot(x, y, label="TV" if term == "tv" else term, lw=2 if term == "total" else 1.2)
        for epoch in epochs:
            if epoch.next_lr != epoch.lr:
                axes.axvline(epoch.epoch, color="0.6", lw=1, ls="--")
                axes.annotate(
                    f"lr {epoch.next_lr:.0e}",
                    (epoch.epoch, 1),
                    xycoords=("data", "axes fraction"),
                    xytext=(3, -12),
                    textcoords="offset points",
                    color="0.4",
                    fontsize="small",
                )
        axes.set(title=f"stage {number}", xlabel="epoch", yscale="log")
        axes.grid(alpha=0.25)
    all_axes[0].set_ylabel("weighted loss")
    all_axes[0].legend()
    return figure
