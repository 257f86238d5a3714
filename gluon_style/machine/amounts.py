"""Amounts in words: times, memory and sizes."""


def format_duration(seconds):
    """Format a time: `about 40 s`, `about 12 min`, `about 2 h 10 min`."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    hours, minutes = divmod(round(minutes, -1), 60)
    return f"about {hours} h {minutes} min" if minutes else f"about {hours} h"


def format_bytes(number):
    """Format bytes: `850 MB`, `2.4 GB`; 1 GB is 10^9 bytes."""
    return f"{number / 1e9:.1f} GB" if number >= 0.95e9 else f"{number / 1e6:.0f} MB"


def format_size(size):
    """Format (width, height), or a long side alone, as it is typed: `300x200`, `300`."""
    return "x".join(map(str, size)) if isinstance(size, (tuple, list)) else str(size)
