"""The left side: the pictures, the options, and the start."""

import math
import re
from types import SimpleNamespace

from nicegui import ui

from ..errors import GluonStyleError
from ..settings import CHAPTER_STAGES, RECIPES, LossWeights, as_text
from ..vgg19 import CONVOLUTIONS
from .elements import Text, put, tag
from .options import FIELDS, check_rows, is_choice, typed
from .runs import PAUSED
from .selection import MASKS, SHIPPED, STYLES

# A recipe, and the chapter with one stage or both.
PRESETS = {
    **{"quick": RECIPES["quick"]},
    **{"one": {"stages": CHAPTER_STAGES[:1]}, "two": {"stages": CHAPTER_STAGES}},
}
# The weights of the three losses, with their defaults.
WEIGHTS = {name: w for name, w in vars(LossWeights()).items() if isinstance(w, float)}
ELSEWHERE = ("stages", "style_blend")  # have a place of their own
GROUPS = ("pictures", "training", "network", "results", "stopping and resuming")
LAYERS = ("style_layers", "content_layers")
DECADES = 2  # of a loss weight's slider, up and down
NEW_ROW = ("600", "200", "100")
SNAPSHOTS = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # epochs between them
MOST_SNAPSHOTS = 12


class Form:
    """The visitor's choices: texts by option, and a row (size, epochs, decay) for each stage."""

    def __init__(self, studio, selection, tab, words):
        self.studio, self.selection, self.tab, self.words = studio, selection, tab, words
        if "values" not in tab:
            tab["values"], tab["preset"] = texts_of("quick"), "quick"
            tab["rows"] = as_rows(PRESETS["quick"]["stages"])
        self.values, self.rows = tab["values"], tab["rows"]
        self.estimated = None  # values, pictures and machine that the estimate is for
        self.inputs, self.boxes = {}, {}
        self.on_start = None  # told of the run that was started
        self.pictures()
        self.how()
        self.balance()
        self.more()
        self.start()

    def pictures(self):
        """The two pictures, and more of them folded away."""
        with tag("section", "card"):
            Text("h2", self.words("pictures"))
            self.lost = put(Text("p").classes("note"), role="status")
            with tag("div", "pair"):
                self.picture("content")
                self.picture("style")
            with ui.expansion(self.words("more pictures")).classes("w-full pictures"):
                Text("p", self.words("masks hint")).classes("soft")
                for kinds in ((MASKS[0], "init"), *zip(STYLES[1:], MASKS[1:])):
                    with tag("div", "pair"):
                        for kind in kinds:
                            self.picture(kind)

    def picture(self, kind):
        """A picture: a field for a file, which also takes drops and pastes."""
        identity, url = f"choose-{kind}", f"/pictures/{self.selection.key}/{kind}"
        with tag("div", "drop", data_kind=kind, data_url=url) as box:
            title = Text("h3")
            tag("input", type="file", id=identity, accept="image/*,.heic,.heif,.tif,.tiff")
            with tag("label", for_=identity):
                image = tag("img")
                Text("span", self.words("choose")).classes("hint")
            name = Text("div").classes("name")
            wrong = put(Text("div").classes("wrong"), role="alert")
            share = self.share(kind) if kind in STYLES else None
            with tag("button", "link", type="button") as back:
                Text("span", self.words("shipped" if kind in SHIPPED else "remove"))
            back.on("click", lambda: self.take_away(kind))
        self.boxes[kind] = SimpleNamespace(
            box=box, title=title, image=image, name=name, wrong=wrong, share=share, back=back
        )

    def share(self, kind):
        """The share of one of several paintings."""

        def edited(event):
            self.selection.places[kind].share = event.value or ""

        share = ui.input(self.words("share"), value=self.selection.places[kind].share)
        return share.props("outlined dense inputmode=decimal").on_value_change(edited)

    def take_away(self, kind):
        """Go back to what was there before a picture was given."""
        selection = self.selection
        (selection.remove_style if kind in STYLES[1:] else selection.remove)(kind)
        if not any(place.path for place in selection.places.values()):
            ui.run_javascript("page.forget()")

    def how(self):
        """The stages, and the presets."""
        with tag("section", "card"):
            Text("h2", self.words("how"))
            labels = {name: self.words(name) for name in (*PRESETS, "own")}
            self.toggle = ui.toggle(labels, value=self.tab["preset"], on_change=self.choose)
            put(self.toggle.props("spread no-caps unelevated"), aria_label=self.words("how"))
            self.hint = Text("p").classes("soft")
            self.stages = tag("div", "rows")
            self.show_rows()

    def choose(self, event):
        """Put a preset's stages and values into the form."""
        was, self.tab["preset"] = self.tab["preset"], event.value
        if event.value == was:  # a number was typed, in a row that must stay
            return
        if "stages" in PRESETS.get(event.value, ()):
            self.rows[:] = as_rows(PRESETS[event.value]["stages"])
        now = texts_of(event.value)
        for name, value in texts_of(was).items():
            if name not in now and self.values.get(name) == value:
                self.put(name, FIELDS[name].text)
        for name, value in now.items():
            self.put(name, value)
        self.show_rows()

    def put(self, name, text):
        """Put an option's text into its element."""
        self.inputs[name].value = text.split(",") if name in LAYERS else text

    def show_rows(self):
        """A row of three numbers for each stage."""
        words = self.words
        self.hint.text = words(f"{self.tab['preset']} hint")
        self.stages.clear()
        self.stages.classes(**{"add" if len(self.rows) > 1 else "remove": "several"})
        with self.stages:
            for number, row in enumerate(self.rows):
                with tag("div", "row3", role="group", aria_label=f"{words('stage')} {number + 1}"):
                    for column, name in enumerate(("size", "epochs", "decay")):
                        field = ui.input(words(name), value=row[column])
                        field.props("outlined dense inputmode=numeric")
                        field.on_value_change(
                            lambda event, row=row, column=column: self.edit(row, column, event)
                        )
                    if len(self.rows) > 1:
                        button = ui.button(icon="close", on_click=lambda n=number: self.drop(n))
                        put(
                            button.props("flat round dense"),
                            aria_label=words("remove stage", number + 1),
                        )
            add = ui.button(words("add stage"), icon="add", on_click=self.add_row)
            add.props("flat dense no-caps align=left")

    def edit(self, row, column, event):
        """A number of a stage was typed."""
        row[column] = typed(event.value)
        self.own()

    def own(self):
        """The stages are the visitor's own now."""
        self.tab["preset"] = self.toggle.value = "own"
        self.hint.text = self.words("own hint")

    def add_row(self):
        self.rows.append(list(NEW_ROW))
        self.own()
        self.show_rows()

    def drop(self, number):
        del self.rows[number]
        self.own()
        self.show_rows()

    def balance(self):
        """The three loss weights, each by a slider of orders of magnitude, and as a number."""
        with tag("section", "card"):
            Text("h2", self.words("balance"))
            for name, default in WEIGHTS.items():
                self.weight(name, default)

    def weight(self, name, default):
        """One of them."""
        field, words = FIELDS[name], self.words
        value = self.values.get(name, f"{default:g}")
        with tag("div", "weight"):
            Text("div", words.label(name))
            slider = ui.slider(min=-DECADES, max=DECADES, step=0.1, value=decades(value, default))
            put(slider, aria_label=words.label(name))
            number = ui.input(value=value).props("outlined dense inputmode=decimal")
            put(number, aria_label=words.label(name))
            Text("p", words.help(field)).classes("soft")

        def edited(event):
            self.values[name] = event.value or ""
            slider.value = decades(event.value, default)

        # Only what a hand does: it would round what was typed.
        slider.on(
            "update:model-value",
            lambda event: number.set_value(f"{default * 10**event.args:.3g}"),
            throttle=0.1,
        )
        number.on_value_change(edited)
        self.inputs[name] = number

    def more(self):
        """Every other option, in the command line's groups."""
        with tag("section", "card"), ui.expansion(self.words("more")) as more:
            more.classes("w-full options")
            for group in GROUPS:
                Text("h3", self.words(f"{group} group")).style("margin-top: .8rem")
                for name, field in FIELDS.items():
                    if field.group == group and name not in (*ELSEWHERE, *WEIGHTS):
                        self.add_option(name, field)

    def add_option(self, name, field):
        """An option with its help."""
        with tag("div", "option"):
            self.inputs[name] = self.option(field)
            self.inputs[name].on_value_change(
                lambda event: self.values.update({name: text_of(event.value)})
            )
            with tag("p", "soft"):
                Text("span", self.words.help(field) + " ")
                Text("code", field.flag)
                if field.text:
                    Text("span", self.words("default", shown(field)))

    def option(self, field):
        """The element for one option."""
        label = self.words.label(field.name)
        value = self.values.get(field.name, field.text)
        if field.kind.form == "switch":
            return ui.switch(label, value=bool(value))
        if field.name in LAYERS:
            names = {str(index): name for index, name in CONVOLUTIONS.items()}
            chosen = ui.select(names, multiple=True, label=label, value=value.split(","))
            return chosen.props("outlined dense use-chips")
        if is_choice(field):
            words = {} if field.text else {"": self.words("none")}
            words.update({str(word): str(word) for word in field.kind.words})
            return ui.select(words, label=label, value=value).props("outlined dense")
        suggested = list(dict.fromkeys([*field.kind.words, value]))
        if field.kind.words:
            chosen = ui.select(suggested, label=label, value=value, new_value_mode="add-unique")
            return chosen.props("outlined dense")
        return ui.input(label, value=value).props("outlined dense")

    def start(self):
        """The estimate and the button."""
        with tag("section", "card start"):
            self.lacking = put(Text("p").classes("wrong"), role="alert")
            self.takes = Text("p").classes("soft")
            self.waits = Text("p", self.words("waits")).classes("note")
            self.error = put(Text("p").classes("wrong"), role="alert")
            self.button = ui.button(self.words("paint"), icon="brush", on_click=self.paint)
            self.button.classes("paint").props("unelevated no-caps id=paint")

    def effective(self):
        """The values of all options."""
        values = {name: typed(value) for name, value in self.values.items()}
        values["stages"] = ",".join(":".join(row) for row in self.rows)
        values["style_blend"] = self.selection.blend
        if self.selection.has("init"):
            values.pop("init", None)
        epochs = [int(row[1]) for row in self.rows if re.fullmatch("[0-9]{1,9}", row[1])]
        if not values.get("save_every") and epochs:
            fitting = [n for n in SNAPSHOTS if max(epochs) / n <= MOST_SNAPSHOTS]
            values["save_every"] = str((fitting or [max(epochs)])[0])
        return values

    def paint(self):
        """Start a run."""
        try:
            check_rows(self.rows)
            self.on_start(self.studio.add(self.selection, self.effective()))
        except GluonStyleError as error:
            self.error.text = self.words.error(error)

    def refresh(self):
        """Show what has changed."""
        self.show_pictures()
        values = self.effective()
        pictures = self.selection.pictures(), self.selection.sizes
        estimated = values, pictures, self.studio.machine.known
        if self.estimated != estimated:
            self.estimated = estimated
            self.show_estimate(values)
        current = self.studio.current
        self.waits.set_visibility(bool(current) and current.state == PAUSED)
        self.button.text = self.words("queue" if self.studio.queue else "paint")

    def show_pictures(self):
        """The pictures as they are now, and a place for one more painting."""
        selection, styles = self.selection, self.selection.styles
        for kind, shown in self.boxes.items():
            place, called = selection.places[kind], self.called(kind)
            of_style = STYLES[MASKS.index(kind)] if kind in MASKS else kind
            number = STYLES.index(of_style) if of_style in STYLES else 0
            shown.box.set_visibility(number < len(styles) + (kind in STYLES))
            shown.title.text = called
            source = f"/pictures/{selection.key}/{kind}?v={place.path and place.path.stem}"
            put(shown.image, src=source, alt=self.words("choose it", called))
            shown.name.text = place.name
            shown.wrong.text = self.words.refused(place.error, selection.has(kind))
            shown.back.set_visibility(bool(place.path))
            if kind not in SHIPPED:
                put(shown.back, aria_label=self.words("remove it", called))
            if shown.share:
                shown.share.set_visibility(len(styles) > 1 and kind in styles)
                shown.share.value = place.share
                put(shown.share, aria_label=self.words("share of", called))

    def called(self, kind):
        """The title of a picture's place."""
        name, _, number = kind.partition("-")
        several = len(self.selection.styles) > 1
        if number and name == "style" and not self.selection.has(kind):
            return self.words("add style")
        masks = [each for each in MASKS if self.selection.has(each)]
        if several and masks == [kind]:
            return self.words("mask for all")
        is_one_of_many = several and name in ("style", "mask")
        return self.words(f"{name} n", number or 1) if is_one_of_many else self.words(name)

    def show_estimate(self, values):
        """The time and memory of the run, or why it cannot work."""
        words, machine = self.words, self.studio.machine
        self.error.text = self.takes.text = ""
        if machine.lacking:
            self.lacking.text = " ".join([words("cannot work"), *machine.lacking])
        try:
            check_rows(self.rows)
            expected = self.studio.estimate(self.selection, values)
        except GluonStyleError as error:
            self.error.text = self.words.error(error)
            return
        memory = words.bytes(expected.memory)
        if expected.seconds is None:
            lines = [words("will take memory", memory=memory)]
        else:
            time = words.duration(expected.seconds)
            lines = [words("will take", time=time, memory=memory)]
        if expected.tiled:
            lines.append(words("tiled"))
        if values.get("weights", "auto") == "auto" and machine.sources == ["small"]:
            lines.append(words("real network"))
        self.takes.text = " ".join(lines)


def as_rows(stages):
    """Stages as lists of text."""
    return [str(stage).split(":") for stage in stages]


def texts_of(preset):
    """The values of a preset as text, apart from its stages."""
    values = PRESETS.get(preset, {})
    return {name: as_text(value) for name, value in values.items() if name != "stages"}


def text_of(value):
    """The value of an element as text."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list):
        return ",".join(sorted(value, key=int))
    return str(value if value is not None else "").strip()


def decades(value, default):
    """Orders of magnitude of a number above its default, for a slider."""
    try:
        return max(-DECADES, min(DECADES, round(math.log10(float(value) / default), 1)))
    except ValueError:  # no number, or not above 0
        return -DECADES


def shown(field):
    """The default of an option, layers by their names."""
    if field.name in LAYERS:
        return ", ".join(CONVOLUTIONS[int(index)] for index in field.text.split(","))
    return field.text
