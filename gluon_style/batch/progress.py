"""One progress bar over many runs."""

import sys
import time

from ..run import in_notebook, print_line, size, tqdm


class Progress:
    """Progress of many runs and the time left: a bar on a terminal, else a line at times."""

    EVERY = 30.0  # seconds

    def __init__(self, jobs, quiet=False):
        self.quiet = quiet
        file = sys.stdout if in_notebook() else sys.stderr
        quiet = quiet or not file  # nobody reads
        self.lines = not (quiet or in_notebook() or file.isatty())
        self.total = self.left = sum(job.left for job in jobs)  # in pixels times epochs
        self.began = self.told = time.monotonic()
        self.bar = tqdm(
            total=self.total,
            bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left",
            smoothing=0,
            disable=quiet or self.lines or not self.total,
            file=file,
            **size(file),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bar.close()

    def hear(self, job, name, left, line=""):
        """Take in how much is left of a job; `line` says more, where there is no bar."""
        work, job.left = job.left - left, left
        self.bar.set_description_str(name)
        self.left -= work
        self.bar.update(work)
        now = time.monotonic()
        if self.lines and now - self.told >= self.EVERY and self.left < self.total:
            self.told = now
            seconds = (now - self.began) * self.left / (self.total - self.left)
            told = f"{name}{line}, {tqdm.format_interval(max(0, seconds))} left in all"
            print(told, file=sys.stderr, flush=True)

    def tell(self, job):
        if not self.quiet:
            print_line(f"{job.label}: {job.losses()}, {job.ending()[1]:.0f} s")
