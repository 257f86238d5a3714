"""The doctor's reports of many machines in one table."""

import json
import sys
from unicodedata import east_asian_width

from ..machine import format_bytes, format_duration
from .findings import Finding, marks, show

COLUMNS = (
    *("", "machine", "Python", "MXNet", "cores", "memory", "weights", "stage 1", "stage 2"),
    "not right",
)


def collect(paths):
    """Print a line for each report of `--json`, then each fault: True if all are ready."""
    yes, no, none, *_ = marks(sys.stdout.encoding)
    rows, places, ready = [COLUMNS], {}, 0
    for path in paths:
        try:
            report = json.loads(path.read_bytes())  # in any of Unicode's encodings
            cells, wrong = summary(report, none)
            works = report["ready"] is True
        except Exception as error:  # a damaged file may raise anything
            reason = getattr(error, "strerror", None) or "it is damaged"
            rows.append((no, path.stem, f"{path}: not what the doctor's --json prints ({reason})"))
            continue
        rows.append((yes if works else no, path.stem, *cells))
        ready += works
        for each in wrong:
            places.setdefault(each, []).append(path.stem)
    print("\n".join(table(rows)))
    for (name, text, fix), machines in sorted(places.items(), key=lambda place: -len(place[1])):
        show(Finding(name, False, f"{text} [{', '.join(machines)}]", fix, needed=True))
    print(f"Style transfer works on {ready} of {len(paths)} machines.")
    return ready == len(paths)


def summary(report, none):
    """The cells of a report's row, `none` for unknown ones, and its faults."""
    texts, data, fastest, wrong = {}, {}, {}, []
    for each in report["findings"]:
        name = each["name"].strip()
        if each["ok"] is False:
            wrong.append((name, str(each["text"]), tuple(map(str, each["fix"]))))
        elif each["ok"]:
            texts[name] = each["text"]
        data[name] = each["data"]
        for number, stage in enumerate(each["data"].get("stages", ())):
            fastest[number] = min(stage["seconds"], fastest.get(number, stage["seconds"]))
    memory = data.get("Memory", {})
    memory = [format_bytes(memory[key]) for key in ("available", "total") if key in memory]
    weights = next(iter(data.get("Weights", {}).get("sources", ())), none)
    network = data.get("float32", {}).get("network", weights)
    if "small" in (weights, network):
        weights = network  # whose times follow
    times = (format_duration(fastest[n]) if n in fastest else none for n in (0, 1))
    return [
        *(texts.get(name, none).split(" ")[0].rstrip(",") for name in ("Python", "MXNet")),
        str(data.get("Processor", {}).get("cores", none)),
        " of ".join(memory) or none,
        weights,
        *(time.replace("about ", "") for time in times),
        ", ".join(dict.fromkeys(name for name, *_ in wrong)),
    ], wrong


def table(rows):
    """Rows as lines, in columns as wide as they must be; a cell that ends a short row is free."""
    widths = [max(map(width, column)) for column in zip(*(row for row in rows if len(row) > 3))]
    for row in rows:
        cells = (cell + " " * (most - width(cell)) for cell, most in zip(row[:-1], widths))
        yield "  ".join([*cells, row[-1]]).rstrip()


def width(text):
    """The columns of a terminal that a text takes."""
    return sum(1 + (east_asian_width(character) in "WF") for character in text)
