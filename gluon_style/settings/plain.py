"""The settings' way to JSON and back."""

import dataclasses

from .pictures import with_pictures
from .settings import NESTED, Settings
from .stages import Stage


def settings_to_json(settings):
    """The settings as plain values that fit into JSON; of a picture that was given, its name."""
    return dataclasses.asdict(with_pictures(settings, str))


def settings_from_json(values):
    """The inverse of `settings_to_json`; what an older version did not know is the chapter's."""
    nested = {name: kind(**values.get(name, {})) for name, kind in NESTED.items()}
    stages = [Stage(**stage) for stage in values["stages"]]
    return Settings(**{**values, **nested, "stages": stages})
