import gzip
import hashlib
import io
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aecore.data.published.download import Remote, fetch
from aecore.errors import LabError

PLAIN = bytes(range(256)) * 2000
PACKED = gzip.compress(PLAIN, compresslevel=0)


@dataclass
class Server:
    """A web server on this machine that can misbehave."""

    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: list[int] = field(default_factory=list)
    resumes: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""

    def remote(self, name: str, content: bytes, *, path: str | None = None) -> Remote:
        return Remote(name, md5(content), (f"{self.address}/{path or name}",), len(content))


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.asked.append((self.path, wanted))
            body = state.files.get(self.path[1:])
            if body is None:
                self.send_error(404)
                return
            start = int(wanted[6:-1]) if wanted and state.resumes else 0
            if start and start >= len(body):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            end = start + state.cut_after.pop(0) if state.cut_after else len(body)
            self.wfile.write(body[start:end])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        state.address = f"http://127.0.0.1:{web.server_port}"
        thread = threading.Thread(target=web.serve_forever, args=(0.02,))
        thread.start()
        yield state
        web.shutdown()
        thread.join()


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_files_are_fetched_and_unpacked_with_progress(server: Server, tmp_path: Path) -> None:
    other = gzip.compress(b"other")
    server.files = {"a.gz": PACKED, "b.gz": other}
    remotes = [server.remote("a.gz", PACKED), server.remote("b.gz", other)]
    seen: list[tuple[int, int]] = []
    fetch(remotes, ["a", "b"], tmp_path / "raw", progress=lambda *at: seen.append(at))
    assert (tmp_path / "raw" / "a").read_bytes() == PLAIN
    assert (tmp_path / "raw" / "b").read_bytes() == b"other"
    assert left(tmp_path / "raw") == ["a", "b"]
    size = len(PACKED) + len(other)
    assert seen[-1] == (size, size)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {whole for _, whole in seen} == {size}
    assert len(seen) > 3


def test_a_cut_connection_is_resumed_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.files, server.cut_after = {"a.gz": PACKED}, [100_000, 50_000]
    fetch([server.remote("a.gz", PACKED)], ["a"], tmp_path)
    assert (tmp_path / "a").read_bytes() == PLAIN
    ranges = [wanted for _, wanted in server.asked]
    assert ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_after_too_many_cuts_a_later_call_goes_on(server: Server, tmp_path: Path) -> None:
    server.files, server.cut_after = {"a.gz": PACKED}, [100, 100, 100]
    remote = server.remote("a.gz", PACKED)
    with pytest.raises(LabError, match=r"127\.0\.0\.1.* broke off.*resumes where it stopped"):
        fetch([remote], ["a"], tmp_path)
    assert left(tmp_path) == ["a.gz.part"], "half a file has another name"
    fetch([remote], ["a"], tmp_path)
    assert server.asked[-1] == ("/a.gz", "bytes=300-")
    assert (tmp_path / "a").read_bytes() == PLAIN


def test_a_server_that_cannot_resume_sends_all_again(server: Server, tmp_path: Path) -> None:
    server.files, server.cut_after, server.resumes = {"a.gz": PACKED}, [100_000], False
    fetch([server.remote("a.gz", PACKED)], ["a"], tmp_path)
    assert (tmp_path / "a").read_bytes() == PLAIN


@pytest.mark.parametrize("rest", [b"something else", b"!" * (len(PACKED) + 9)])
def test_a_wrong_rest_is_thrown_away(server: Server, tmp_path: Path, rest: bytes) -> None:
    server.files = {"a.gz": PACKED}
    (tmp_path / "a.gz.part").write_bytes(rest)
    fetch([server.remote("a.gz", PACKED)], ["a"], tmp_path)
    assert (tmp_path / "a").read_bytes() == PLAIN


def test_nonsense_is_refused_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.files = {"a.gz": b"<html>Welcome to the hotel's network</html>"}
    with pytest.raises(LabError, match=r"is not a\.gz \(its checksum is wrong\)"):
        fetch([server.remote("a.gz", PACKED)], ["a"], tmp_path)
    assert left(tmp_path) == []


def test_a_missing_page_says_its_status(server: Server, tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"answered 404 when asked for a\.gz"):
        fetch([server.remote("a.gz", PACKED)], ["a"], tmp_path)
    assert left(tmp_path) == []


def test_the_second_mirror_helps_out(server: Server, tmp_path: Path) -> None:
    server.files = {"wrong": b"wrong", "good": PACKED}
    urls = tuple(f"{server.address}/{path}" for path in ("absent", "wrong", "good"))
    fetch([Remote("a.gz", md5(PACKED), urls)], ["a"], tmp_path)
    assert (tmp_path / "a").read_bytes() == PLAIN


def test_no_network_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/a.gz"
    with pytest.raises(LabError, match=r"cannot be reached.*digits needs no download"):
        fetch([Remote("a.gz", md5(PACKED), (url,))], ["a"], tmp_path)


@pytest.mark.parametrize("content", [b"not a gzip", PACKED[:-20], PACKED[:50_000]])
def test_what_cannot_be_unpacked_is_never_a_file(
    server: Server, tmp_path: Path, content: bytes
) -> None:
    server.files = {"a.gz": content}
    with pytest.raises(LabError, match=r"a\.gz cannot be unpacked"):
        fetch([server.remote("a.gz", content)], ["a"], tmp_path)
    assert left(tmp_path) == []


def test_only_wanted_files_leave_an_archive(server: Server, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("gzip/a.gz", PACKED)
        archive.writestr("gzip/b.gz", gzip.compress(b"other"))
        archive.writestr("../evil.gz", PACKED)
    server.files = {"gzip.zip": buffer.getvalue()}
    fetch([server.remote("gzip.zip", buffer.getvalue())], ["a", "b"], tmp_path / "raw")
    assert left(tmp_path / "raw") == ["a", "b"]
    assert (tmp_path / "raw" / "b").read_bytes() == b"other"
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]

    with pytest.raises(LabError, match=r"gzip\.zip cannot be unpacked"):
        fetch([server.remote("gzip.zip", buffer.getvalue())], ["absent"], tmp_path / "raw")


def test_many_at_once_fetch_once(server: Server, tmp_path: Path) -> None:
    server.files = {"a.gz": PACKED}
    remote = server.remote("a.gz", PACKED)
    threads = [threading.Thread(target=fetch, args=([remote], ["a"], tmp_path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a").read_bytes() == PLAIN
    assert len(server.asked) == 1


def test_whoever_watches_may_end_it_and_go_on_later(server: Server, tmp_path: Path) -> None:
    server.files = {"a.gz": PACKED}

    def stop(done: int, whole: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch([server.remote("a.gz", PACKED)], ["a"], tmp_path, progress=stop)
    assert left(tmp_path) == ["a.gz.part"]
    fetch([server.remote("a.gz", PACKED)], ["a"], tmp_path)
    assert server.asked[-1][1] is not None
    assert (tmp_path / "a").read_bytes() == PLAIN


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match=r"Cannot write to .*file.raw .*set AECORE_DATA"):
        fetch([], [], tmp_path / "file" / "raw")
