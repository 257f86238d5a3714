"""The notebooks' screen: pictures in a row, a training as it runs, a check of a cell."""

import base64
import html
import io
import logging
import signal
import threading
import time
from dataclasses import dataclass
from itertools import zip_longest
from string import ascii_lowercase

import numpy as np
from IPython import get_ipython
from IPython.display import HTML, display
from matplotlib import colormaps
from matplotlib.figure import Figure
from mxnet import nd
from PIL import Image

from ..chapter import Listener, StyleTransfer
from ..errors import GluonStyleError, Message
from ..images import postprocess
from ..losses import TERMS
from ..pretrained import NOTICE
from ..settings import with_option
from ..trainer import Epoch, check_finite
from . import in_chinese

EVERY = 20  # epochs between two pictures of a training
CURVES = {
    "content loss": "tab:blue",
    "style loss": "tab:orange",
    "TV loss": "tab:green",
    "total loss": "tab:red",
}
STAND_IN = """\
the download failed (%s): painting with the small VGG-19 that comes with the package
for the real one (80 MB, once): run this cell again with a network; weights = 'small' in \
Parameters stops this notice"""  # for the command line's advice
LEAST_LOSS = 0.1  # where the curves' axis begins, unless all of them are below


@dataclass(frozen=True)
class Painted:
    """A finished picture, an NDArray of shape (h, w, 3) in 0..1, and what it went through."""

    picture: nd.NDArray
    first: Epoch
    last: Epoch


class Screen:
    """Shows what a notebook does, in its language.

    Parameters
    ----------
    language : str
        `English` or `中文`.
    """

    def __init__(self, language):
        self.is_chinese = language == "中文"
        logger = logging.getLogger("gluon_style")
        for handler in [each for each in logger.handlers if isinstance(each, Log)]:
            logger.removeHandler(handler)  # of this cell's last run
        logger.addHandler(Log(self))
        logger.setLevel("DEBUG")  # how far a download is
        logger.propagate = False
        shell = get_ipython()
        if shell:
            shell.set_custom_exc((GluonStyleError, KeyboardInterrupt), self.tell_error)

    def phrase(self, text):
        """A text in the notebook's language."""
        return in_chinese(text) if self.is_chinese else text

    def say(self, text, **values):
        """Print a sentence."""
        print(self.phrase(text).format(**values))

    def tell_error(self, shell, kind, error, traceback, tb_offset=None):
        """Print a mistake in one line, without the way to it."""
        if isinstance(error, KeyboardInterrupt):
            self.say("interrupted: nothing of this cell is kept")
            return
        told = (each.tell(phrase=self.phrase) for each in (error, *error.others))
        print(self.phrase("Error") + self.phrase(": ") + "; ".join(told))

    def show(self, *images, titles=(), columns=3, fold=""):
        """Show pictures side by side, each with its title, or folded behind some words.

        Parameters
        ----------
        images : NDArray or Painted
            Of shape (h, w, 3), 0..255 in uint8 or 0..1 in float32; or (h, w), shown as heat
            between 0 and its largest value.
        titles : sequence of str
        columns : int
        fold : str
            The words; a question speaks of the pictures as (a), (b) and so on.
        """
        figures = []
        for letter, (image, title) in zip(ascii_lowercase, zip_longest(images, titles)):
            lines = [f"({letter}) {title}" if fold else title or ""]
            if isinstance(image, Painted):
                line = self.phrase("content {content:.2f}, style {style:.2f}, TV {tv:.2f}")
                lines.append(line.format(**vars(image.last)))
                image = image.picture
            below = "<br>".join(map(html.escape, lines))
            figures.append(f'<div style="margin:4px">{as_html(image)}<div>{below}</div></div>')
        columns = min(columns, len(figures))
        grid = (
            f'<div style="display:grid;grid-template-columns:repeat({columns},1fr);'
            f'max-width:{min(330 * columns, 1000)}px">{"".join(figures)}</div>'
        )
        if fold:
            grid = f"<details><summary>{html.escape(fold)}</summary>{grid}</details>"
        display(HTML(grid))

    def same(self, mine, packages, within=1e-3):
        """Print whether results agree with the package's, up to a share of their size.

        Parameters
        ----------
        mine, packages : NDArray, or lists and tuples of them
        within : float
        """
        pairs = list(zip(flat(mine), flat(packages)))
        share = max(
            np.linalg.norm(a - b) / (np.linalg.norm(b) or 1) if a.shape == b.shape else np.inf
            for a, b in pairs
        )
        if share <= within and len(pairs) == len(flat(mine)) == len(flat(packages)):
            self.say("✓ agrees with gluon_style")
        else:
            self.say("✗ differs from gluon_style by {share:.1%}: so will the pictures", share=share)

    def colours(self, painted, image, blocks=8):
        """Correlation, -1 to 1, of two pictures' mean colours in blocks."""
        means = [
            np.asarray(each.resize((blocks, blocks), Image.BOX), dtype=float).ravel()
            for each in map(to_pillow, (painted.picture, image))
        ]
        return np.corrcoef(*means)[0, 1]

    def watch(self, X, max_epochs):
        """The epochs of a training of `X`, shown as they pass; see `Watch`."""
        return Watch(self, X, max_epochs)

    def paint(self, settings, pretrained, compute_loss=None, gram=None, **changes):
        """Paint a picture by some settings with a few of their options changed: `Painted`.

        A loss of the reader's comes with the function that makes its style targets.
        """
        if compute_loss:
            compute_loss.gram = gram
        for name, value in changes.items():
            settings = with_option(settings, name, value)
        transfer = StyleTransfer(settings, pretrained, compute_loss=compute_loss)
        count = Count(self, sum(stage.max_epochs for stage in transfer.stages))
        picture = transfer.run([count])
        count.shown.update(HTML(""))
        return Painted(nd.array(picture), count.epochs[0], count.epochs[-1])


class Watch:
    """The epochs of a training: iterate over it, and `add` each epoch's losses.

    An interrupt ends it after the epoch, so that the picture stays.
    """

    def __init__(self, screen, X, max_epochs):
        self.screen, self.X, self.max_epochs = screen, X, max_epochs
        self.losses = {name: [] for name in CURVES}
        self.lrs, self.shown, self.stopped = [], None, False

    def __iter__(self):
        is_main = threading.current_thread() is threading.main_thread()
        if is_main:
            handler = signal.signal(signal.SIGINT, self.stop)
        self.started = time.perf_counter()
        try:
            for epoch in range(self.max_epochs):
                yield epoch
                if self.stopped:
                    self.draw()
                    self.screen.say(
                        "stopped after epoch {epoch} of {all}: the picture so far is kept",
                        epoch=epoch + 1,
                        all=self.max_epochs,
                    )
                    return
        finally:
            if is_main:
                signal.signal(signal.SIGINT, handler)

    def stop(self, *_):
        """End after the epoch that is being computed."""
        self.stopped = True

    def add(self, content_l, style_l, tv_l, lr):
        """Note the losses of an epoch, lists for content and style, and the new rate."""
        epoch, terms = len(self.lrs), (content_l, style_l, [tv_l])
        values = dict(zip(TERMS, (sum(l.asscalar() for l in losses) for losses in terms)))
        check_finite(epoch, values)
        for losses, value in zip(self.losses.values(), (*values.values(), sum(values.values()))):
            losses.append(value)
        self.lrs.append(lr)
        nd.waitall()
        if epoch % EVERY == 0 or epoch + 1 == self.max_epochs:
            self.draw()
        if epoch % 50 == 0 and epoch != 0:
            self.screen.say(
                "epoch {epoch:3d}, content loss {content:.2f}, style loss {style:.2f}, "
                "TV loss {tv:.2f}, {seconds:.2f} sec",
                epoch=epoch,
                **values,
                seconds=(time.perf_counter() - self.started) / (epoch + 1),
            )
        if epoch and lr != self.lrs[-2]:
            self.screen.say("change lr to {lr:.1e}", lr=lr)

    def draw(self):
        """Show the picture and the curves as they are now."""
        done, seconds = len(self.lrs), time.perf_counter() - self.started
        line = self.screen.phrase(
            "epoch {done} of {all}, {each:.2f} s each, {left:.0f} s left"
        ).format(
            done=done,
            all=self.max_epochs,
            each=seconds / done,
            left=seconds / done * (self.max_epochs - done),
        )
        legend = " ".join(
            f'<span style="color:{color[4:]}">■</span> {self.screen.phrase(name)}'
            for name, color in CURVES.items()
        )
        shown = HTML(
            '<div style="display:grid;grid-template-columns:3fr 2fr;max-width:900px">'
            f"<div>{as_html(postprocess(self.X))}<div>{line}</div></div>"
            f"<div>{as_html(self.curves())}<div>{legend}</div></div></div>"
        )
        if self.shown is None:
            self.shown = display(shown, display_id=True)
        else:
            self.shown.update(shown)

    def curves(self):
        """The losses over the epochs as a picture, a dotted line where the rate falls."""
        figure = Figure(figsize=(4.5, 3), dpi=100, layout="constrained")
        axes = figure.subplots()
        largest = max(map(max, self.losses.values()))
        axes.set(xlim=(0, self.max_epochs), yscale="log")
        axes.set_ylim(min(LEAST_LOSS, largest / 1000), 2 * largest)
        for losses, color in zip(self.losses.values(), CURVES.values()):
            mark = "o" if len(losses) == 1 else ""
            axes.plot(np.maximum(losses, 1e-30), marker=mark, color=color)
        for epoch in range(1, len(self.lrs)):
            if self.lrs[epoch] != self.lrs[epoch - 1]:
                axes.axvline(epoch, color="gray", linestyle=":")
        file = io.BytesIO()
        figure.savefig(file, format="png")
        return Image.open(file)


class Count(Listener):
    """Tells how far a picture of an exercise is."""

    def __init__(self, screen, all):
        self.screen, self.all, self.epochs = screen, all, []
        self.shown = display(HTML(""), display_id=True)

    def end_epoch(self, stage_run, epoch):
        self.epochs.append(epoch)
        if len(self.epochs) % 10 == 0:
            line = self.screen.phrase("epoch {done} of {all}")
            self.shown.update(HTML(line.format(done=len(self.epochs), all=self.all)))


class Log(logging.Handler):
    """Prints what the package tells, in the notebook's language; a download moves one line."""

    def __init__(self, screen):
        super().__init__()
        self.screen, self.shown = screen, {}

    def emit(self, record):
        text = STAND_IN if record.msg == NOTICE else record.msg
        text = Message(text, *record.args).tell(phrase=self.screen.phrase)
        if record.levelno > logging.DEBUG:
            print(text)
        elif record.args[0] in self.shown:
            self.shown[record.args[0]].update(HTML(text))
        else:
            self.shown[record.args[0]] = display(HTML(text), display_id=True)


def flat(values):
    """All arrays in lists within lists, as NumPy's."""
    if isinstance(values, (list, tuple)):
        return [array for each in values for array in flat(each)]
    return [values.asnumpy()]


def to_pillow(image):
    """A Pillow picture of an array, (h, w) as heat; Pillow's own stays."""
    if isinstance(image, nd.NDArray):
        image = image.asnumpy()
    if isinstance(image, np.ndarray) and image.ndim == 2:
        image = colormaps["magma"](image / (image.max() or 1))[..., :3]
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8:
            image = (image.clip(0, 1) * 255 + 0.5).astype("uint8")
        image = Image.fromarray(image)
    return image


def as_html(image):
    """An `<img>` of a picture, as wide as its place."""
    image = to_pillow(image)
    image.thumbnail((1000, 1000))
    file, how = io.BytesIO(), "pixelated" if image.width < 200 else "auto"
    kind = "jpeg" if image.mode == "RGB" and image.width >= 200 else "png"
    image.save(file, kind, **({"quality": 90} if kind == "jpeg" else {}))
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img style="width:100%;image-rendering:{how}" src="data:image/{kind};base64,{data}">'
