"""The curves of the losses, as ECharts draws them."""

import math

TERMS = {"content": "#2f6f8f", "style": "#9c3d22", "tv": "#7a8b3a", "total": "#2b2622"}
MOST_POINTS = 240  # of a curve
LEAST = 1e-3  # of the highest loss, to be seen
STEPS = (1, 2, 5, 10)  # at one of which a logarithmic axis begins and ends


def chart_options(words):
    """The curves of the losses, on a logarithmic scale."""
    return {
        "aria": {"enabled": True},
        "animation": False,
        "grid": {"left": 8, "right": 12, "top": 34, "bottom": 4, "containLabel": True},
        "legend": {"top": 0, "itemWidth": 14, "itemGap": 8},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "value", "minInterval": 1, "splitLine": {"show": False}},
        "yAxis": {"type": "log", "splitLine": {"lineStyle": {"color": "#ddd3c4"}}},
        "series": [
            {
                "type": "line",
                "name": words(f"{term} loss"),
                "showSymbol": False,
                "lineStyle": {"width": 2.5 if term == "total" else 1.6},
                "color": colour,
                "data": [],
            }
            for term, colour in TERMS.items()
        ],
    }


def draw(options, epochs):
    """Put the losses of all epochs, dicts, into the chart's options."""
    step = -(-len(epochs) // MOST_POINTS)
    chosen = list(enumerate(epochs))[::step]
    for series, term in zip(options["series"], TERMS):
        # A logarithmic scale has no 0, which the content loss is at first.
        series["data"] = [[x, epoch[term]] for x, epoch in chosen if epoch[term] > 0]
    options["yAxis"].update(bounds([epoch for _, epoch in chosen]))


def bounds(epochs):
    """Where the axis of the losses begins and ends."""
    # The content loss comes up from 0: what it is in the first half need not be seen.
    seen = [each[term] for each in epochs for term in TERMS if term != "content"]
    seen += [each["content"] for each in epochs[len(epochs) // 2 :]]
    most = max([value for value in seen if 0 < value < math.inf], default=1)
    seen = [value for value in seen if LEAST * most <= value <= most] or [most]
    low, high = (10 ** math.floor(math.log10(value)) for value in (min(seen), max(seen)))
    return {
        "min": low * max([1, *(step for step in STEPS if low * step <= min(seen))]),
        "max": high * min(step for step in STEPS if high * step >= max(seen)),
    }
