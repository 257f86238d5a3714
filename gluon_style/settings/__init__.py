"""What a run is made of: the settings, and their ways to options, to JSON and back."""

from .options import (
    as_text,
    check_option,
    command_line,
    fixed_options,
    get_options,
    get_output,
    get_settings,
    with_option,
)
from .pictures import (
    GIVEN,
    INITS,
    Given,
    pictures_of,
    shipped,
    with_pictures,
    with_whole_paths,
)
from .plain import (
    settings_from_json,
    settings_to_json,
)
from .recipes import (
    QUICK,
)
from .settings import (
    ANIMATIONS,
    BACKGROUNDS,
    COLORS,
    DEPTHS,
    FORMATS,
    OPTIMIZERS,
    POOLINGS,
    STYLE_FITS,
    Layers,
    LossWeights,
    Method,
    Output,
    Painting,
    Settings,
)
from .stages import (
    CHAPTER_STAGES,
    MOST,
    Stage,
    parse_stages,
)
