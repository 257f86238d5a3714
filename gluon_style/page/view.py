"""The page: the picture, what it is made of, and the wall of all pictures."""

import json
from contextlib import suppress
from pathlib import Path

from nicegui import app, ui

from .easel import Easel
from .elements import Text, tag
from .form import Form
from .texts import LANGUAGES, NAMES, Words
from .uploads import MOST_BYTES

HERE = Path(__file__).parent
CSS, JS = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))

LOST = (
    "Your pictures are no longer here: the server has restarted, or you were away for long. "
    "Choose them again."
)


async def show(studio, language):
    """Show the page to one visitor."""
    words, client = Words(language), ui.context.client
    ui.colors(primary="#8f3d24", dark="#26221f", dark_page="#1b1917")
    ui.page_title(words("Paint a photo in the style of a painting"))
    texts = {
        "big": words("more than {} MB: make it smaller", MOST_BYTES // 10**6),
        "failed": words("it could not be sent, try again"),
        "kept": words("{}. The earlier picture is still used."),
        "lost": words(LOST),
    }
    ui.add_head_html(
        f"<style>{CSS}</style><script>{JS}\npage.most = {MOST_BYTES};"
        f"page.language = '{language}'; page.texts = {json.dumps(texts)};"
        f"document.documentElement.lang = '{LANGUAGES[language]}';</script>"
    )
    with suppress(TimeoutError):  # else the visitor has gone
        await client.connected(timeout=30)
        # What a tab has chosen outlives a reload.
        build(studio, studio.tabs.enter(app.storage.tab, client.tab_id), words)


def build(studio, tab, words):
    """Build the page for one tab, and keep it up to date."""
    client = ui.context.client
    with tag("header", "head"):
        Text("a", words("Skip to the picture"), "skip", href="#easel")
        Text("h1", words("Paint a photo in the style of a painting"))
        for other in LANGUAGES.keys() - {words.language}:
            Text("a", NAMES[other], "lang", href=f"/{other}", lang=LANGUAGES[other])
    studio.look_around()
    with tag("div", "content"):  # in the one `main`, which is NiceGUI's
        with tag("div", "board"):
            easel = Easel(studio, tab, words, lambda run: form.use(run))
            form = Form(studio, tab, words, easel.open)
        easel.wall()

    def refresh():
        form.refresh()
        easel.refresh()

    def leave():
        studio.views.discard(refresh)
        studio.tabs.leave(tab)

    easel.refresh()
    ui.run_javascript(f"page.cutAt({0 if easel.run else 50}); page.lost('{tab.key}')")
    studio.views.add(refresh)
    client.on_disconnect(leave)
    studio.tell()
