"""The page: the picture, what it is made of, and the wall of all pictures."""

import json
from pathlib import Path

from nicegui import app, ui

from .easel import Easel
from .elements import Text, tag
from .form import Form
from .texts import LANGUAGES, NAMES, Words
from .uploads import MOST_BYTES

HERE = Path(__file__).parent
CSS, JS = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))


async def show(studio, language):
    """Build the page for one visitor, and keep it up to date."""
    words, client = Words(language), ui.context.client
    ui.colors(primary="#8f3d24", dark="#26221f", dark_page="#1b1917")
    ui.page_title(words("title"))
    texts = {"big": words("too big", MOST_BYTES // 10**6), "failed": words("not sent")}
    texts["kept"] = words("kept", "{}")
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
            Text("span", words("skip"))
        Text("h1", words("title"))
        for other in LANGUAGES:
            if other != language:
                with tag("a", "lang", href=f"/{other}", lang=LANGUAGES[other]):
                    Text("span", NAMES[other])

    async def use(run):
        """Take over a run's pictures and settings."""
        try:
            await tab.use(run)
        finally:
            form.show_values()
            ui.run_javascript("page.scroll('.panel')")

    with tag("main"):
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
        form.lost.text = words("lost")
