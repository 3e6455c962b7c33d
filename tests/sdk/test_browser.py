"""The JavaScript client in a real browser, on a page of another server."""

from __future__ import annotations

import http.server
import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.clusters import SIMULATED
from tests.contract.serving import Server
from tests.programs import installed
from tests.sdk.toolchains import JAVASCRIPT, built_javascript

pytestmark = [pytest.mark.xdist_group("sdk"), pytest.mark.timeout(300)]


class Site(http.server.ThreadingHTTPServer):
    """Serves the package, and hears what its page tells."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.told: queue.Queue[dict[str, Any]] = queue.Queue()
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, directory=str(JAVASCRIPT))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()
        self.server.told.put(json.loads(body))  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def site() -> Iterator[Site]:
    with Site() as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join(5)


def told_by(chromium: str, page: Site, server: Server, folder: Path, profile: Path) -> dict[str, Any]:
    given = {"baseUrl": server.base_url, "token": server.token("alice"), "folder": str(folder)}
    command = [
        chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        f"{page.url}/live/browser.html#{quote(json.dumps(given))}",
    ]  # fmt: skip
    with (profile.parent / "browser.log").open("wb") as log:
        browser = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"HOME": str(profile)})
        try:
            return page.told.get(timeout=120)
        except queue.Empty:
            pytest.fail((profile.parent / "browser.log").read_text(errors="replace")[-3000:])
        finally:
            browser.terminate()
            browser.wait(20)


def test_a_page_of_another_server_that_is_allowed(tmp_path: Path, folder: Path) -> None:
    chromium = installed("chromium", "chromium")
    built_javascript()
    with site() as page:
        environment = {**SIMULATED, "S9S_SERVER__ALLOWED_ORIGINS": page.url}
        (tmp_path / "state").mkdir()
        with Server(tmp_path / "state", environment) as server:
            told = told_by(chromium, page, server, folder, tmp_path / "profile")
    assert "error" not in told, told
    assert "HeadlessChrome" in told["agent"] or "Chrome/" in told["agent"]
    assert (told["user"], told["nodes"], told["first"], told["state"]) == (
        "alice",
        5,
        "snapshot",
        "COMPLETED",
    )
    assert told["output"] == "one\ntwo\nthree\n"
    assert told["states"][0] in ("PENDING", "RUNNING")
    assert told["states"][-1] == "COMPLETED"
    assert told["ids"] == [told["job"]]
    assert told["same"] is told["missing"] is told["invalid"] is told["ended"] is True


def test_a_page_of_another_server_that_is_not(embedded: Server, tmp_path: Path, folder: Path) -> None:
    chromium = installed("chromium", "chromium")
    built_javascript()
    with site() as page:
        told = told_by(chromium, page, embedded, folder, tmp_path / "profile")
    # The browser lets no answer through, whatever the credential.
    assert told["error"].startswith("TransportError: "), told
    assert "user" not in told
