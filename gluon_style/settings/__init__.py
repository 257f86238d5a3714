"""The settings of a run, and their ways to options, to JSON and back."""

from .fields import Option, find_option
from .fields import flatten as get_options
from .kinds import choice, whole
from .options import (
    OPTIONS,
    OUTPUT,
    RECIPE,
    SETTINGS,
    SIZE,
    check_option,
    fixed_options,
    get_output,
    get_settings,
    pictures_of,
    settings_from_json,
    settings_to_json,
    variations,
    with_option,
    with_pictures,
    with_recipe,
    with_whole_paths,
)
from .pictures import as_tuple, shipped
from .recipes import QUICK, RECIPES, SIZES, get_recipe
from .settings import (
    ANIMATIONS,
    FORMATS,
    INITS,
    Layers,
    LossWeights,
    Method,
    Output,
    Painting,
    Settings,
)
from .stages import CHAPTER_STAGES, MOST, Epoch, Stage, State, read_stages
from .values import LEAST_TILE, as_text, check_choice
from .words import add_options, command_line, get_words, read_words, typed
