"""The page: what a visitor sees and does."""

import json
from pathlib import Path

from nicegui import app, ui

from .easel import Easel
from .elements import Text, tag
from .form import Form
from .selection import MOST_BYTES
from .texts import LANGUAGES, NAMES, Words

HERE = Path(__file__).parent
CSS, JS = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
EVERY = 0.3  # seconds, after which the page looks what is new


async def show(studio, language):
    """Build the page for one visitor, and keep it up to date."""
    words = Words(language)
    ui.colors(primary="#9c3d22")
    ui.page_title(words("title"))
    texts = {"big": words("too big", MOST_BYTES // 10**6), "failed": words("not sent")}
    texts["kept"] = words("kept", "{}")
    ui.add_head_html(
        f"<style>{CSS}</style><script>{JS}\npage.most = {MOST_BYTES};"
        f"page.language = '{language}'; page.texts = {json.dumps(texts)};"
        f"document.documentElement.lang = '{LANGUAGES[language]}';</script>"
    )
    # What a tab has chosen outlives a reload.
    await ui.context.client.connected(timeout=30)
    studio.look_around()
    tab = app.storage.tab
    if tab.get("selection") not in studio.selections.by_key:
        tab["selection"] = studio.new_selection().key
    selection = studio.selections.by_key[tab["selection"]]

    head(words, language)
    with tag("main", "board"):
        with tag("div", "column"):
            form = Form(studio, selection, tab, words)
        with tag("div", "column side", id="easel", tabindex="-1"):
            easel = Easel(studio, tab, words)
    form.on_start = easel.open

    def refresh():
        form.refresh()
        easel.refresh()

    ui.timer(EVERY, refresh)
    ui.timer(1, easel.show_curves)
    if await ui.run_javascript(f"page.lost('{selection.key}')", timeout=30):
        form.lost.text = words("lost")


def head(words, language):
    """The title, and the other language."""
    with tag("header", "head"):
        with tag("div"):
            with tag("a", "skip", href="#easel"):
                Text("span", words("skip"))
            Text("h1", words("title"))
            Text("p", words("subtitle")).classes("soft")
        for other in LANGUAGES:
            if other != language:
                with tag("a", "lang", href=f"/{other}", lang=LANGUAGES[other]):
                    Text("span", NAMES[other])
