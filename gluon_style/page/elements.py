"""Plain elements of HTML."""

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement


class Text(TextElement):
    """An element with a text in it, which is never read as HTML."""

    def __init__(self, name, text="", classes="", /, **attributes):
        super().__init__(tag=name, text=text)
        put(self.classes(classes), **attributes)


def tag(name, classes="", /, **attributes):
    """An element with attributes: `aria_label` is `aria-label`."""
    return put(Element(name).classes(classes), **attributes)


def folded(title, build, refresh):
    """A fold whose content is built when it is opened first, and told of whenever it is."""

    def open_or_close():
        if not fold.default_slot.children:
            with fold:
                build()
        refresh()

    fold = ui.expansion(title, on_value_change=open_or_close)
    return fold


def put(element, /, **attributes):
    """Set attributes of an element, and send only what has changed; None removes one."""
    before = dict(element.props)
    for name, value in attributes.items():
        name = name.rstrip("_").replace("_", "-")
        if value is None:
            element.props.pop(name, None)
        else:
            element.props[name] = value
    if element.props != before:
        element.update()
    return element
