"""The limits of a page of another site, and of anybody without the token."""

import os
import re
import socket
from urllib.parse import urlsplit

import pytest
import requests

from gluon_style.page.safety import Guard

from ..odd_pictures import BAD, png, rgb
from .conftest import needs_nicegui, serving

pytestmark = needs_nicegui
FORBIDDEN, MISSING = 403, 404
HANDSHAKE = {
    **{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"},
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"


@pytest.fixture(scope="module")
def server(starter, tmp_path_factory):
    """A server with a run, in whose folder is something that is not for the browser."""
    folder = tmp_path_factory.mktemp("page")
    run = folder / "out" / "earlier"
    run.mkdir(parents=True)
    rgb().save(run / "neural-style-1.png")
    for damaged in ("neural-style-3.png", "neural-style-4.tif"):
        (run / damaged).write_bytes(b"\x89PNG\r\n\x1a\n")
    (run / "page.json").write_text('{"arguments": []}')
    (run / "neural-style-2.png").symlink_to("/etc/passwd")
    for place in (run, run.parent):
        (place / "secret.txt").write_text("secret")
    with serving(folder, python=starter.python) as server:
        yield server
        assert "Traceback" not in server.end()


def ask(server, path, method="GET", **headers):
    """A request's status, its path being sent as it is."""
    parts = urlsplit(server.address)
    headers = {"Host": parts.netloc, "Connection": "close", **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return int(connection.recv(4096).split()[1])


def test_the_page_itself_may(server):
    assert ask(server, "/en") == 200
    assert ask(server, "/", **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}) == 307
    assert ask(server, "/en", Origin=server.address, **{"Sec-Fetch-Site": "same-origin"}) == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    assert ask(server, "/en", **link) == 200
    own = {**HANDSHAKE, "Origin": server.address}
    assert ask(server, SOCKET, **own) == 101


def test_the_names_under_which_it_may_be_asked(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "Machine.local")
    local, number, evil = ["localhost", "127.0.0.1", "[::1]"], "192.168.0.7", "evil.example"
    for bound, may, may_not in (
        ("127.0.0.1", local, ["machine.local", number, evil]),
        ("0.0.0.0", [*local, "machine.local", "MACHINE.local", number], [evil, "class.example"]),
        ("class.example", [*local, "machine.local", "class.example"], [evil]),
    ):
        guard = Guard(None, bound)
        for name in may:
            assert guard.why_not({}, {"host": f"{name}:8765"}) is None, (bound, name)
        for name in may_not:
            assert guard.why_not({}, {"host": f"{name}:8765"}), (bound, name)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Host": "localhost.evil.example"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"},
    ],
    ids=str,
)
def test_other_sites_may_not(server, headers):
    assert ask(server, "/en", **headers) == FORBIDDEN
    assert ask(server, "/pictures/x/content", "POST", **headers) == FORBIDDEN
    assert ask(server, SOCKET, **{**HANDSHAKE, **headers}) == FORBIDDEN


def test_a_form_of_another_site_may_not(server):
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    assert ask(server, "/pictures/x/content", "POST", **link) == FORBIDDEN


def test_the_page_may_ask_nobody_else_and_be_in_no_frame(server):
    headers = requests.get(f"{server.address}/en", timeout=20).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "http" not in policy and "*" not in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/runs/../secret.txt",
        "/runs/%2e%2e/secret.txt",
        "/runs/..%2fsecret.txt/x",
        "/runs/earlier/../../secret.txt",
        "/runs/earlier/..%2f..%2fsecret.txt",
        "/runs/earlier/%2fetc%2fpasswd",
        "/runs/earlier/secret.txt",
        "/runs/earlier/page.json",
        "/runs/earlier/neural-style-2.png",
        "/runs/earlier/checkpoint.npz",
        f"/runs/earlier/neural-style-{'1' * 300}.png",
        f"/runs/earlier/neural-style-1-epoch-{'9' * 5000}.png",
        "/runs/earlier/neural-style-3.png?small=1",
        "/runs/earlier/neural-style-4.tif",
        "/runs//etc/passwd",
        "/pictures/../content",
        "/pictures/..%2f..%2fearlier/content",
        "/_nicegui/2.24.2/static/..%2f..%2f..%2fsetup.py",
        "/_nicegui/auto/static/../../../../etc/passwd",
    ],
)
def test_paths_lead_nowhere(server, path):
    assert ask(server, "/runs/earlier/neural-style-1.png") == 200
    assert ask(server, path) == MISSING


def test_what_is_no_selection_takes_no_picture(server):
    for path in ("/pictures/unknown/content", "/pictures/../content"):
        assert ask(server, path, "POST", **{"Content-Length": "0"}) == MISSING


@pytest.fixture(scope="module")
def url(server):
    """Where a selection takes its content picture from a program, which no script holds back."""
    return new_selection(server)


def new_selection(server):
    """A visitor's selection, made as a browser makes it: by opening the page and its socket."""
    socketio = pytest.importorskip("socketio")
    page = requests.get(f"{server.address}/en", timeout=20).text
    client_id = re.search(r"""client_id['"]: ?['"]([^'"]+)""", page)[1]
    client = socketio.Client()
    found = []

    @client.on("*")
    def hear(event, message):
        found.extend(re.findall(r"/pictures/([\w-]+)/content", str(message)))

    query = f"?client_id={client_id}&next_message_id=0"
    client.connect(
        server.address + query, socketio_path="/_nicegui_ws/socket.io", transports=["websocket"]
    )
    told = {"client_id": client_id, "tab_id": "t", "document_id": "d", "next_message_id": 0}
    client.emit("handshake", told)
    for _ in range(100):
        if found:
            break
        client.sleep(0.1)
    client.disconnect()
    return f"{server.address}/pictures/{found[0]}/content"


def files(server):
    """All bytes that are kept."""
    return sum(path.stat().st_size for path in server.root.rglob("*") if path.is_file())


def test_200_megabytes_are_refused_before_they_are_kept(server, url):
    before = files(server)
    headers = {"Content-Length": "200000000"}
    assert ask(server, urlsplit(url).path, "POST", **headers) == 413

    def pieces():  # whose sum nobody has told before
        for _ in range(200):
            yield bytes(1_000_000)

    try:
        answer = requests.post(url, data=pieces(), timeout=60)
        assert answer.status_code == 422 and "more than 100 MB" in answer.json()["error"]
    except requests.exceptions.ConnectionError:
        pass  # the server has hung up while more was being sent
    assert files(server) == before


def test_a_bomb_is_refused_before_it_is_decoded(server, url):
    answer = requests.post(url, data=png(60_000, 60_000), timeout=60)
    assert answer.status_code == 422
    said = "more than 178 million pixels: make it smaller. The earlier picture is still used."
    assert answer.json()["error"] == said


def test_the_odd_pictures(server, url, tmp_path):
    """One of each kind; all of them go through the same reader, which has a test of its own."""
    before, tried = files(server), 0
    for name in {picture.message: name for name, picture in BAD.items()}.values():
        path = tmp_path / name
        BAD[name].make(path)
        # What no browser can send; and what can be read, but not painted.
        if not os.path.isfile(path) or "too small" in BAD[name].message:
            continue
        if path.stat().st_size > 100_000_000:
            continue
        headers = {"x-name": requests.utils.quote(name)}
        answer = requests.post(url, data=path.read_bytes(), headers=headers, timeout=60)
        assert answer.status_code == 422, name
        said = answer.json()["error"]
        assert re.search(BAD[name].message, said), said
        assert "\n" not in said and str(server.root) not in said, said
        tried += 1
    assert tried >= 10
    assert files(server) == before


def test_the_name_of_a_file_leads_nowhere(server, url, tmp_path):
    rgb().save(tmp_path / "a.png")
    names = "../../../evil.png", "/etc/evil.png", "content.py", "a.png\0.sh"
    for name in names:
        headers = {"x-name": requests.utils.quote(name)}
        data = (tmp_path / "a.png").read_bytes()
        assert requests.post(url, data=data, headers=headers, timeout=60).status_code == 200
    kept = [*server.root.glob(".page/uploads/*/*")]
    assert sorted(path.suffix for path in kept) == [".jpg", ".png"]  # the last one, its preview
    assert not [*server.folder.glob("evil*"), *server.folder.parent.glob("evil*")]


def test_an_upload_that_stalls_holds_nobody_up(server, url, tmp_path):
    rgb().save(tmp_path / "a.png")
    parts = urlsplit(url)
    lines = f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Content-Length: 9999", "", "x"
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as stalled:
        stalled.sendall("\r\n".join(lines).encode())
        data = (tmp_path / "a.png").read_bytes()
        mask = url.replace("/content", "/mask")
        assert requests.post(mask, data=data, timeout=60).status_code == 200


def test_others_need_the_token(starter, tmp_path):
    with serving(tmp_path, "--host", "0.0.0.0", python=starter.python) as server:
        base, _, token = server.address.partition("/?token=")
        for path in ("/en", "/?token=", "/?token=wrong", "/pictures/x/content"):
            assert requests.get(base + path, timeout=20).status_code == FORBIDDEN
        assert ask(server, SOCKET, **HANDSHAKE) == FORBIDDEN
        session = requests.Session()
        first = session.get(server.address, timeout=20)
        assert first.status_code == 200 and token not in first.url
        assert "HttpOnly; SameSite=Strict" in first.history[0].headers["set-cookie"]
        assert session.get(f"{base}/en", timeout=20).status_code == 200
        assert ask(server, "/en?token=%ff") == ask(server, "/en?token=%C3%A9") == FORBIDDEN
        # The token leads to no other host.
        there = requests.get(
            f"{base}//evil.example/%0d%0aX:?token={token}", timeout=20, allow_redirects=False
        )
        assert there.headers["location"].startswith("/evil.example/%0D%0AX:")
        assert session.get(f"{base}/en", headers={"Host": "evil.example"}).status_code == FORBIDDEN
        assert requests.get(f"{base}/en", timeout=20).status_code == FORBIDDEN
