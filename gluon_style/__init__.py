"""Neural style transfer, after the chapter of that name in *Dive into Deep Learning*.

Importing the package prepares MXNet (see `gluon_style.runtime`); the names below are loaded from
their modules when they are first used.
"""

import importlib

from . import runtime
from .errors import RuntimeNotReady

__version__ = "1.0.0"

# Name -> module, in the chapter's order.
_MODULES = {
    "try_gpu": "runtime",
    "read": "images",
    "preprocess": "images",
    "postprocess": "images",
    "save": "images",
    "shipped": "images",
    "get_weights": "weights",
    "Layers": "features",
    "get_net": "features",
    "extract_features": "features",
    "get_contents": "features",
    "get_styles": "features",
    "LossWeights": "losses",
    "content_loss": "losses",
    "gram": "losses",
    "style_loss": "losses",
    "tv_loss": "losses",
    "compute_loss": "losses",
    "GeneratedImage": "generated",
    "get_inits": "generated",
    "Epoch": "trainer",
    "Stage": "stages",
    "Settings": "chapter",
    "StyleTransfer": "chapter",
}
__all__ = list(_MODULES)

try:
    runtime.prepare()
except RuntimeNotReady:
    # The package's commands report this themselves, in one line; the doctor explains it.
    if not runtime.started_as_command():
        raise


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)


def __dir__():
    return sorted({*globals(), *__all__})
