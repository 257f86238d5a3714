"""The pictures, the ways to paint, and the options of one tab.

No field is drawn anew while somebody may type into it: complaints stand beside it.
"""

from functools import partial
from types import SimpleNamespace

from nicegui import ui

from ..errors import GluonStyleError
from ..machine import format_bytes
from ..vgg19 import CONVOLUTIONS
from .elements import Text, folded, put, tag
from .options import FIELDS, ROW, WAYS, is_choice, typed
from .tab import KINDS, MASKS, SHIPPED, STYLES

ELSEWHERE = ("stages", "style_blend", "strength")  # have a place of their own
GROUPS = ("pictures", "training", "network", "results", "stopping and resuming")
LAYERS = ("style_layers", "content_layers")
ACCEPTED = "image/*,.heic,.heif,.tif,.tiff"
NEW_ROW = ("600", "200", "100")
ON_MASKS = (
    "A mask is white where it is painted, grey where in part; black keeps the photo. One mask "
    "holds for all paintings, or each has its own. Painting starts from the photo, unless you "
    "choose another picture."
)
MEASURING = "measuring how long it takes here…"
BUSY = "measuring how long it takes here; that takes longer while a run is painted…"
DOWNLOAD = (
    "The real VGG-19 is downloaded first (80 MB, once). If that fails, the small network is used."
)


class Form:
    """The visitor's choices; `on_start` is told of the run that was started."""

    def __init__(self, studio, tab, words, on_start):
        self.studio, self.tab, self.words, self.on_start = studio, tab, words, on_start
        self.boxes, self.times, self.wrong = {}, {}, {}
        with tag("section", "panel", aria_label=words("Pictures")):
            tag("p", "note", id="lost", role="status")  # filled by the browser
            with tag("div", "pair"):
                self.picture("content")
                self.picture("style")
            with tag("fieldset", "ways"):
                Text("legend", words("How it is painted"))
                for way in (*WAYS, "own"):
                    if way != "chapter":
                        self.way(way)
            self.strength()
            self.button = ui.button(words("Paint"), on_click=self.paint)
            self.button.classes("paint").props("unelevated no-caps id=paint")
            self.takes = Text("p", "", "soft")
            self.problem = Text("p", "", "wrong", role="alert")
            with ui.expansion(words("More paintings, masks, another start")) as self.more_pictures:
                Text("p", words(ON_MASKS), "soft")
                for kinds in ((MASKS[0], "init"), *zip(STYLES[1:], MASKS[1:])):
                    with tag("div", "pair"):
                        for kind in kinds:
                            self.picture(kind)
            self.more = folded(words("All settings"), self.options, self.refresh)
        self.show_values()

    # Pictures.

    def picture(self, kind):
        """A place for a picture: a field for a file, which also takes drops and pastes."""
        words, wrong, url = self.words, f"wrong-{kind}", f"/pictures/{self.tab.key}/{kind}"
        shown = self.boxes[kind] = SimpleNamespace(share=None)
        with tag("div", "drop", data_kind=kind, data_url=url) as shown.box:
            shown.title = Text("h3")
            tag("input", type="file", accept=ACCEPTED, id=f"choose-{kind}", aria_describedby=wrong)
            with tag("label", for_=f"choose-{kind}"):
                shown.image = tag("img")
                Text("span", words("Choose, drop or paste"), "hint")
            shown.name = Text("div", "", "name")
            self.wrong[kind] = Text("div", "", "wrong", role="alert", id=wrong)
            tag("div", "wrong own", role="alert")
            if kind in STYLES:
                with tag("div", "entry") as shown.entry:
                    shown.share = ui.input(words("How much it counts"))
                    self.describe(shown.share.props("inputmode=decimal"), f"share-{kind}")
                shown.share.on_value_change(lambda event: self.edit_share(kind, event.value))
            back = words("Use the example" if kind in SHIPPED else "Remove")
            shown.back = Text("button", back, "link", type="button")
            shown.back.on("click", lambda: self.take_away(kind))

    def describe(self, field, name):
        """A place for complaints about a field, which tells of it; and the field's style."""
        put(field.props("outlined dense"), aria_describedby=f"wrong-{name}")
        self.wrong[name] = Text("div", "", "wrong", role="alert", id=f"wrong-{name}")

    def edit_share(self, kind, value):
        self.tab.places[kind].share = value or ""
        self.refresh()

    def take_away(self, kind):
        self.tab.take_away(kind)
        self.show_shares()
        self.refresh()

    def show_shares(self):
        """Put the shares of paintings, which move with them, into their fields."""
        for kind in STYLES:
            self.boxes[kind].share.value = self.tab.places[kind].share

    # Ways and options.

    def way(self, way):
        """A way to paint, by what one gets and how long it takes."""
        shown = self.times[way] = SimpleNamespace()
        with tag("label", "way") as shown.box:
            shown.radio = tag("input", type="radio", name="way", value=way)
            Text("b", self.words(way))
            shown.time = Text("span", "", "soft")
        shown.radio.on("change", lambda: self.choose(way))

    def choose(self, way):
        """Put a way's stages and values into the form."""
        if way != "own":
            self.tab.choose(way)
        self.show_values()

    def strength(self):
        """From the photo to the painting."""
        label = self.words.label("strength")
        with tag("div", "strength"):
            Text("div", label, "label")
            Text("span", self.words("content"), "soft")
            self.slider = ui.slider(min=0, max=1, step=0.05, value=float(FIELDS["strength"].text))
            Text("span", self.words("style"), "soft")
        put(self.slider, aria_label=label)
        self.slider.on_value_change(lambda event: self.edit("strength", f"{event.value:g}"))

    def edit(self, name, value):
        """An option was changed."""
        self.tab.values[name] = text_of(value)
        self.refresh()

    @ui.refreshable_method
    def options(self):
        """Every other option, in the command line's groups."""
        words = self.words
        Text("h3", words("Stages"))
        with tag("div", "rows"):
            self.stages()
        with tag("div", "buttons"):
            for text, action in (
                (words("Add a stage"), self.add_row),
                (words("Use the book’s settings"), lambda: self.choose("chapter")),
            ):
                ui.button(text, on_click=action).props("flat dense no-caps")
        for group in GROUPS:
            Text("h3", words(group.capitalize()))
            for name, field in FIELDS.items():
                if field.group == group and name not in ELSEWHERE:
                    self.add_option(name, field)

    def add_option(self, name, field):
        """An option with its help."""
        with tag("div", "entry"):
            element = self.option(field)
            # The picture to start from has the option's name.
            self.describe(element, f"{name}-option" if name in self.boxes else name)
            with tag("p", "soft"):
                Text("span", self.words.help(field) + " ")
                Text("code", field.flag)
                if field.text:
                    Text("span", self.words(" (default: {})", default_of(field)))
        element.on_value_change(lambda event: self.edit(name, event.value))

    def option(self, field):
        """The element for one option."""
        label, words = self.words.label(field.name), self.words
        value = value_of(field, self.tab.values)
        if field.kind.form == "switch":
            return ui.switch(label, value=value)
        if field.name in LAYERS:
            names = {str(index): name for index, name in CONVOLUTIONS.items()}
            return ui.select(names, multiple=True, label=label, value=value)
        if not field.kind.words:
            return ui.input(label, value=value)
        choices = {} if field.text else {"": words("none")}
        for word in map(str, field.kind.words):
            can = self.studio.machine.can(field.name, word)
            said = words.choice(word)
            choices[word] = said if can else words("{} (not on this machine)", said)
        if is_choice(field):
            return ui.select(choices, label=label, value=value)
        choices.setdefault(value, value)
        return ui.select(choices, label=label, value=value, new_value_mode="add-unique")

    def show_values(self):
        """Put the tab's values into the fields, after another way or another run was chosen."""
        self.show_shares()
        self.slider.value = float(self.tab.values.get("strength") or FIELDS["strength"].text)
        self.options.refresh()
        self.refresh()

    @ui.refreshable_method
    def stages(self):
        """The numbers of each stage."""
        words, rows = self.words, self.tab.rows
        for at, row in enumerate(rows):
            label = f"{words('Stage')} {at + 1}"
            with tag("div", "stage-row", role="group", aria_label=label):
                for column, name in enumerate(ROW):
                    with tag("div", "entry"):
                        edit = partial(self.edit_row, at, column)
                        field = ui.input(words(name), value=row[column], on_change=edit)
                        self.describe(field.props("inputmode=numeric"), f"{name}-{at}")
                if len(rows) > 1:
                    remove = ui.button(icon="close", on_click=partial(self.drop, at))
                    remove.props(f"flat round dense id=remove-{at}")
                    put(remove, aria_label=words("Remove stage {}", at + 1))

    def edit_row(self, number, column, event):
        """A number of a stage was typed: the stages are the visitor's own now."""
        self.tab.rows[number][column], self.tab.way = typed(event.value), "own"
        self.refresh()

    def add_row(self):
        self.tab.rows.append([*NEW_ROW])
        self.show_rows()

    def drop(self, number):
        del self.tab.rows[number]
        self.show_rows()

    def show_rows(self):
        """Show the stages, which are the visitor's own now."""
        self.tab.way = "own"
        self.stages.refresh()
        self.refresh()

    # Starting.

    def paint(self):
        """Start a run."""
        try:
            run = self.studio.add(self.tab)
            if run:
                self.on_start(run)
        except GluonStyleError as error:
            self.complain(error)

    async def use(self, run):
        """Take over a run's pictures and settings."""
        try:
            await self.tab.use(run)
            self.show_values()
        except GluonStyleError as error:
            self.complain(error)
        if any(self.tab.places[kind].error for kind in KINDS if kind not in SHIPPED):
            self.more_pictures.value = True  # where it is told
        ui.run_javascript("page.scroll('.panel')")

    def complain(self, error):
        """Show an error where it belongs; the options open for theirs."""
        row = error.problem.values.get("row", 0)
        name = error.field if error.field not in ROW else f"{error.field}-{row}"
        if name in self.boxes and name not in SHIPPED:
            self.more_pictures.value = True
        elif error.field in FIELDS or error.field in ROW:
            self.more.value = True
        place = self.wrong.get(name, self.problem)
        place.text = self.words.error(error, at_field=place is not self.problem)

    def refresh(self):
        """Show what has changed: pictures, times, complaints."""
        for each in (*self.wrong.values(), self.problem):
            each.text = ""
        self.show_pictures()
        self.show_estimates()
        machine = self.studio.machine
        self.button.text = self.words("Paint after that" if self.studio.queue else "Paint")
        if machine.lacking:
            self.problem.text = " ".join(
                [self.words("Style transfer does not work here yet."), *machine.lacking]
            )

    def show_pictures(self):
        """The pictures as they are now, and a place for one more painting."""
        words, tab, styles = self.words, self.tab, self.tab.styles
        for kind, shown in self.boxes.items():
            place, called = tab.places[kind], self.called(kind)
            of_style = STYLES[MASKS.index(kind)] if kind in MASKS else kind
            number = STYLES.index(of_style) if of_style in STYLES else 0
            shown.box.set_visibility(number < len(styles) + (kind in STYLES))
            shown.title.text, shown.name.text = called, place.name
            source = f"/pictures/{tab.key}/{kind}?v={place.path and place.path.stem}"
            put(shown.image, src=source, alt=words("{}: choose a picture", called))
            self.wrong[kind].text = words.refused(place.error, bool(tab.source(kind)))
            shown.back.set_visibility(bool(place.path))
            if kind not in SHIPPED:
                put(shown.back, aria_label=words("Remove: {}", called))
            if shown.share:
                shown.entry.set_visibility(len(styles) > 1 and kind in styles)
                put(shown.share, aria_label=words("{}: how much it counts", called))

    def called(self, kind):
        """The title of a picture's place."""
        name, _, number = kind.partition("-")
        several = len(self.tab.styles) > 1
        if number and name == "style" and not self.tab.source(kind):
            return self.words("Add a painting")
        masks = [each for each in MASKS if self.tab.source(each)]
        if several and masks == [kind]:
            return self.words("Mask (for all paintings)")
        is_one_of_many = several and name in ("style", "mask")
        return self.words(f"{name} n", number or 1) if is_one_of_many else self.words(name)

    def show_estimates(self):
        """The time of each way, and the mistakes in the chosen one."""
        words, tab = self.words, self.tab
        self.takes.text = ""
        for way, shown in self.times.items():
            is_chosen = way == (tab.way if tab.way in self.times else "own")
            shown.box.set_visibility(way != "own" or is_chosen)
            put(shown.radio, checked="" if is_chosen else None)
            if way == "own" and not is_chosen:
                continue
            state = tab if is_chosen else tab.chosen(way)
            parts, expected = [words("{} pixels", state.rows[-1][0])], None
            try:
                expected = self.studio.estimate(state)
                if expected.seconds is not None:
                    parts.append(words.duration(expected.seconds))
            except GluonStyleError as error:
                if is_chosen:
                    self.complain(error)
            shown.time.text = words(", ").join(parts)
            if is_chosen and expected:
                self.takes.text = self.means(expected)

    def means(self, expected):
        """The memory and other needs of the chosen way."""
        words, values = self.words, self.tab.values
        parts = [words("It takes {} of memory", format_bytes(expected.memory))]
        if expected.tiled:
            parts.append(words("in tiles, since it does not fit whole"))
        if expected.seconds is None:
            parts.append(words(BUSY if self.studio.queue else MEASURING))
        said = words(", ").join(parts)
        if values.get("weights", "auto") == "auto" and self.studio.machine.sources == ["small"]:
            said = f"{words(DOWNLOAD)} {said}"
        return said


def value_of(field, values):
    """The value of a field's element from texts by option."""
    text = values.get(field.name, field.text)
    if field.kind.form == "switch":
        return bool(text)
    return text.split(",") if field.name in LAYERS else text


def text_of(value):
    """The value of an element as text."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list):
        return ",".join(sorted(value, key=int))
    return str(value if value is not None else "").strip()


def default_of(field):
    """The default of an option, layers by their names."""
    if field.name in LAYERS:
        return ", ".join(CONVOLUTIONS[int(index)] for index in field.text.split(","))
    return field.text
