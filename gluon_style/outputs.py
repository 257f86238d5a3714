"""The files that a run leaves in its output folder."""

import csv
import dataclasses
import io
import json
import platform
import tempfile
import time
from pathlib import Path

import matplotlib
import mxnet
import numpy
import PIL
from matplotlib.figure import Figure

from . import __version__
from .chapter import Listener
from .errors import OutputError
from .files import written_whole
from .images import save

CSV_COLUMNS = ("stage", "epoch", "content", "style", "tv", "total", "lr", "seconds")


class OutputFolder(Listener):
    """Write pictures, losses and the record of the run as the run goes on.

    Parameters
    ----------
    path : str or Path
        Made if it is not there.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.records = []  # (number of the stage, Epoch)
        self.started = time.time()

    def names(self, stages):
        """Names of the files that a run of so many stages writes."""
        pictures = [f"neural-style-{number}.png" for number in range(1, stages + 1)]
        return [*pictures, "losses.csv", "losses.png", "run.json"]

    def prepare(self, stages, overwrite=False):
        """Make sure, before anything is computed, that the results can be written.

        Parameters
        ----------
        stages : int
            How many stages the run has.
        overwrite : bool
            Whether results that are already there may be replaced.

        Raises
        ------
        OutputError
            The folder cannot be made or written to, or a result stands there already.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except FileExistsError:
            raise OutputError(f"--output {self.path}: there is a file of that name") from None
        except OSError as error:
            raise OutputError(
                f"--output {self.path}: cannot be written to: {error.strerror}"
            ) from None
        standing = [name for name in self.names(stages) if (self.path / name).exists()]
        if standing and not overwrite:
            raise OutputError(
                f"{self.path / standing[0]} exists: give another --output, or --overwrite to "
                "replace the results there"
            )

    def end_epoch(self, stage_run, epoch):
        self.records.append((stage_run.number, epoch))

    def end_stage(self, stage_run):
        save(stage_run.picture(), self.path / f"neural-style-{stage_run.number}.png")
        self.write_losses()

    def write_losses(self):
        """Write `losses.csv` and its picture, `losses.png`."""
        text = io.StringIO(newline="")
        rows = csv.writer(text)
        rows.writerow(CSV_COLUMNS)
        for number, epoch in self.records:
            rows.writerow([number, *(repr(getattr(epoch, name)) for name in CSV_COLUMNS[1:])])
        with written_whole(self.path / "losses.csv") as file:
            file.write(text.getvalue().encode())
        with written_whole(self.path / "losses.png") as file:
            plot_losses(self.records).savefig(file, format="png", dpi=120)

    def write_run(self, transfer):
        """Write `run.json`: settings, versions, device, weights, final losses and times.

        Parameters
        ----------
        transfer : StyleTransfer
        """
        weights, stages = transfer.weights, []
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
            "settings": dataclasses.asdict(transfer.settings),
            "ctx": str(transfer.ctx),
            "precision": transfer.precision,
            "weights": {
                name: getattr(weights, name)
                for name in ("source", "file", "sha256", "gain", "origin", "licence")
            },
            "stages": stages,
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(self.started)),
            "seconds": time.time() - self.started,
            "versions": {
                "gluon_style": __version__,
                "python": platform.python_version(),
                "mxnet": mxnet.__version__,
                "numpy": numpy.__version__,
                "pillow": PIL.__version__,
                "matplotlib": matplotlib.__version__,
            },
        }
        with written_whole(self.path / "run.json") as file:
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
