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

CONTENT = bytes(range(256)) * 2000
GZIPPED = gzip.compress(CONTENT, compresslevel=0)


@dataclass
class Server:
    """State of a local web server that can be made to misbehave."""

    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: list[int] = field(default_factory=list)
    supports_ranges: bool = True
    requests: list[tuple[str, str | None]] = field(default_factory=list)
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
            byte_range = self.headers.get("Range")
            state.requests.append((self.path, byte_range))
            body = state.files.get(self.path[1:])
            if body is None:
                self.send_error(404)
                return
            start = int(byte_range[6:-1]) if byte_range and state.supports_ranges else 0
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


def remaining_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_files_are_fetched_and_unpacked_with_progress(server: Server, tmp_path: Path) -> None:
    other = gzip.compress(b"other")
    server.files = {"a.gz": GZIPPED, "b.gz": other}
    remotes = [server.remote("a.gz", GZIPPED), server.remote("b.gz", other)]
    reports: list[tuple[int, int]] = []
    fetch(remotes, ["a", "b"], tmp_path / "raw", progress=lambda *at: reports.append(at))
    assert (tmp_path / "raw" / "a").read_bytes() == CONTENT
    assert (tmp_path / "raw" / "b").read_bytes() == b"other"
    assert remaining_files(tmp_path / "raw") == ["a", "b"]
    size = len(GZIPPED) + len(other)
    assert reports[-1] == (size, size)
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    assert {total for _, total in reports} == {size}
    assert len(reports) > 3


def test_interrupted_download_is_resumed_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.files, server.cut_after = {"a.gz": GZIPPED}, [100_000, 50_000]
    fetch([server.remote("a.gz", GZIPPED)], ["a"], tmp_path)
    assert (tmp_path / "a").read_bytes() == CONTENT
    ranges = [byte_range for _, byte_range in server.requests]
    assert ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_later_call_resumes_after_too_many_interruptions(server: Server, tmp_path: Path) -> None:
    server.files, server.cut_after = {"a.gz": GZIPPED}, [100, 100, 100]
    remote = server.remote("a.gz", GZIPPED)
    with pytest.raises(LabError, match=r"127\.0\.0\.1.* broke off.*resumes where it stopped"):
        fetch([remote], ["a"], tmp_path)
    assert remaining_files(tmp_path) == ["a.gz.part"], "a partial file has another name"
    fetch([remote], ["a"], tmp_path)
    assert server.requests[-1] == ("/a.gz", "bytes=300-")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_server_without_range_support_sends_the_whole_file(server: Server, tmp_path: Path) -> None:
    server.files, server.cut_after = {"a.gz": GZIPPED}, [100_000]
    server.supports_ranges = False
    fetch([server.remote("a.gz", GZIPPED)], ["a"], tmp_path)
    assert (tmp_path / "a").read_bytes() == CONTENT


@pytest.mark.parametrize("partial", [b"something else", b"!" * (len(GZIPPED) + 9)])
def test_invalid_partial_file_is_discarded(server: Server, tmp_path: Path, partial: bytes) -> None:
    server.files = {"a.gz": GZIPPED}
    (tmp_path / "a.gz.part").write_bytes(partial)
    fetch([server.remote("a.gz", GZIPPED)], ["a"], tmp_path)
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_wrong_checksum_is_rejected_and_leaves_no_file(server: Server, tmp_path: Path) -> None:
    server.files = {"a.gz": b"<html>Welcome to the hotel's network</html>"}
    with pytest.raises(LabError, match=r"is not a\.gz \(its checksum is wrong\)"):
        fetch([server.remote("a.gz", GZIPPED)], ["a"], tmp_path)
    assert remaining_files(tmp_path) == []


def test_http_error_is_reported_with_its_status(server: Server, tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"answered 404 when asked for a\.gz"):
        fetch([server.remote("a.gz", GZIPPED)], ["a"], tmp_path)
    assert remaining_files(tmp_path) == []


def test_next_mirror_is_tried_after_a_failure(server: Server, tmp_path: Path) -> None:
    server.files = {"wrong": b"wrong", "good": GZIPPED}
    urls = tuple(f"{server.address}/{path}" for path in ("absent", "wrong", "good"))
    fetch([Remote("a.gz", md5(GZIPPED), urls)], ["a"], tmp_path)
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_unreachable_server_is_reported(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/a.gz"
    with pytest.raises(LabError, match=r"cannot be reached.*digits needs no download"):
        fetch([Remote("a.gz", md5(GZIPPED), (url,))], ["a"], tmp_path)


@pytest.mark.parametrize("content", [b"not a gzip", GZIPPED[:-20], GZIPPED[:50_000]])
def test_file_that_cannot_be_unpacked_is_not_kept(
    server: Server, tmp_path: Path, content: bytes
) -> None:
    server.files = {"a.gz": content}
    with pytest.raises(LabError, match=r"a\.gz cannot be unpacked"):
        fetch([server.remote("a.gz", content)], ["a"], tmp_path)
    assert remaining_files(tmp_path) == []


def test_only_requested_files_are_extracted_from_an_archive(server: Server, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("gzip/a.gz", GZIPPED)
        archive.writestr("gzip/b.gz", gzip.compress(b"other"))
        archive.writestr("../evil.gz", GZIPPED)
    server.files = {"gzip.zip": buffer.getvalue()}
    fetch([server.remote("gzip.zip", buffer.getvalue())], ["a", "b"], tmp_path / "raw")
    assert remaining_files(tmp_path / "raw") == ["a", "b"]
    assert (tmp_path / "raw" / "b").read_bytes() == b"other"
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]

    with pytest.raises(LabError, match=r"gzip\.zip cannot be unpacked"):
        fetch([server.remote("gzip.zip", buffer.getvalue())], ["absent"], tmp_path / "raw")


def test_concurrent_calls_download_once(server: Server, tmp_path: Path) -> None:
    server.files = {"a.gz": GZIPPED}
    remote = server.remote("a.gz", GZIPPED)
    threads = [threading.Thread(target=fetch, args=([remote], ["a"], tmp_path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert len(server.requests) == 1


def test_download_interrupted_by_its_callback_can_be_resumed(
    server: Server, tmp_path: Path
) -> None:
    server.files = {"a.gz": GZIPPED}

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch([server.remote("a.gz", GZIPPED)], ["a"], tmp_path, progress=stop)
    assert remaining_files(tmp_path) == ["a.gz.part"]
    fetch([server.remote("a.gz", GZIPPED)], ["a"], tmp_path)
    assert server.requests[-1][1] is not None
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_unwritable_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match=r"Cannot write to .*file.raw .*set AECORE_DATA"):
        fetch([], [], tmp_path / "file" / "raw")
