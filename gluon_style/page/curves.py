"""The curves of the losses, as ECharts draws them."""

import math

TERMS = {"content": "#2f6f8f", "style": "#9c3d22", "tv": "#7a8b3a", "total": "#2b2622"}
MOST_POINTS = 240  # of a curve
LEAST = 1e-3  # of the highest total loss, to be seen


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
    # The content loss comes up from 0: its first steps need not be seen.
    totals = [epoch["total"] for _, epoch in chosen if epoch["total"] < math.inf]
    least = LEAST * max(totals, default=0)
    for series, term in zip(options["series"], TERMS):
        seen = [(x, epoch[term]) for x, epoch in chosen]
        series["data"] = [[x, loss] for x, loss in seen if least < loss < math.inf]
