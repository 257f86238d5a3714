"""The settings' way to JSON and back."""

import dataclasses

from .options import with_pictures
from .settings import Settings
from .stages import Stage


def settings_to_json(settings):
    """The settings as plain values that fit into JSON; a given picture becomes `(picture)`."""
    return dataclasses.asdict(with_pictures(settings, str))


def settings_from_json(values):
    """The inverse of `settings_to_json`; options unknown to an older version get their defaults."""
    plain = {**values, "stages": [Stage(**stage) for stage in values["stages"]]}
    for name, part in vars(Settings()).items():
        if dataclasses.is_dataclass(part):
            plain[name] = type(part)(**values.get(name, {}))
    return Settings(**plain)
