"""Named sets of settings with a purpose."""

from .stages import Stage

# A preview, by options: with this rate so few epochs do for visible strokes.
QUICK = {
    "stages": (Stage(256, 80, 60),),
    "weights": "small",
    "lr": 0.08,
    "output": "neural-style-quick",
    "overwrite": True,  # what an earlier quick look has left
}
