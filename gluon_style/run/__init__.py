"""A run: its folder, results, checkpoints and progress, and the session that binds them."""

from .comparison import compare
from .results import plot_losses
from .session import again, resume, stylize
