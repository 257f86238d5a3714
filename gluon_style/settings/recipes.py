"""Recipes: named sets of options for a purpose, each of which can be overridden."""

import logging
import math

from ..errors import Setting, UsageError, not_together
from .stages import CHAPTER_STAGES, Stage
from .values import check_choice

logger = logging.getLogger(__name__)

# Iterations of L-BFGS at each size: most where they are cheap, and large shapes are found.
ITERATIONS = {"painting": (40, 30, 25, 20, 15), "quick": (30, 12, 8, 6)}
SMALLEST = 192  # of the sizes, the first is at most this
FACTOR, ROUND = 1.8, 32  # from one size to the next, which is a multiple


def as_stages(sizes, iterations):
    """Stages of these long sides; those behind the last number get as many iterations."""
    counts = [*iterations, *iterations[-1:] * len(sizes)]
    return tuple(Stage(side, count, count) for side, count in zip(sizes, counts))


# For any photo and any painting: colours first, then losses that mean the same for every pair,
# from coarse to fine.
PAINTING = {
    **{"losses": "relative", "content_layers": (12, 21)},  # 12 keeps eyes, teeth and letters
    **{"content_weight": 1.0, "style_weight": 1.2, "tv_weight": 1.6},
    **{"recolor": 1.0, "style_fit": "whole", "resize": "lanczos", "margin": 0.036},
    **{"optimizer": "lbfgs", "weights": "small"},
}
# The chapter's losses and sizes, and its end sooner: L-BFGS, and drafts by the small network. A
# draft ends where the two networks differ; few iterations of the real one lead on from there.
FAST = {"optimizer": "lbfgs"}
DRAFT_ITERATIONS, REAL_ITERATIONS = (60, 20, 15), 12
SIZES = {"painting": 448, "quick": 320, "fast": 1200}  # long sides


def with_stages(name, size):
    """The options of a recipe with stages up to a long side."""
    if name == "fast":
        halves = math.ceil(math.log2(max(1, size / CHAPTER_STAGES[0].image_shape)))
        sizes = [round(size / 2**n) for n in range(halves, -1, -1)]
        drafts = as_stages(sizes, DRAFT_ITERATIONS)
        stages = (*drafts, *as_stages([size], [REAL_ITERATIONS]))
        return {**FAST, "draft": len(drafts), "stages": stages}
    # The network sees as many pixels at any size, so a larger picture has finer, fainter strokes.
    style_weight = round(PAINTING["style_weight"] * max(1, size / SIZES["painting"]), 3)
    sizes = [size]
    while sizes[0] > SMALLEST:
        sizes.insert(0, round(sizes[0] / FACTOR / ROUND) * ROUND)
    stages = as_stages(sizes, ITERATIONS[name])
    return {**PAINTING, "style_weight": style_weight, "stages": stages}


RECIPES = {"chapter": {}, **{name: with_stages(name, size) for name, size in SIZES.items()}}
# What `--quick` adds: a folder in which each preview replaces the one before it.
QUICK = {"recipe": "quick", "output": "neural-style-quick", "overwrite": True}


def resized(name, values, size):
    """The recipe's among some values by option, for another long side; None if it has no stages."""
    side = values["stages"][-1].image_shape
    was = with_stages(name, side) if name in SIZES and isinstance(side, int) else {"stages": ()}
    if values["stages"] != was["stages"]:
        return None
    return {each: new for each, new in with_stages(name, size).items() if values[each] == was[each]}


def get_recipe(name, size=None, given=()):
    """The options of a recipe, but for those that are given, with stages up to a long side."""
    recipe = RECIPES[check_choice(name, "recipe", RECIPES)]
    if size and "stages" in given:
        raise not_together("size", "stages")
    if size and name not in SIZES:
        raise UsageError(
            "goes with the recipes {recipes}",
            "size",
            remedy="choose one of them, or give {stages}",
            recipes=[*SIZES],
            stages=Setting("stages"),
        )
    recipe = with_stages(name, size) if size else recipe
    if "draft" in recipe and "stages" in given and "draft" not in given:
        text = "the recipe %s drafts stages of its own only: of those that are given it drafts none"
        logger.warning(text, name)
        given = {*given, "draft"}
    return {option: value for option, value in recipe.items() if option not in given}
