"""The results of a batch: `index.html`, `results.csv` and small pictures."""

import html
import os
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote

from ..errors import GluonStyleError, OutputError, reason
from ..images import to_picture
from ..losses import TERMS
from ..machine.files import atomic_write, discard, open_file, write_table, write_text
from ..machine.files.pictures import decode, small_jpeg
from .job import refuse_foreign

INDEX, TABLE, SMALL = "index.html", "results.csv", "thumbnails"
MARK = '<meta name="generator" content="gluon_style.batch">'
COLUMNS = ("job", "content picture", "style picture", "state")
SIDE = 400  # pixels of a small picture
EVERY = 2.0  # seconds, at least, between two versions of the page
STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5em; background: #fafafa; color: #222 }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 1em }
article { background: #fff; border: 1px solid #ddd; border-radius: 6px; overflow: hidden }
article p { margin: .4em .8em; overflow-wrap: anywhere }
article > a img, .empty { width: 100%; height: 200px; object-fit: contain; background: #eee }
.empty { display: grid; place-items: center; color: #888 }
.from { display: flex; gap: .5em; margin: .5em .8em; align-items: center }
.from img { height: 56px; max-width: 45%; object-fit: contain }
.failed { color: #a00 }
small { color: #666 }
"""


class Gallery:
    """A page and a table of some jobs, written anew as they end."""

    def __init__(self, folder, jobs):
        self.folder, self.jobs = folder, jobs
        self.written, self.is_stale = None, False
        self.small = {}  # of jobs by name: paths of the small pictures, by what they show
        for name, mark in ((INDEX, MARK), (TABLE, COLUMNS[0] + ",")):
            refuse_foreign([folder / name], partial(begins, mark), "batch")
        for path in (*folder.glob(".*.part"), *(folder / SMALL).glob(".*.part")):
            if path.name.split(".")[1] in ("index", "results") or path.parent.name == SMALL:
                discard(path)  # of a process that was killed

    def draw(self, job):
        """Make the small pictures of a job that is done."""
        self.small[job.name] = {"result": f"{SMALL}/{job.name}.jpg"}
        try:
            (self.folder / SMALL).mkdir(exist_ok=True)
        except OSError as error:
            text, file = "cannot be written to: {reason}", self.folder / SMALL
            raise OutputError(text, file=file, reason=reason(error)) from None
        write_small(job.picture(), self.folder / SMALL / f"{job.name}.jpg")
        for name, source in (("content", job.content), ("style", job.style)):
            path = self.folder / SMALL / f"{job.checksums[name][:16]}.jpg"
            with suppress(GluonStyleError):  # it has been moved since
                if not path.exists():
                    write_small(source, path)
                self.small[job.name][name] = self.link(path)

    def update(self, is_last=False):
        """Write both, if they have not just been written."""
        now = time.monotonic()
        self.is_stale = not is_last and self.written is not None and now < self.written + EVERY
        if self.is_stale:
            return
        may_fail, self.written = self.written and not is_last, now
        records = [job.record() if job.is_done else None for job in self.jobs]
        with suppress(OutputError if may_fail else ()):
            write_table(self.folder / TABLE, self.rows(records))
            write_text(self.folder / INDEX, self.html(records, is_last))

    def rows(self, records):
        options = sorted({name for job in self.jobs for name in job.options})
        named = [name.lstrip("-") for name in options]  # a spreadsheet takes a dash for a formula
        yield [*COLUMNS, *named, *TERMS, "seconds", "network", "picture", "reason"]
        for job, record in zip(self.jobs, records):
            row = [job.name, job.content, job.style, job.state]
            row += [job.options.get(name, "") for name in options]
            if record:
                final, seconds = job.ending()
                row += [repr(final[term]) for term in TERMS]
                row += [f"{seconds:.1f}", record["weights"]["source"], self.link(job.picture()), ""]
            else:
                row += [""] * (len(TERMS) + 3) + [job.reason]
            yield row

    def link(self, path):
        return os.path.relpath(path, self.folder).replace(os.sep, "/")

    def html(self, records, is_last):
        """The text of `index.html`, which reloads itself while jobs run."""
        states = [job.state for job in self.jobs]
        done, failed = states.count("done"), states.count("failed")
        told = f"{done} of {len(states)} pictures are painted"
        told += f", {failed} could not be" if failed else ""
        again = "" if is_last else '<meta http-equiv="refresh" content="10">'
        cards = "\n".join(map(self.card, self.jobs, records))
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{MARK}\n{again}\n'
            f'<meta name="viewport" content="width=device-width">\n'
            f"<title>{told}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{told}</h1>\n"
            f'<p><a href="{TABLE}">{TABLE}</a>: losses, seconds and paths as a table. The '
            f"losses are the chapter's at its weights, whatever was optimized.</p>\n"
            f"<main>\n{cards}\n</main>\n</body>\n</html>\n"
        )

    def card(self, job, record):
        content, style = (text(Path(path).name) for path in (job.content, job.style))
        own = ", ".join(f"{text(name)} {text(value)}" for name, value in job.options.items())
        title = f"<p>{content} as {style}{f'<br><small>{own}</small>' if own else ''}</p>"
        if not record:
            told = f'<p class="failed">{text(job.reason)}</p>' if job.reason else ""
            state = "not painted" if job.state == "failed" else job.state
            return f'<article><div class="empty">{state}</div>{title}{told}</article>'
        small = {name: quote(path) for name, path in self.small[job.name].items()}
        picture = quote(self.link(job.picture()))
        folder = quote(self.link(job.folder) + "/")
        sources = "".join(
            f'<img src="{small[name]}" alt="{name}" loading="lazy">'
            for name in ("content", "style")
            if name in small
        )
        return (
            f'<article><a href="{picture}"><img src="{small["result"]}" alt="{content} painted as '
            f'{style}" loading="lazy"></a>\n<div class="from">{sources}</div>{title}'
            f"<p><small>{job.losses()}; {record['seconds']:.0f} s; "
            f'<a href="{folder}">folder</a></small></p></article>'
        )


def text(value):
    """Escaped text for a page, even from a file's name that is no text."""
    return html.escape(value.encode("utf-8", "replace").decode())


def begins(mark, path):
    """True if a file has a mark in its first lines."""
    with open_file(path) as file:
        return mark.encode() in file.read(500)


def write_small(source, path):
    data = small_jpeg(to_picture(decode(source).rgb), SIDE)
    with atomic_write(path) as file:
        file.write(data)
