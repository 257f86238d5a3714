"""A comparison: a run for each of several settings, shown side by side on one sheet."""

import csv
import dataclasses
import hashlib
import io
import itertools
import math
import os
import re
from pathlib import Path

from ..chapter import Listener, StyleTransfer
from ..decode import decode
from ..errors import GluonStyleError, OutputError, Stopped, UsageError
from ..files import atomic_write
from ..images import read
from ..losses import TERMS
from ..pretrained import get_weights
from ..settings import (
    Given,
    Output,
    as_text,
    check_option,
    get_options,
    with_option,
    with_whole_paths,
)
from . import book
from .folder import OutputFolder
from .many import KeptRun, ManyProgress
from .session import plan, with_book_pictures
from .sheet import Tile, write_sheet
from .stopping import StopOnSignal

PICTURES = ("content", "style")  # options that are paths
TABLE = "cell"  # what a table begins with


def compare(settings, vary, output="neural-style-compare"):
    """Run the settings as they are and with each variation, and show all results on one sheet.

    Each run, a cell, has its own folder in the output's. A cell that is finished there is not
    run again, one that was stopped is resumed. Beside them stand the sheet, `style-weight.png`
    where that is varied, and `style-weight.csv` with each one's final losses, seconds, and mean
    difference of its pixels, of 255, from the first's.

    Parameters
    ----------
    settings : Settings
        The baseline, always the first cell: best with one short stage.
    vary : dict of str to sequence
        Options and their values, for example `{"style_weight": (1e2, 1e5)}`: the names in
        `Settings`, `Layers` and `LossWeights`, and `size`, the long side of a single stage. With
        several options every combination is a cell.
    output : Output, str or Path
        The folder, and what is told; with `overwrite`, cells of other settings are run anew.

    Returns
    -------
    Path
        The sheet.

    Raises
    ------
    CheckpointError
        A cell in the folder was run with other settings, pictures or weights.
    GluonStyleError
        And what `StyleTransfer` raises, for any cell, before the first is run.
    """
    if isinstance(output, (str, Path)):
        output = Output(output)
    with OutputFolder(output.folder) as folder:
        if output.book:
            settings = with_book_pictures(settings)
        sheet = folder.path / f"{'-x-'.join(map(dashed, vary))}.png"
        cells, places = plan_cells(folder.path, settings, vary)
        refuse_others(sheet)
        networks = get_networks(cells)
        for cell in cells:
            cell.look(cell.transfer(networks), output.overwrite)
        if not output.quiet:
            done = sum(cell.is_done() for cell in cells)
            print(plan(cells[0].transfer(networks), folder, None))
            print(f"cells    {len(cells)}, {done} of them done already", flush=True)
        try:
            run_cells([cell for cell in cells if not cell.is_done()], networks, output)
        finally:
            if any(cell.is_done() for cell in cells):
                write_table(sheet.with_suffix(".csv"), cells, vary)
                show(sheet, cells, places, vary, networks)
        if not output.quiet:
            notices = [network.notice for network in networks.values() if network.notice]
            notices += [book.CREDIT] if output.book else []
            print("\n".join([*notices, str(sheet.with_suffix(".csv")), str(sheet)]))
    return sheet


class Cell(KeptRun):
    """One run of a comparison."""

    def transfer(self, networks):
        """The run as a `StyleTransfer`."""
        return StyleTransfer(self.settings, networks[self.settings.weights])


def refuse_others(sheet):
    """Make sure that a sheet and its table replace earlier ones only: `style.png` may be a picture.

    A table is written before its sheet.
    """
    table = sheet.with_suffix(".csv")
    is_ours = table.is_file() and table.read_bytes().startswith(TABLE.encode())
    for path in (table, sheet):
        if path.exists() and not is_ours:
            raise OutputError(
                f"{path} exists, and no comparison has written it: give another --output"
            )


def plan_cells(folder, settings, vary):
    """The cells, the baseline first and none twice; and the cell of each combination of values."""
    if not all([vary, *(len(values) for values in vary.values())]):
        raise UsageError("needs an option, and each option a value", "vary")
    for name in vary:
        check_option(name)
    baseline = with_whole_paths(settings)
    label = f"baseline: {describe(baseline, vary)}"
    cells, places = {"baseline": Cell(folder / "baseline", label, baseline)}, []
    for combination in itertools.product(*vary.values()):
        varied = baseline
        for name, value in zip(vary, combination):
            varied = with_option(varied, name, value)
        varied = with_whole_paths(varied)
        name = "baseline" if varied == baseline else folder_name(varied, vary)
        cells.setdefault(name, Cell(folder / name, describe(varied, vary), varied))
        places.append(cells[name])
    return list(cells.values()), places


def get_networks(cells):
    """VGG-19's parameters for all cells by `weights`, each read once.

    Where the scale has to be measured, it is from the baseline's pictures, for every cell.
    """
    deepest = max((cell.settings.layers for cell in cells), key=lambda layers: layers.last)
    first = cells[0].settings
    pictures = [read(first.content), read(first.styles[0])]
    names = dict.fromkeys(cell.settings.weights for cell in cells)
    return {name: get_weights(name, deepest, *pictures) for name in names}


def run_cells(waiting, networks, output):
    """Run the cells one after the other."""
    progress = CellProgress(waiting, output.quiet)
    plain = dataclasses.replace(output, format=Output.format, depth=Output.depth)
    try:
        for cell in waiting:
            progress.start_cell(cell)
            transfer = cell.transfer(networks)
            with OutputFolder(cell.path) as folder, StopOnSignal(transfer) as stop:
                cell.run(transfer, plain, folder, [progress, stop])
            progress.end_cell(cell)
            # A signal in the last epoch lets the cell end.
            if stop.number and cell is not waiting[-1]:
                raise Stopped(stop.number)
    except Stopped as error:
        error.add("to go on, do the same again")
        raise
    except GluonStyleError as error:
        error.add("that was {label}", label=cell.label)
        raise
    finally:
        progress.close()


class CellProgress(ManyProgress, Listener):
    """How far all cells are."""

    def __init__(self, cells, quiet=False):
        super().__init__(sum(cell.work() for cell in cells), quiet)
        self.cells = cells

    def start_cell(self, cell):
        """Name the cell that comes next."""
        self.cell = f"cell {self.cells.index(cell) + 1} of {len(self.cells)}, {cell.label}"
        self.name(self.cell)

    def end_epoch(self, stage_run, epoch):
        line = f"{self.cell}: epoch {epoch.epoch + 1}"
        self.advance(math.prod(stage_run.stage.image_shape), line)

    def end_cell(self, cell):
        """Tell how it ended."""
        self.tell(f"{cell.label}: {cell.losses()}, {cell.checkpoint.seconds:.0f} s")


def write_table(path, cells, vary):
    """Write the options that are varied, the final losses and the seconds of what is done."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    # A picture's name must not be taken for a loss.
    names = [f"{name} picture" if name in PICTURES else dashed(name) for name in vary]
    rows.writerow([TABLE, *names, *TERMS, "seconds", "difference"])
    for cell in filter(Cell.is_done, cells):
        values = [value_of(cell.settings, name) for name in vary]
        losses = [repr(getattr(cell.final(), term)) for term in TERMS]
        seconds, differs = f"{cell.checkpoint.seconds:.1f}", difference(cell, cells[0])
        rows.writerow([cell.path.name, *values, *losses, seconds, differs])
    with atomic_write(path) as file:
        file.write(text.getvalue().encode("utf-8", "surrogateescape"))


def difference(cell, baseline):
    """By how much the pixels of two cells differ on average, of 255, if that can be said."""
    if not baseline.is_done():
        return ""
    one, other = (
        decode(OutputFolder(each.path).picture(len(each.stages))).rgb.astype("float32")
        for each in (cell, baseline)
    )
    return f"{abs(one - other).mean():.2f}" if one.shape == other.shape else ""


def show(path, cells, places, vary, networks):
    """Draw the two pictures and the baseline, and below them the variations in their order."""
    baseline, *_, last = cells[0], *vary.values()
    own = first_pictures(baseline.settings)
    tiles = [Tile(each, describe(baseline.settings, [name])) for name, each in zip(PICTURES, own)]
    for cell in (baseline, *places):
        theirs = first_pictures(cell.settings)
        insets = [each if each != other else None for each, other in zip(theirs, own)]
        picture, below = None, "not done yet"
        if cell.is_done():
            picture, below = OutputFolder(cell.path).picture(len(cell.stages)), cell.losses()
        tiles.append(Tile(picture, cell.label.replace(", ", "\n"), below, insets))
    columns = len(last) if len(vary) > 1 else math.ceil(len(last) / math.ceil(len(last) / 4))
    stages = ",".join(map(str, baseline.stages))
    source = networks[baseline.settings.weights].source
    title = (
        f"{' and '.join(map(dashed, vary))}; baseline: stages {stages}, network {source}; "
        "losses at the chapter's weights"
    )
    write_sheet(path, title, tiles[:3], tiles[3:], columns)


def first_pictures(settings):
    """The content picture, and the first of the style pictures."""
    return settings.content, settings.styles[0]


def value_of(settings, name):
    """What an option is in some settings: as it is typed, and no two values alike."""
    if name == "size":
        shape = settings.stages[0].image_shape
        return str(max(shape) if isinstance(shape, tuple) else shape)
    return as_text(text_of_pictures(get_options(settings)[name]))


def text_of_pictures(value):
    """A value in which checksums stand for pictures that were given as such."""
    if isinstance(value, tuple):
        return tuple(map(text_of_pictures, value))
    return f"picture {decode(value).sha256[:16]}" if isinstance(value, Given) else value


def dashed(name):
    """The option of that name as it is typed, without its first dashes."""
    return name.replace("_", "-")


def describe(settings, vary, is_=" ", comma=", "):
    """What is varied, for the eye: of a picture's path, the name alone."""
    texts = {name: value_of(settings, name) for name in vary}
    for name in texts.keys() & {*PICTURES, "mask", "init"}:
        value = text_of_pictures(get_options(settings)[name])
        value = tuple(map(os.path.basename, value if isinstance(value, tuple) else (value,)))
        texts[name] = as_text(value)
    return comma.join(f"{dashed(name)}{is_}{text}" for name, text in texts.items())


def folder_name(settings, vary):
    """The name of a cell's folder, which no other values have."""
    full = ",".join(f"{dashed(name)}={value_of(settings, name)}" for name in vary)
    short = re.sub(r"[^\w.,=+-]+", "-", describe(settings, vary, "=", ","))[:100]
    checksum = hashlib.sha256(full.encode("utf-8", "surrogateescape")).hexdigest()
    return short if short == full else f"{short}-{checksum[:8]}"
