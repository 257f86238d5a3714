"""Who may speak to the page: only the page itself, and with `--host` only who has the token."""

import hmac
import ipaddress
import re
import socket
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

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

    An ASGI middleware. A site may send a visitor's browser here, under a name of its own that
    leads to this machine (DNS rebinding), or under ours; it cannot set the headers that tell.

    Parameters
    ----------
    app : callable
    host : str
        That the server is bound to.
    token : str or None
        What has to stand in the address once; a cookie keeps it.
    """

    def __init__(self, app, host, token=None):
        self.app, self.token = app, token
        self.names = LOCAL if host in LOCAL else {*LOCAL, host, socket.gethostname().lower()}
        self.any_address = host not in LOCAL

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        reason = self.why_not(scope, headers)
        if reason:
            await refuse(scope, send, reason)
        elif scope["type"] == "http" and self.is_given(parse_token(scope)):
            await self.welcome(scope, headers, send)
        elif not self.has_cookie(headers):
            await refuse(scope, send, "open the address that the terminal shows, with its token")
        else:
            await self.app(scope, receive, with_headers(scope, send))

    def why_not(self, scope, headers):
        """Why a request is refused, None if it is not."""
        host = headers.get("host", "")
        name = re.sub(r":\d+$", "", host).strip("[]").lower()
        if name not in self.names and not (self.any_address and is_address(name)):
            return "this is not the name of this machine"
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            return "a page of another site asks"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            follows_a_link = (
                scope.get("method") == "GET" and headers.get("sec-fetch-dest") == "document"
            )
            if not follows_a_link:
                return "a page of another site asks"
        return None

    def is_given(self, token):
        """Whether this is the token."""
        return bool(self.token and token) and hmac.compare_digest(token, self.token)

    def cookie(self, headers):
        """Name of the cookie; cookies do not know ports."""
        return "gluon_style_" + re.sub(r"\W", "_", headers.get("host", ""))

    def has_cookie(self, headers):
        """Whether the token was given before, or none is needed."""
        if not self.token:
            return True
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        name = self.cookie(headers)
        return name in cookies and self.is_given(cookies[name].value)

    async def welcome(self, scope, headers, send):
        """Keep the token in a cookie and take it out of the address."""
        cookie = f"{self.cookie(headers)}={self.token}; HttpOnly; SameSite=Strict; Path=/"
        await answer(send, 303, b"", {"location": scope["path"] or "/", "set-cookie": cookie})


def parse_token(scope):
    """The token in an address, empty if there is none."""
    return parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]


def is_address(name):
    """Whether a host is given by its number, which no other site can take as its name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def refuse(scope, send, reason):
    """Answer no more than why not."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await answer(send, 403, f"gluon_style: {reason}\n".encode(), {})


async def answer(send, status, body, headers):
    """A whole response of plain text."""
    headers = {**HEADERS, "content-type": "text/plain; charset=utf-8", **headers}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


def with_headers(scope, send):
    """A `send` that adds the headers which keep the page to itself."""

    async def sending(message):
        if message["type"] == "http.response.start":
            added = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return sending if scope["type"] == "http" else send
