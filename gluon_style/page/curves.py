"""The curves of the losses, as ECharts draws them."""

import math

TERMS = {"content": "#2f6f8f", "style": "#9c3d22", "tv": "#7a8b3a", "total": "#2b2622"}
MOST_POINTS = 240  # of a curve
RISE = 5  # times that a curve is seen to rise


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
    chosen = list(enumerate(epochs))[:: -(-len(epochs) // MOST_POINTS)]
    for series, term in zip(options["series"], TERMS):
        # The content loss rises from 0, which a logarithmic scale does not have.
        least = chosen[-1][1][term] / RISE
        points = [[x, epoch[term]] for x, epoch in chosen]
        series["data"] = [[x, loss] for x, loss in points if least < loss < math.inf]
