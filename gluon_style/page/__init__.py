"""A page in the browser: choose two pictures, watch the result being painted, keep it."""

from .chinese import in_chinese
