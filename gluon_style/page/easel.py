"""The picture that a visitor looks at, as it grows, and the wall of all pictures."""

import math
from contextlib import contextmanager
from pathlib import Path

from nicegui import ui

from .elements import Text, folded, put, tag
from .runs import FAILED, FINISHED, LIVE, PAUSED, PHOTO, RUNNING, STARTING, STOPPED, TERMS, WAITING
from .studio import command_of, gone

EVERY = 0.3  # seconds between two looks at the live picture
PAGE = 24  # pictures on the wall before more are asked for
MOST_POINTS = 240  # of a curve
RISE = 5  # times that a curve is seen to rise
INTERRUPTED = "It was stopped before its end. The picture so far is kept, and it can be resumed."
OTHERS_WAIT = "A run is paused: others wait until it is resumed and ends, or is stopped."
COLOURS = ("#4a8fb0", "#c0563c", "#8a9a45", "#8a8078")


class Easel:
    """The run that a visitor looks at; `on_use` is told of one whose settings are wanted."""

    def __init__(self, studio, tab, words, on_use):
        self.studio, self.tab, self.words, self.on_use = studio, tab, words, on_use
        self.shown_runs = PAGE
        with tag("section", "easel", id="easel", tabindex="-1", aria_label=words("The picture")):
            self.build_canvas()
            self.build_head()
            self.notes = Text("p", "", "note")
            self.wrong = Text("p", "", "wrong", role="alert")
            self.strip()
            self.details = folded(words("What made it"), self.build_details, self.refresh)
        self.live = ui.timer(EVERY, self.show_live, active=False)

    def build_canvas(self):
        """The picture, and the photo over it up to a line that is dragged."""
        words = self.words
        with tag("div", "canvas") as self.canvas:
            self.picture = tag("img", "alive", alt=words("The picture"), id="picture")
            self.photo = tag("img", "photo", alt=words("The photo"))
            self.cut = tag(
                "input",
                "cut",
                type="range",
                min="0",
                max="100",
                id="cut",
                oninput="page.cut(+this.value)",
                aria_label=words("Photo on the left, painting on the right"),
                # As an attribute, with which it begins: Vue would set a property at each update.
                **{"^value": "0"},
            )
            self.line = tag("div", "line")
            self.badge = Text("span", "", "badge")
        self.bar = tag("progress", "alive", max="1", aria_label=words("running"))

    def build_head(self):
        """Title, state, buttons."""
        with tag("div", "head-row"):
            with tag("div", "titles"):
                self.title = Text("h2")
                self.status = Text("p", "", "status", role="status", aria_live="polite")
            with tag("div", "buttons"):
                self.save = Text("a", self.words("Save"), "save", download="")
                self.pause = self.add_button("Pause", lambda: self.studio.pause(self.run))
                self.resume = self.add_button("Resume", self.do_resume)
                self.stop = self.add_button("Stop", lambda: self.studio.stop(self.run))
                self.use = self.add_button("Use again", lambda: self.on_use(self.run))
                self.rename = self.add_button("Rename", self.ask_name)
                self.delete = self.add_button("Delete", self.ask_delete)

    def add_button(self, text, on_click):
        """A quiet button."""
        button = ui.button(self.words(text), on_click=on_click).props("flat no-caps")
        return put(button, id=text.lower().replace(" ", "-"))

    def build_details(self):
        """Where it has come to, command, curves."""
        words = self.words
        self.where = Text("p", "", "soft")
        Text("h3", words("The command that makes the same picture"))
        self.command = Text("pre", "", "command", tabindex="0")
        with tag("div", "buttons"):
            copy = ui.button(words("Copy")).props("outline no-caps")
            copy.on("click", js_handler="event => page.copy(event.currentTarget)")
            copy.on_click(lambda: self.copied.set_text(words("Copied")))
            self.copied = Text("span", "", "soft", role="status")
        with tag("div") as self.curves:
            Text("h3", words("Curves of the losses"))
            self.chart = ui.echart(chart_options(words)).classes("chart")
            put(self.chart, role="img", aria_label=words("Curves of the losses"))
            self.losses = Text("p", "", "soft")

    @property
    def run(self):
        """The run that is looked at: the chosen one, the current one, or the last."""
        run = self.studio.runs.get(self.tab.run) or self.studio.newest
        if run and run.is_active:
            self.tab.run = run.name  # it stays so when another one runs
        return run

    def open(self, run):
        """Look at a run."""
        self.tab.run, self.tab.shown = run.name, None
        ui.run_javascript("page.show()")
        self.refresh()

    def do_resume(self):
        self.tab.shown = None  # what comes is to be seen
        self.studio.resume(self.run)

    def ask_name(self):
        """Give the run another title."""
        run, words = self.run, self.words
        with self.dialog("Rename", lambda: self.studio.name(run, title.value)):
            title = ui.input(words("Title"), value=words.called(run)).props("outlined maxlength=80")

    def ask_delete(self):
        """Delete the run, if it is really meant."""
        run, words = self.run, self.words
        with self.dialog("Delete", lambda: self.studio.delete(run)):
            Text("p", words("Delete “{}” for good?", words.called(run)))

    @contextmanager
    def dialog(self, name, do):
        """Ask for something that a button with this name does."""
        with ui.dialog(value=True) as dialog, ui.card():
            yield
            with tag("div", "buttons"):
                for each, action in (("Cancel", dialog.close), (name, do)):
                    button = ui.button(self.words(each), on_click=action).props("flat no-caps")
                    button.on_click(dialog.close)
        dialog.on("hide", dialog.delete)

    def refresh(self):
        """Show what has changed."""
        run, words = self.run, self.words
        state, is_active = run and run.state, bool(run and run.is_active)
        self.live.active = is_active
        for each, is_wanted in (
            (self.pause, state == RUNNING),
            (self.resume, state in (PAUSED, STOPPED, FAILED)),
            (self.stop, is_active),
            *((each, run and not is_active) for each in (self.use, self.delete)),
            *((each, run) for each in (self.rename, self.details)),
        ):
            each.set_visibility(bool(is_wanted))
        self.strip.refresh()
        self.wall.refresh()
        if not run:
            self.show_example()
            return
        if self.tab.shown and self.tab.shown not in run.files():
            self.tab.shown = None
        self.resume.text = words("Resume" if state == PAUSED or run.can_resume else "Start again")
        self.title.text = words.called(run)
        self.show_live()
        self.show_messages(run)
        if self.details.value:
            self.show_details(run)

    def show_live(self):
        """Show the picture as it is now, and how far it is."""
        run = self.run
        if run:
            self.show_status(run)
            self.show_picture(run)

    def show_example(self):
        """The pair that comes with the package, and its result."""
        words = self.words
        self.title.text = words("{}, after {}", words("shipped content"), words("shipped style"))
        self.status.text = words("An example. Drag the line.")
        self.notes.text = self.wrong.text = ""
        self.bar.set_visibility(False)
        self.save.set_visibility(False)
        self.show_canvas("/example/result", "/example/photo", (3, 2))

    def show_messages(self, run):
        """Notes, and why it has failed."""
        words, state = self.words, run.state
        notes = run.notes[-2:] + ([run.said] if state == STARTING and run.said else [])
        if state == STOPPED and run.can_resume:
            notes.append(words(INTERRUPTED))
        current = self.studio.current
        if state == WAITING and current and current.state == PAUSED:
            notes.append(words(OTHERS_WAIT))
        self.notes.text = " ".join(dict.fromkeys(map(words.error, notes)))
        ended = state in (FAILED, STOPPED) and run.error
        self.wrong.text = words.error(run.error) if ended else ""

    def show_status(self, run):
        """One line, and the bar."""
        words, state = self.words, run.state
        parts = [words(state, self.studio.queue.index(run))] if state == WAITING else [words(state)]
        if run.is_active and (run.stopping or run.pausing):
            is_end = run.stopping
            parts = [words("Stopping after this epoch" if is_end else "Pausing after this epoch")]
        elif state == RUNNING and run.seconds_left is not None:
            parts.append(words("{} left", words.duration(run.seconds_left)))
        moments = [self.moment(run, *at) for *at, name in run.snapshots() if name == self.tab.shown]
        if moments:
            parts.append(words("On the way: {}", *moments))
        self.status.text = words(", ").join(parts)
        self.bar.set_visibility(state in (STARTING, RUNNING, PAUSED))
        put(self.bar, value=f"{run.share:.3f}" if state != STARTING else None)

    def moment(self, run, stage, epochs):
        """When a picture on the way was there: after so many seconds, or epochs."""
        seconds = run.seconds_at(stage, epochs)
        return self.words.seconds(seconds) if seconds else self.words("epoch {}", epochs)

    def show_picture(self, run):
        """The picture on the canvas, the photo over it, and what would be saved."""
        name = self.tab.shown or run.newest
        photo = run.address(PHOTO) if PHOTO in run.files() else None
        stage = run.stages[(run.progress or (1,))[0] - 1] if run.stages else None
        size = stage.image_shape if stage else run.order["size"]
        self.show_canvas(name and run.address(name), photo, size)
        called = f"{self.words.called(run)}{Path(name or '').suffix or '.jpg'}"
        put(self.save, href=name and f"{run.address(name)}&save=1", download=called)
        self.save.set_visibility(bool(name))

    def show_canvas(self, source, photo, size):
        """A picture and the photo; there is nothing to compare before anything is painted."""
        put(self.picture, src=source or photo)
        put(self.photo, src=photo)
        self.picture.set_visibility(bool(source or photo))
        for each in (self.photo, self.cut, self.line):
            each.set_visibility(bool(photo and source))
        self.badge.text = "" if source else self.words("The photo")
        self.canvas.style(f"--ratio: {size[0] / size[1]:.4f}")

    @ui.refreshable_method
    def strip(self):
        """The pictures on the way, each a button."""
        run = self.run
        found = run.snapshots() if run else []
        if len(found) < 2:
            return
        with tag("div", "strip", role="group", aria_label=self.words("On the way")):
            for stage, epochs, name in found:
                is_newest = name == run.newest
                with self.strip_button(None if is_newest else name, f"{stage}-{epochs}"):
                    tag("img", src=f"{run.address(name)}&small=1", alt="", loading="lazy")
                    Text("span", self.moment(run, stage, epochs))
            if run.newest == LIVE:
                with self.strip_button(None, "now"):
                    Text("span", self.words("now"))

    def strip_button(self, name, key):
        """A button that shows a picture on the way, or with None what is newest."""
        pressed = "true" if name == self.tab.shown else "false"
        button = tag("button", type="button", id=f"moment-{key}", aria_pressed=pressed)

        def show():
            self.tab.shown = name
            self.refresh()

        return button.on("click", show)

    def show_details(self, run):
        """The command that made it, and its losses."""
        missing, words = gone(run), self.words
        said = words("There is none: {} no longer exists.", words(", ").join(missing))
        self.command.text = said if missing else command_of(run)
        self.curves.set_visibility(len(run.records) > 1)
        if run.progress:
            number, *epochs = run.progress
            counts = number, len(run.stages), *epochs
            self.where.text = words("stage {} of {}, epoch {} of {}", *counts)
        if len(run.records) > 1:
            self.losses.text = words(
                "content {content:.2f}, style {style:.2f}, TV {tv:.2f}", **run.records[-1][1]
            )
            draw(self.chart.options, [epoch for _, epoch in run.records])
            self.chart.update()

    @ui.refreshable_method
    def wall(self):
        """All runs, the newest first."""
        runs = [*self.studio.runs.values()][::-1]
        if not runs:
            return
        words = self.words
        with tag("section", "wall-section", aria_label=words("All pictures")):
            Text("h2", words("All pictures"))
            with tag("div", "wall"):
                for run in runs[: self.shown_runs]:
                    self.card(run)
            if len(runs) > self.shown_runs:
                self.add_button("Show more", self.show_more)

    def show_more(self):
        self.shown_runs += 2 * PAGE
        self.wall.refresh()

    def card(self, run):
        """A run on the wall."""
        words, names = self.words, [PHOTO, *(name for *_, name in run.snapshots())]
        pressed = "true" if run is self.run else "false"
        card = tag("button", "run", type="button", id=f"run-{run.name}", aria_pressed=pressed)
        with card.on("click", lambda: self.open(run)):
            if names[-1] in run.files():
                tag("img", src=f"{run.address(names[-1])}&small=1", alt="", loading="lazy")
            Text("b", words.called(run))
            if run.state != FINISHED:
                Text("span", words("Waiting" if run.state == WAITING else run.state), "soft")


def chart_options(words):
    """The curves of the losses, on a logarithmic scale, as ECharts draws them."""
    grey = {"color": "#8a8078"}
    curve = {"type": "line", "showSymbol": False, "lineStyle": {"width": 2}, "data": []}
    return {
        "animation": False,
        "grid": {"left": 8, "right": 12, "top": 34, "bottom": 4, "containLabel": True},
        "legend": {"top": 0, "itemWidth": 14, "itemGap": 8, "textStyle": grey},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "value", "minInterval": 1, "splitLine": {"show": False}},
        "yAxis": {"type": "log", "splitLine": {"lineStyle": {"color": "#8a807833"}}},
        "series": [
            {**curve, "name": words(f"{term} loss"), "color": colour}
            for term, colour in zip(TERMS, COLOURS)
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
