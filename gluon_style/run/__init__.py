"""A run: its folder, results, checkpoints and progress, and the session that binds them."""

import importlib

from .checkpoint import Checkpoint
from .checks import (
    PAIR,
    check_book,
    check_command,
    check_resume,
    check_run,
    check_settings,
    check_writable,
    make_part,
    read_run,
    read_weights,
)
from .folder import PICTURES, OutputFolder, is_sound

# The other names, by their modules, which import MXNet: the commands check without it.
_MODULES = {
    "book": "CREDIT",
    "progress": "ForecastRun WarnOfDivergence in_notebook print_line size tqdm",
    "results": "plot_losses",
    "session": "again finish plan resume resume_from start stylize with_book_pictures writers",
    "stopping": "HearSignals StopOnSignal",
}


def __getattr__(name):
    for module, names in _MODULES.items():
        if name in names.split():
            return getattr(importlib.import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
