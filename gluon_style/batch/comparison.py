"""A comparison: a run for each of several settings, shown side by side on one sheet."""

import dataclasses
import hashlib
import math
import os
import re
from pathlib import Path

from ..chapter import StyleTransfer
from ..errors import GluonStyleError, Stopped, UsageError
from ..images import read
from ..losses import TERMS
from ..machine.files import Given, write_table
from ..machine.files.pictures import decode
from ..pretrained import get_weights
from ..run import CREDIT, PAIR, OutputFolder, plan, with_book_pictures
from ..settings import Output, as_text, check_option, get_options, variations, with_whole_paths
from .job import Job, refuse_foreign
from .progress import Progress
from .sheet import Panel, write_sheet

TABLE = "cell"  # the first word of a table


def compare(settings, vary, output="neural-style-compare", recipe="chapter"):
    """Run the settings as they are and with each variation, and show all results on one sheet.

    Each run, a cell, has a folder in the output's; finished ones are skipped, stopped ones
    resumed. Beside them stand the sheet, for example `style-weight.png`, and `style-weight.csv`
    with each one's final losses, seconds, and mean difference of its pixels, of 255, from the
    first's.

    Parameters
    ----------
    settings : Settings
        The baseline, always the first cell: best with one short stage.
    vary : dict of str to sequence
        Options and their values, for example `{"style_weight": (1e2, 1e5)}`: the names in
        `Settings`, `Layers` and `LossWeights`, and `size`, the long side of a single stage or of a
        recipe. With several options every combination is a cell.
    output : Output, str or Path
        The folder and the printing; with `overwrite`, cells of other settings are run anew.
    recipe : str
        The recipe that the settings are of: its stages follow from `size`.

    Returns
    -------
    Path
        The sheet.

    Raises
    ------
    CheckpointError
        A cell in the folder was run with other settings, pictures or weights.
    GluonStyleError
        Or an error of `StyleTransfer`, for any cell, before the first is run.
    """
    if isinstance(output, (str, Path)):
        output = Output(output)
    with OutputFolder(output.folder) as folder:
        if output.book:
            settings = with_book_pictures(settings)
        sheet = folder.path / f"{'-x-'.join(map(dashed, vary))}.png"
        table = sheet.with_suffix(".csv")  # written before its sheet
        cells, places = plan_cells(output, settings, vary, recipe)
        is_ours = table.is_file() and table.read_bytes().startswith(TABLE.encode())
        refuse_foreign([table, sheet], lambda path: is_ours, "comparison")  # perhaps a picture
        networks = get_networks(cells)
        cells, places = look(cells, places, networks)
        waiting = [cell for cell in cells if not cell.is_done]
        if not output.quiet:
            print(plan(transfer_of(cells[0], networks), folder, None))
            done = len(cells) - len(waiting)
            print(f"cells    {len(cells)}, {done} of them done already", flush=True)
        try:
            run_cells(waiting, networks, output.quiet)
        finally:
            if any(cell.is_done for cell in cells):
                write_table(table, rows(cells, vary))
                show(sheet, cells, places, vary, networks)
        if not output.quiet:
            notices = [network.notice for network in networks.values() if network.notice]
            notices += [CREDIT] if output.book else []
            print("\n".join([*notices, str(table), str(sheet)]))
    return sheet


def look(cells, places, networks):
    """The cells and places without two of one run; each cell has read how far it is."""
    kept, same = {}, {}
    for cell in cells:
        transfer = transfer_of(cell, networks)
        made_from = transfer.resolved(), tuple(sorted(transfer.identity().items()))
        same[cell] = kept.setdefault(made_from, cell)
        if same[cell] is cell:
            cell.look(transfer)
    return [*kept.values()], [same[cell] for cell in places]


def transfer_of(cell, networks):
    return StyleTransfer(cell.settings, networks[cell.settings.weights])


def plan_cells(output, settings, vary, recipe="chapter"):
    """The distinct cells, the baseline first, and the cell of each combination of values."""
    if not all([vary, *(len(values) for values in vary.values())]):
        raise UsageError("needs an option, and each option a value", "vary")
    for name in vary:
        check_option(name)
    plain = dataclasses.replace(output, book=False, format=Output.format, depth=Output.depth)

    def cell(name, settings, label):
        path = Path(output.folder, name)
        return Job(name, settings, dataclasses.replace(plain, folder=path), label)

    baseline = with_whole_paths(settings)
    first = cell("baseline", baseline, f"baseline: {describe(baseline, vary)}")
    cells, places = {first.name: first}, []
    for varied in map(with_whole_paths, variations(baseline, vary, recipe)):
        name = first.name if varied == baseline else folder_name(varied, vary)
        places.append(cells.setdefault(name, cell(name, varied, describe(varied, vary))))
    return list(cells.values()), places


def get_networks(cells):
    """VGG-19's parameters by `weights`; an unknown scale is measured from the baseline."""
    deepest = max((cell.settings.layers for cell in cells), key=lambda layers: layers.last)
    first = cells[0].settings
    pictures = [read(first.content), read(first.styles[0])]
    names = dict.fromkeys(cell.settings.weights for cell in cells)
    return {name: get_weights(name, deepest, *pictures) for name in names}


def run_cells(waiting, networks, quiet):
    with Progress(waiting, quiet) as progress:
        for number, cell in enumerate(waiting, 1):
            name = f"cell {number} of {len(waiting)}, {cell.label}"

            def tell(message, cell=cell, name=name):
                line = f": epoch {message['epoch']}"
                progress.hear(cell, name, cell.left - message["work"], line)

            try:
                with OutputFolder(cell.folder) as folder:
                    signal = cell.run(transfer_of(cell, networks), folder, tell)
                progress.tell(cell)
                # A signal in the last epoch lets the cell end.
                if signal and cell is not waiting[-1]:
                    raise Stopped(signal)
            except Stopped as error:
                error.add("to continue, do the same again")
                raise
            except GluonStyleError as error:
                error.add("that was {label}", label=cell.label)
                raise


def rows(cells, vary):
    """The varied options, final losses and seconds of the finished cells."""
    # A picture's name must not be taken for a loss.
    names = [f"{name} picture" if name in PAIR else dashed(name) for name in vary]
    yield [TABLE, *names, *TERMS, "seconds", "difference"]
    for cell in cells:
        if cell.is_done:
            final, seconds = cell.ending()
            values = [value_of(cell.settings, name) for name in vary]
            values += [repr(final[term]) for term in TERMS]
            yield [cell.name, *values, f"{seconds:.1f}", difference(cell, cells[0])]


def difference(cell, baseline):
    """Mean difference between the pixels of two cells, of 255; empty where it is unknown."""
    if not baseline.is_done:
        return ""
    one, other = (decode(each.picture()).rgb.astype("float32") for each in (cell, baseline))
    return f"{abs(one - other).mean():.2f}" if one.shape == other.shape else ""


def show(path, cells, places, vary, networks):
    """Draw the two pictures and, below them, the variations in their order; the baseline once."""
    baseline, *_, last = cells[0], *vary.values()
    own = baseline.settings.content, baseline.settings.styles[0]
    panels = [Panel(each, describe(baseline.settings, [name])) for name, each in zip(PAIR, own)]
    for cell in places if baseline in places else (baseline, *places):
        theirs = cell.settings.content, cell.settings.styles[0]
        insets = [each if each != other else None for each, other in zip(theirs, own)]
        picture, below = None, "not done yet"
        if cell.is_done:
            picture, below = cell.picture(), cell.losses()
        panels.append(Panel(picture, cell.label.replace(", ", "\n"), below, insets))
    columns = len(last) if len(vary) > 1 else math.ceil(len(last) / math.ceil(len(last) / 4))
    source = networks[baseline.settings.weights].source
    title = (
        f"{' and '.join(map(dashed, vary))}; baseline: stages {as_text(baseline.stages)}, "
        f"network {source}; losses at the chapter's weights"
    )
    first = len(panels) - len(places)
    write_sheet(path, title, panels[:first], panels[first:], columns)


def value_of(settings, name, brief=False):
    """An option's value as typed, unlike any other; files without their folders if `brief`."""
    if name == "size":
        shape = settings.stages[-1].image_shape
        return str(max(shape) if isinstance(shape, tuple) else shape)

    def plain(value):
        if isinstance(value, tuple):
            return tuple(map(plain, value))
        if isinstance(value, Given):
            return f"picture {decode(value).sha256[:16]}"
        return os.path.basename(value) if brief and name in (*PAIR, "mask", "init") else value

    return as_text(plain(get_options(settings)[name]))


def dashed(name):
    """An option's name as typed, without the leading dashes."""
    return name.replace("_", "-")


def describe(settings, vary, is_=" ", comma=", "):
    """The varied options and their values, to be read."""
    return comma.join(f"{dashed(name)}{is_}{value_of(settings, name, brief=True)}" for name in vary)


def folder_name(settings, vary):
    """Name of a cell's folder, unique to its values."""
    full = ",".join(f"{dashed(name)}={value_of(settings, name)}" for name in vary)
    short = re.sub(r"[^\w.,=+-]+", "-", describe(settings, vary, "=", ","))[:100]
    checksum = hashlib.sha256(full.encode("utf-8", "surrogateescape")).hexdigest()
    return short if short == full else f"{short}-{checksum[:8]}"
