"""A run: its folder, results, checkpoints and progress, and the session that binds them."""

from .results import plot_losses
from .session import resume, stylize
