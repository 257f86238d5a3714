"""A run: its folder, results, checkpoints and progress, and the session that binds them."""

from .book import CREDIT
from .checkpoint import Checkpoint
from .folder import PICTURES, OutputFolder, is_sound
from .progress import ForecastRun, WarnOfDivergence, in_notebook, print_line, size, tqdm
from .results import plot_losses
from .session import again, finish, plan, resume, stylize, with_book_pictures, writers
from .stopping import HearSignals, StopOnSignal
