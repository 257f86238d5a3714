"""Every error that a user can cause or meet; each text is one line: what, where, what to do.

GluonStyleError
    UsageError         a setting, an option or a combination of them makes no sense
    RuntimeNotReady    MXNet cannot work in this environment (an ImportError, too)
    DeviceError        the device or the precision cannot be used here
    NotEnoughMemory    a stage does not fit into the memory
    ImageError         a picture cannot be read, or cannot be used
    WeightsError       VGG-19's parameters are not what they should be
        DownloadError  a file cannot be fetched
    OutputError        a result cannot be written
    CheckpointError    a run cannot be resumed
    ClusterError       a cluster cannot be reached, or cannot be used
    NonFiniteLoss      a loss became infinite or not a number (exit status 3)
    JobsFailed         some runs of a batch have failed (exit status 4)
    Stopped            a signal ended the run (exit status 128 + its number)
"""

import difflib
import signal


class GluonStyleError(Exception):
    """Something that the user can fix.

    Parameters
    ----------
    message : str
        One line: what is wrong, and what to do.
    field : str, optional
        The setting that is meant, as in `Settings`; the commands write it as their option.

    Attributes
    ----------
    exit_status : int
        What a command returns to the shell after reporting the error.
    """

    exit_status = 2

    def __init__(self, message, field=None):
        super().__init__(message)
        self.message, self.field = message, field

    def __str__(self):
        return f"{self.field} {self.message}" if self.field else self.message

    def as_option(self):
        """The text with the option that sets the field."""
        return f"{option(self.field)} {self.message}" if self.field else self.message


class UsageError(GluonStyleError):
    """A setting, an option or a combination of them makes no sense."""


class RuntimeNotReady(GluonStyleError, ImportError):
    """MXNet cannot work in this environment: wrong Python or NumPy, or no MXNet."""


class DeviceError(GluonStyleError):
    """The device or the precision that was asked for cannot be used here."""


class NotEnoughMemory(GluonStyleError):
    """A stage does not fit into the memory that this machine has left."""


class ImageError(GluonStyleError):
    """A picture cannot be read, or cannot be used."""


class WeightsError(GluonStyleError):
    """VGG-19's parameters cannot be had, or are not what they should be."""


class DownloadError(WeightsError):
    """A file cannot be fetched, or what came is not what it should be."""


class OutputError(GluonStyleError):
    """A result cannot be written."""


class CheckpointError(GluonStyleError):
    """A run cannot be resumed."""


class ClusterError(GluonStyleError):
    """A cluster cannot be reached, or cannot be used."""


class NonFiniteLoss(GluonStyleError):
    """A loss became infinite or not a number.

    Attributes
    ----------
    epoch : int
    term : str
        `content`, `style`, `tv` or `total`.
    """

    exit_status = 3

    def __init__(self, epoch, term, value):
        super().__init__(
            f"epoch {epoch}: the {term} loss is {value}; the usual cause is a learning rate "
            "or a loss weight that is too high, or weights on a wrong scale"
        )
        self.epoch, self.term = epoch, term


class JobsFailed(GluonStyleError):
    """Some runs of a batch have failed, the others have not."""

    exit_status = 4


class Stopped(GluonStyleError):
    """A signal ended the run.

    Attributes
    ----------
    exit_status : int
        128 and the signal's number, as shells have it: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, number):
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_status = 128 + number


def option(field):
    """The option that sets a field: `--style-weight` for `style_weight`."""
    return "--" + field.replace("_", "-")


def did_you_mean(word, names):
    """`; did you mean NAME?` for the name that is like a misspelt word, or nothing."""
    near = difflib.get_close_matches(word, names, 1, 0.7)
    return f"; did you mean {near[0]}?" if near else ""
