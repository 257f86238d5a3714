"""Who may speak to the page: only the page itself, and with `--host` only who has the token."""

import hmac
import ipaddress
import re
import socket

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse

HEADERS = {
    # No request leaves the machine: scripts, pictures and sockets are the page's own.
    "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' "
    "'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
LOCAL = {"127.0.0.1", "localhost", "::1"}


class Guard:
    """Refuse what comes from other sites' pages, or by another name than this machine's.

    An ASGI middleware. A site may send a visitor's browser here, under its own name that
    leads to this machine (DNS rebinding), or under ours; it cannot set the headers that tell. With
    a token, it has to stand in the address once; a cookie keeps it.
    """

    def __init__(self, app, host, token=None):
        self.app, self.token = app, token
        self.names = LOCAL if host in LOCAL else {*LOCAL, host, socket.gethostname().lower()}
        self.any_address = host not in LOCAL

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        # Cookies do not know ports.
        cookie = "gluon_style_" + re.sub(r"\W", "_", asked.headers.get("host", ""))
        reason = self.why_not(scope, asked.headers)
        if not reason and scope["type"] == "http" and self.is_given(asked.query_params):
            # One slash: two would lead to another host.
            answer = RedirectResponse("/" + scope["path"].lstrip("/"), 303, HEADERS)
            kept = f"{cookie}={self.token}; HttpOnly; SameSite=Strict; Path=/"
            answer.headers["set-cookie"] = kept
        elif not reason and (not self.token or self.is_given(asked.cookies, cookie)):
            await self.app(scope, receive, with_headers(send))
            return
        else:
            reason = reason or "open the address that the terminal shows, with its token"
            answer = PlainTextResponse(f"gluon_style: {reason}\n", 403, HEADERS)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await answer(scope, receive, send)

    def why_not(self, scope, headers):
        """Why a request is refused, None if it is not."""
        host, origin = headers.get("host", ""), headers.get("origin")
        name = re.sub(r":\d+$", "", host).strip("[]").lower()
        if name not in self.names and not (self.any_address and is_address(name)):
            return "this is not the name of this machine"
        is_foreign = origin is not None and origin.partition("://")[2].lower() != host.lower()
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            is_link = headers.get("sec-fetch-dest") == "document"
            is_foreign |= not is_link or scope.get("method") != "GET"
        return "a page of another site asks" if is_foreign else None

    def is_given(self, values, name="token"):
        """True if the token is among some values."""
        given = values.get(name, "").encode(errors="replace")
        return bool(self.token) and hmac.compare_digest(given, self.token.encode())


def is_address(name):
    """True for a host given by its number, which no other site can take as its name."""
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def with_headers(send):
    """A `send` that adds the headers which keep the page to itself."""

    async def sending(message):
        if message["type"] == "http.response.start":
            added = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return sending
