"""Netron's server: a private copy, loopback alone, its own host alone, gone without a trace."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from engines.contract.errors import WorkbenchError
from engines.host.netron_server import NetronServer

pytestmark = pytest.mark.commands


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file is enough: the server does not read what it serves."""
    path = tmp_path / "a model.onnx"
    path.write_bytes(b"model bytes")
    (tmp_path / "secret.txt").write_text("secret")
    return path


@pytest.fixture
def server(model: Path) -> Iterator[NetronServer]:
    with NetronServer(model) as made:
        made.wait()
        yield made


def fetch(server: NetronServer, path: str, host: str = "") -> tuple[int, bytes]:
    place = urlsplit(server.address).netloc
    connection = http.client.HTTPConnection(place, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host or place})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_that_it_listens_on_loopback_only(server: NetronServer) -> None:
    listening = psutil.Process(server.pid).net_connections("inet")
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}
    assert server.address.startswith("http://127.0.0.1:")


def test_that_it_serves_the_page_and_the_model(server: NetronServer) -> None:
    status, page = fetch(server, "/")
    assert status == 200
    assert b"Netron" in page
    assert fetch(server, "/data/a%20model.onnx") == (200, b"model bytes")


def test_that_nothing_beside_the_model_is_served(server: NetronServer) -> None:
    for path in (
        "/data/secret.txt",
        "/data/../secret.txt",
        "/data/..%2faddress",
        "/data/%2e%2e/log",
        "/server.py",
    ):
        assert fetch(server, path)[0] == 404, path


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:80", "evil.example:1"])
def test_that_a_request_that_names_another_host_is_refused(server: NetronServer, host: str) -> None:
    assert fetch(server, "/data/a%20model.onnx", host)[0] == 403


def test_that_the_model_served_is_a_copy(server: NetronServer, model: Path) -> None:
    model.write_bytes(b"changed")
    assert fetch(server, "/data/a%20model.onnx")[1] == b"model bytes"


def test_that_stopping_ends_the_child_and_removes_the_copy(model: Path) -> None:
    server = NetronServer(model)
    server.wait()
    folder = Path(server._address_file).parent
    assert folder.is_dir()
    server.stop()
    server.stop()
    assert not server.alive
    assert not folder.exists()
    assert server.address == ""


def test_that_it_can_be_stopped_before_it_listens(model: Path) -> None:
    server = NetronServer(model)
    server.stop()
    assert not server.alive


def test_that_the_child_ends_with_whoever_started_it(model: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from engines.host.netron_server import NetronServer;"
        "server = NetronServer(Path(sys.argv[1])); server.wait();"
        "print(server.pid, server._folder, flush=True); os._exit(1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(model)], capture_output=True, text=True, timeout=60
    )
    number, folder = done.stdout.split()
    pid = int(number)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(timeout=20)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert not Path(folder).exists()


def test_that_a_model_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError) as caught:
        NetronServer(tmp_path / "gone.onnx")
    assert "gone.onnx" in str(caught.value.facts["why"])


def test_that_a_server_that_cannot_start_says_so(model: Path, tmp_path: Path) -> None:
    with NetronServer(model) as server:
        server._process.kill()
        server._process.wait(20)
        server._address_file.unlink(missing_ok=True)
        with pytest.raises(WorkbenchError) as caught:
            server.wait()
    assert caught.value.facts["what"] == "Netron"
