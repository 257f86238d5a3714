"""A run: its folder, results, checkpoints and progress, and the session that binds them."""

from .comparison import compare
from .folder import PICTURES, OutputFolder
from .many import KeptRun, ManyProgress, losses_text, work_left
from .results import plot_losses
from .session import again, resume, stylize
from .stopping import HearSignals, StopOnSignal
