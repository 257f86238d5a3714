"""Recipes: named sets of options for a purpose, each of which can be overridden."""

from .stages import Stage

RECIPES = {
    "chapter": {},
    # A preview: at this rate so few epochs suffice for visible strokes.
    "quick": {"stages": (Stage(256, 80, 60),), "weights": "small", "lr": 0.08},
}
# What `--quick` adds: a folder in which each preview replaces the one before it.
QUICK = {"recipe": "quick", "output": "neural-style-quick", "overwrite": True}
