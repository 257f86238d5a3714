"""Neural style transfer, after the chapter of that name in *Dive into Deep Learning*.

Importing the package prepares the process for MXNet, which is imported when a name below that
needs it is first used.
"""

import importlib
import sys
from contextlib import suppress
from types import ModuleType

from . import machine
from .errors import RuntimeNotReady
from .machine.version import __version__

# Name -> module, in the chapter's order.
_MODULES = {
    "try_gpu": "machine",
    "get_ctx": "machine",
    "get_precision": "machine",
    "read": "images",
    "preprocess": "images",
    "postprocess": "images",
    "save": "images",
    "shipped": "settings",
    "get_weights": "pretrained",
    "Layers": "settings",
    "cast": "features",
    "get_net": "features",
    "extract_features": "features",
    "get_contents": "features",
    "get_styles": "features",
    "LossWeights": "settings",
    "Painting": "settings",
    "Method": "settings",
    "content_loss": "losses",
    "gram": "losses",
    "style_loss": "losses",
    "tv_loss": "losses",
    "compute_loss": "losses",
    "GeneratedImage": "generated",
    "get_inits": "generated",
    "Epoch": "trainer",
    "train": "trainer",
    "Stage": "settings",
    "Settings": "settings",
    "Listener": "chapter",
    "StyleTransfer": "chapter",
    "Output": "settings",
    "stylize": "run",
    "resume": "run",
    "compare": "batch",
    "plot_losses": "run",
}
__all__ = list(_MODULES)

# What is missing is told when MXNet is needed; the doctor and --help do without it.
with suppress(RuntimeNotReady):
    machine.prepare_process()


class _Face(ModuleType):
    """Keeps `train` and `compare` functions when the commands of these names are imported."""

    def __setattr__(self, name, value):
        if not (name in _MODULES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _MODULES[name] != "settings":
        machine.prepare()
    return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)


def __dir__():
    return sorted({*globals(), *__all__})
