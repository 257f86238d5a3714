"""The right side: the picture as it grows, and all that belongs to it."""

from urllib.parse import quote

from nicegui import ui

from .curves import chart_options, draw
from .elements import Text, put, tag
from .runs import FAILED, FINISHED, PAUSED, PHOTO, RUNNING, STARTING, STOPPED, WAITING
from .studio import command_of, gone


class Easel:
    """The run that a visitor looks at, and the list of all."""

    def __init__(self, studio, tab, words):
        self.studio, self.tab, self.words = studio, tab, words
        self.shown = None  # name of a picture on the way, None for what is new
        self.before = None, False  # name of the run that was looked at, and whether it was active
        self.listed = None  # the runs in the list
        self.drawn = None, 0  # name and epochs of the run in the chart
        self.pausing = False
        with tag("section", "card"):
            self.build_head()
            self.build_canvas()
            self.build_buttons()
        self.rest = tag("div", "column")
        with self.rest:
            self.build_rest()
        with tag("section", "card") as self.all_runs:
            Text("h2", words("runs"))
            self.list = tag("div", "runs")

    def build_head(self):
        """The state of the run."""
        self.title = Text("h2", self.words("easel"))
        self.status = put(Text("p"), role="status", aria_live="polite")
        self.detail = Text("p").classes("soft")
        self.bar = ui.linear_progress(0, show_value=False).props("rounded size=8px")
        put(self.bar, aria_label=self.words("running"))
        self.note = Text("p").classes("note")
        self.wrong = put(Text("p").classes("wrong"), role="alert")

    def build_canvas(self):
        """The picture, and the photo over it up to the slider."""
        words = self.words
        with tag("div", "canvas") as self.canvas:
            self.empty = Text("p", words("empty")).classes("empty")
            self.picture = tag("img", alt=words("easel"), id="picture")
            self.photo = tag("img", "photo", alt=words("photo"))
        self.cut = tag(
            "input",
            "cut",
            type="range",
            min="0",
            max="100",
            id="cut",
            oninput="page.cut(+this.value)",
            aria_label=words("compare"),
            # As an attribute, with which it begins: Vue would set a property at each update.
            **{"^value": "0"},
        )
        self.cut_text = Text("p", words("compare")).classes("soft")

    def build_buttons(self):
        """The buttons that steer the run."""
        words = self.words
        with tag("div", "buttons"):
            self.pause = ui.button(words("pause"), icon="pause", on_click=self.do_pause)
            self.resume = ui.button(words("resume"), icon="play_arrow", on_click=self.do_resume)
            self.stop = ui.button(words("stop"), icon="stop", on_click=self.do_stop)
            for button in (self.pause, self.resume, self.stop):
                button.props("outline no-caps")
            self.save = tag("a", "save", download="")
            with self.save:
                ui.icon("download")
                Text("span", words("save"))

    def build_rest(self):
        """Snapshots, curves, command."""
        words = self.words
        with tag("section", "card") as self.strip_card:
            Text("h2", words("strip"))
            self.strip = tag("div", "strip", role="group", aria_label=words("strip"))
        with tag("section", "card") as self.curves_card:
            Text("h2", words("curves"))
            self.chart = ui.echart(chart_options(words)).classes("chart")
            self.losses = Text("p").classes("soft")
        with tag("section", "card"):
            Text("h2", words("command"))
            self.command = Text("pre").classes("command")
            with tag("div", "buttons"):
                copy = ui.button(words("copy"), icon="content_copy").props("outline no-caps")
                copy.on("click", js_handler="event => page.copy(event.currentTarget)")
                copy.on_click(lambda: self.copied.set_text(words("copied")))
                self.copied = put(Text("span").classes("soft"), role="status")

    @property
    def run(self):
        """The run that is looked at: the chosen one, the running one, or the last."""
        runs, current = self.studio.runs, self.studio.current
        if current and self.tab.get("run") not in runs:
            self.tab["run"] = current.name  # it stays so when another one runs
        return runs.get(self.tab.get("run")) or last(runs)

    def open(self, run):
        """Look at a run."""
        self.tab["run"], self.shown = run.name, None
        ui.run_javascript("page.show()")
        self.refresh()

    def is_held(self, run):
        """True if a run waits for one that is paused."""
        current = self.studio.current
        return run.state == WAITING and bool(current) and current.state == PAUSED

    def do_pause(self):
        self.pausing = True
        self.studio.pause(self.run)

    def do_resume(self):
        self.shown = None  # what comes is to be seen
        self.studio.resume(self.run)

    def do_stop(self):
        self.studio.stop(self.run)

    def look_at(self, name):
        """Show a picture on the way, or the newest with None."""
        self.shown = name

    def refresh(self):
        """Show what has changed."""
        run = self.run
        self.show_runs(run)
        self.rest.set_visibility(bool(run))
        if not run:
            hidden = self.bar, self.cut, self.cut_text, self.pause, self.resume, self.stop
            for each in (*hidden, self.picture, self.photo, self.save):
                each.set_visibility(False)
            return
        (name, was_active), self.before = self.before, (run.name, run.is_active)
        if name != run.name:
            self.copied.text, self.pausing, self.buttons = "", False, {}
            self.strip.clear()
        elif was_active and not run.is_active:
            self.shown = None  # it has ended: its result is to be seen
        self.show_state(run)
        files = run.files()
        self.show_picture(run, files)
        self.show_strip(run)
        if self.drawn[0] != run.name or self.drawn[1] < 2:  # else it is drawn once a second
            self.show_curves()
        missing = gone(run)
        said = self.words("gone", self.words("comma").join(missing))
        self.command.text = said if missing else command_of(run)

    def show_state(self, run):
        """Words, the bar and the buttons."""
        words, state = self.words, run.state
        if state != RUNNING:
            self.pausing = False
        before = self.studio.queue.index(run) if state == WAITING else 0
        text = words(WAITING, before) if before else words(STARTING if state == WAITING else state)
        if run.is_active and run.stopping:
            text = words("stopping")
        elif self.pausing:
            text = words("pausing")
        self.title.text = run.name
        self.status.text = text
        parts = []
        if run.progress:
            number, done, epochs = run.progress
            parts.append(
                words("progress", stage=number, stages=len(run.stages), done=done, epochs=epochs)
            )
        if state == RUNNING and run.seconds_left is not None:
            parts.append(words("time left", words.duration(run.seconds_left)))
        self.detail.text = words("comma").join(parts)
        self.bar.value = 1.0 if state == FINISHED else run.share
        self.bar.set_visibility(True)
        notes = run.notes[-2:] + ([run.said] if state == STARTING and run.said else [])
        if state == STOPPED and run.can_resume:
            notes.append(words("interrupted"))
        if self.is_held(run):
            notes.append(words("waits"))
        self.note.text = " ".join(dict.fromkeys(map(words.error, notes)))
        ended = state in (FAILED, STOPPED) and run.error
        self.wrong.text = words.error(run.error) if ended else ""
        self.pause.set_visibility(state == RUNNING)
        self.stop.set_visibility(run.is_active)
        self.resume.set_visibility(state in (PAUSED, STOPPED, FAILED))
        self.resume.text = words("resume" if state == PAUSED or run.can_resume else "again")

    def show_picture(self, run, files):
        """The picture on the canvas, the photo over it, and what would be saved."""
        base = f"/runs/{quote(run.name)}"
        is_new = self.shown not in files
        name = run.result() if is_new else self.shown
        if is_new and run.is_active and run.picture:
            source, name = f"{base}/live?v={run.pictures_seen}", "live"
        else:
            found = run.snapshots()
            name = name or (found[-1][2] if found else None)
            source = name and f"{base}/{name}?v={files.get(name)}"
        photo = PHOTO if PHOTO in files else None
        if not source and photo:
            source = f"{base}/{photo}"
        put(self.picture, src=source)
        put(self.photo, src=photo and f"{base}/{photo}")
        self.picture.set_visibility(bool(source))
        self.empty.set_visibility(not source)
        for each in (self.photo, self.cut, self.cut_text):
            each.set_visibility(bool(photo and source))
        stage = run.stages[(run.progress or (1,))[0] - 1] if run.stages else None
        width, height = stage.image_shape if stage else run.order["size"]
        self.canvas.style(f"--ratio: {width / height:.4f}")
        put(self.save, href=name and f"{base}/{name}?save=1")
        self.save.set_visibility(bool(name))

    def show_strip(self, run):
        """The pictures on the way, each a button; those that are there stay, for the keyboard."""
        found = run.snapshots()
        self.strip_card.set_visibility(bool(found))
        for name in self.buttons.keys() - {None, *(each[2] for each in found)}:
            self.buttons.pop(name).delete()
        for number, epochs, name in found:
            if name not in self.buttons:
                what = self.words("epoch n", stage=number, epoch=epochs)
                source = f"/runs/{quote(run.name)}/{name}?small=1"
                self.buttons[name] = self.strip_button(name, what, source)
                if None in self.buttons:
                    self.buttons[None].move(self.strip)  # to the end
        if None not in self.buttons:
            self.buttons[None] = self.strip_button(None, self.words("now"))
        self.buttons[None].set_visibility(run.is_active)
        for name, button in self.buttons.items():
            put(button, aria_pressed="true" if name == self.shown else "false")

    def strip_button(self, name, what, source=None):
        """A button that shows a picture on the way, or with None what is new."""
        with self.strip, tag("button", type="button") as button:
            if source:
                tag("img", src=source, alt="")
            Text("span", what)
        button.on("click", lambda: self.look_at(name))
        return button

    def show_curves(self):
        """The losses."""
        run = self.run
        points = run and (run.name, len(run.records))
        if points == self.drawn or not run:
            return
        self.drawn = points
        self.curves_card.set_visibility(len(run.records) > 1)
        if len(run.records) > 1:
            draw(self.chart.options, [epoch for _, epoch in run.records])
            self.chart.update()
            self.losses.text = self.words("losses", **run.records[-1][1])

    def show_runs(self, run):
        """All runs, the newest first."""
        runs = list(self.studio.runs.values())[::-1]
        listed = run, [(each.name, each.state) for each in runs]
        if listed == self.listed:
            return
        self.listed = listed
        self.all_runs.set_visibility(bool(runs))
        self.list.clear()
        with self.list:
            for each in runs:
                self.card(each, each is run)

    def card(self, run, chosen):
        """A run in the list."""
        pressed, words = "true" if chosen else "false", self.words
        button = tag("button", "run", type="button", aria_pressed=pressed)
        button.on("click", lambda: self.open(run))
        found, files = run.snapshots(), run.files()
        with button:
            names = [run.result(), *(each[2] for each in found[::-1]), PHOTO]
            name = next((name for name in names if name in files), None)
            if name:
                source = f"/runs/{quote(run.name)}/{name}?small=1&v={run.state}"
                tag("img", src=source, alt=words("result of", run.name))
            else:
                tag("div", "none")
            Text("b", run.name)
            Text("span", words("queued" if run.state == WAITING else run.state))


def last(runs):
    """The newest run, None if there is none."""
    return list(runs.values())[-1] if runs else None
