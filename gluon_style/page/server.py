"""The server: routes, and what it takes to start and to end."""

import asyncio
import errno
import io
import secrets
import socket
import threading
import webbrowser
from functools import partial, partialmethod
from pathlib import Path
from urllib.parse import unquote

from nicegui import app, ui
from nicegui.server import Server
from PIL import Image
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from ..errors import ImageError, UsageError, reason
from ..machine.files import write_text
from ..machine.files.pictures import small_jpeg
from ..settings import shipped
from .safety import Guard
from .studio import Served, Studio
from .tab import KINDS
from .texts import LANGUAGES, Words, preferred
from .uploads import MOST_BYTES
from .view import show

THUMBNAIL, MOST_SIDE = 480, 1600  # pixels
EXAMPLE = {"photo": "mountain.jpg", "result": "example.jpg"}
# What browsers show; all else is shown them as JPEG.
MEDIA = {
    **{".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif"},
    ".csv": "text/csv",
}
PORTS = range(8080, 8100)  # by default one that is free
ANOTHER = "choose another"


def serve(root, options):
    """Serve the page until Ctrl-C; where another server does, lead to that."""
    try:
        studio = Studio(root.absolute())
    except Served as served:
        print(f"this folder is already served at {served}", flush=True)
        if not options.no_browser:
            webbrowser.open(str(served))
        return
    token = None if options.host == "127.0.0.1" else secrets.token_urlsafe(16)
    # Whoever comes from now on waits until the server is up.
    listening = listen(options.host, options.port)
    port = listening.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)
    shown = f"[{shown}]" if ":" in shown else shown
    address = f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
    write_text(studio.address, address)

    def announce():
        print(f"the page is at {address}\nCtrl-C ends it", flush=True)
        if not options.no_browser:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    add_routes(studio)
    app.add_middleware(Guard, host=options.host, token=token)
    app.on_startup(announce)
    app.on_startup(lambda: asyncio.ensure_future(studio.work()))
    app.on_shutdown(studio.close)
    Server.run = partialmethod(Server.run, [listening])
    ui.run(
        host=options.host,
        port=port,
        title="gluon_style",
        show=False,
        reload=False,
        tailwind=False,
        show_welcome_message=False,
        favicon="🎨",
        dark=None,
        reconnect_timeout=10,
        binding_refresh_interval=60,  # there are no bindings that it would serve
    )


def listen(host, wanted):
    """A socket that listens at a port, by default one that is free."""
    for port in PORTS if wanted is None else [wanted]:
        try:
            family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            listening = socket.socket(family)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen()
            return listening
        except (OSError, OverflowError) as error:
            if getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES):
                failed = UsageError("{port} is taken", "port", remedy=ANOTHER, port=port)
            else:
                failed = UsageError(reason(error), "host", file=host, remedy=ANOTHER)
                break
    raise failed


def add_routes(studio):
    """All that a browser may ask for."""

    for name, file in EXAMPLE.items():
        app.add_static_file(local_file=shipped(file), url_path=f"/example/{name}")

    @app.get("/pictures/{key}/{kind}")
    async def preview(key: str, kind: str):  # in the loop, where pictures come and go
        tab = studio.tabs.by_key.get(key)
        if not tab or kind not in KINDS:
            return Response(status_code=404)
        data, media = tab.preview(kind)
        return Response(data, media_type=media, headers={"cache-control": "no-store"})

    @app.post("/pictures/{key}/{kind}")
    async def receive(key: str, kind: str, request: Request, language: str = "en"):
        tab = studio.tabs.by_key.get(key)
        if not tab or kind not in KINDS or language not in LANGUAGES:
            return Response(status_code=404)
        if int(request.headers.get("content-length", 0)) > MOST_BYTES:
            return Response(status_code=413, headers={"connection": "close"})
        name = unquote(request.headers.get("x-name", ""))[-200:]  # with its suffix
        try:
            await tab.receive(kind, name, request.stream())
        except ImageError as error:
            said = Words(language).refused(error, bool(tab.source(kind)))
            return JSONResponse({"error": said}, status_code=422)
        except ClientDisconnect:  # nobody is there to be answered
            return Response(status_code=400)
        finally:
            studio.tell()
        return JSONResponse({})

    @app.get("/runs/{name}/{file}")
    def result(name: str, file: str, save: bool = False, small: bool = False):
        run = studio.runs.get(name)
        found = run and run.open_file(file)
        if not found:
            return Response(status_code=404)
        file, data = found
        # A thumbnail has a version in its address.
        kept = "private, max-age=86400" if small else "no-cache"
        headers, suffix = {"cache-control": kept}, Path(file).suffix
        if save:
            headers["content-disposition"] = "attachment"  # under the name that the link has
        elif small or suffix not in MEDIA:
            try:
                with Image.open(io.BytesIO(data)) as picture:
                    data = small_jpeg(picture, THUMBNAIL if small else MOST_SIDE)
                suffix = ".jpg"
            except Exception:  # at what is damaged, Pillow may raise anything
                return Response(status_code=404)
        media = MEDIA.get(suffix, "application/octet-stream")
        return Response(data, media_type=media, headers=headers)

    @ui.page("/")
    def home(request: Request):
        return RedirectResponse(f"/{preferred(request.headers.get('accept-language', ''))}")

    for language, quasar in LANGUAGES.items():
        ui.page(f"/{language}", language=quasar)(partial(show, studio, language))
