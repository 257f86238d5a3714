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

# The public names by their modules, in the chapter's order.
_NAMES = (
    ("machine", "try_gpu get_ctx get_precision"),
    ("images", "read preprocess postprocess save"),
    ("settings", "shipped"),
    ("pretrained", "get_weights"),
    ("settings", "Layers"),
    ("features", "cast get_net extract_features get_contents get_styles"),
    ("settings", "LossWeights Painting Method"),
    ("losses", "content_loss gram style_loss tv_loss compute_loss"),
    ("generated", "GeneratedImage get_inits"),
    ("trainer", "Epoch train"),
    ("settings", "Stage Settings"),
    ("chapter", "Listener StyleTransfer"),
    ("settings", "Output"),
    ("run", "stylize resume"),
    ("batch", "compare"),
    ("run", "plot_losses"),
)
_MODULES = {name: module for module, names in _NAMES for name in names.split()}
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
