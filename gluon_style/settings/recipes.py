"""Recipes: named sets of options for a purpose, each of which can be overridden."""

from ..errors import Setting, UsageError
from .stages import Stage
from .values import check_choice

# Iterations of L-BFGS at each size: most where they are cheap, and large shapes are found.
ITERATIONS = {"painting": (40, 30, 25, 20, 15), "quick": (30, 12, 8, 6)}
SMALLEST = 192  # of the sizes, the first is at most this
FACTOR, ROUND = 1.8, 32  # from one size to the next, which is a multiple


def stages_up_to(size, iterations):
    """Stages from small to a long side; those behind the last number get as many iterations."""
    sizes = [size]
    while sizes[0] > SMALLEST:
        sizes.insert(0, round(sizes[0] / FACTOR / ROUND) * ROUND)
    counts = [*iterations, *iterations[-1:] * len(sizes)]
    return tuple(Stage(side, count, count) for side, count in zip(sizes, counts))


# For any photo and any painting: colours first, then losses that mean the same for every pair,
# from coarse to fine.
PAINTING = {
    **{"losses": "relative", "content_layers": (21,)},
    **{"content_weight": 1.0, "style_weight": 0.3, "tv_weight": 1.0},
    **{"recolor": 1.0, "style_fit": "whole", "resize": "lanczos", "margin": 0.036},
    **{"optimizer": "lbfgs", "weights": "small"},
}
SIZES = {"painting": 448, "quick": 320}
RECIPES = {
    "chapter": {},
    **{
        name: {**PAINTING, "stages": stages_up_to(size, ITERATIONS[name])}
        for name, size in SIZES.items()
    },
}
# What `--quick` adds: a folder in which each preview replaces the one before it.
QUICK = {"recipe": "quick", "output": "neural-style-quick", "overwrite": True}


def get_recipe(name, size=None):
    """The options of a recipe, with stages up to a long side if one is given."""
    recipe = RECIPES[check_choice(name, "recipe", RECIPES)]
    if not size:
        return recipe
    if name not in SIZES:
        raise UsageError(
            "goes with the recipes {recipes}",
            "size",
            remedy="choose one of them, or give {stages}",
            recipes=[*SIZES],
            stages=Setting("stages"),
        )
    # The network sees as many pixels at any size, so a larger picture has finer, fainter strokes.
    style_weight = round(recipe["style_weight"] * max(1, size / SIZES["painting"]), 3)
    stages = stages_up_to(size, ITERATIONS[name])
    return {**recipe, "style_weight": style_weight, "stages": stages}
