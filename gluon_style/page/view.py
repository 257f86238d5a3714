"""The page: the picture, what it is made of, and the wall of all pictures."""

import json
from pathlib import Path

from nicegui import app, ui

from ..errors import GluonStyleError
from .easel import Easel
from .elements import Text, tag
from .form import Form
from .tab import KINDS, SHIPPED
from .texts import LANGUAGES, NAMES, Words
from .uploads import MOST_BYTES

HERE = Path(__file__).parent
CSS, JS = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))

LOST = (
    "Your pictures are no longer here: the server has restarted, or you were away for long. "
    "Choose them again."
)


async def show(studio, language):
    """Build the page for one visitor, and keep it up to date."""
    words, client = Words(language), ui.context.client
    ui.colors(primary="#8f3d24", dark="#26221f", dark_page="#1b1917")
    ui.page_title(words("Paint a photo in the style of a painting"))
    texts = {
        "big": words("more than {} MB: make it smaller", MOST_BYTES // 10**6),
        "failed": words("it could not be sent, try again"),
        "kept": words("{}. The earlier picture is still used."),
    }
    ui.add_head_html(
        f"<style>{CSS}</style><script>{JS}\npage.most = {MOST_BYTES};"
        f"page.language = '{language}'; page.texts = {json.dumps(texts)};"
        f"document.documentElement.lang = '{LANGUAGES[language]}';</script>"
    )
    # What a tab has chosen outlives a reload.
    await client.connected(timeout=30)
    studio.look_around()
    tab = studio.tabs.enter(app.storage.tab, client.tab_id)

    with tag("header", "head"):
        with tag("a", "skip", href="#easel"):
            Text("span", words("Skip to the picture"))
        Text("h1", words("Paint a photo in the style of a painting"))
        for other in LANGUAGES:
            if other != language:
                with tag("a", "lang", href=f"/{other}", lang=LANGUAGES[other]):
                    Text("span", NAMES[other])

    async def use(run):
        """Take over a run's pictures and settings."""
        error = None
        try:
            await tab.use(run)
        except GluonStyleError as caught:
            error = caught
        form.show_values()
        if error:
            form.complain(error)
        if any(tab.places[kind].error for kind in KINDS if kind not in SHIPPED):
            form.more_pictures.value = True  # where it is told
        ui.run_javascript("page.scroll('.panel')")

    with tag("div", "content"):  # in the one `main`, which is NiceGUI's
        with tag("div", "board"):
            easel = Easel(studio, tab, words, use)
            form = Form(studio, tab, words, easel.open)
        easel.wall()

    def refresh():
        form.refresh()
        easel.refresh()

    def leave():
        studio.views.discard(refresh)
        studio.tabs.leave(tab)

    refresh()
    ui.run_javascript(f"page.cutAt({0 if easel.run else 50})")
    studio.views.add(refresh)
    client.on_disconnect(leave)
    studio.tell()
    if await client.run_javascript(f"page.lost('{tab.key}')", timeout=30):
        form.lost.text = words(LOST)
