"""`regplug models pull` from a server with TLS on this machine, good and bad."""

import hashlib
import io
import shutil
import ssl
import subprocess
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from msgspec.structs import replace

from regplug.files import fetched
from regplug.models import pulled
from regplug.models.repository import Golden, read_card, read_golden, read_onnx, write_model
from tests.toy_models import gc_model

FILES = ["card.json", "config.pbtxt", "targets.txt", "golden.json", "1/model.onnx"]


class Handler(BaseHTTPRequestHandler):
    """Gives `files` of the server; of each address `cuts` says after how many bytes it hangs up."""

    def do_GET(self):
        server = self.server
        server.asked.append((self.path, self.headers.get("Range")))
        if self.path in server.moved:
            self.send_response(302)
            self.send_header("Location", server.moved[self.path])
            self.end_headers()
            return
        if self.path not in server.files:
            self.send_error(404)
            return
        content, start = server.files[self.path], 0
        if server.ranges and (asked := self.headers.get("Range")):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        rest = content[start:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        cuts = server.cuts.get(self.path, [])
        self.wfile.write(rest[: cuts.pop(0)] if cuts else rest)
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, signed = folder / "key.pem", folder / "certificate.pem"
    line = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext"
    words = [*line.split(), "subjectAltName=DNS:localhost", "-keyout", key, "-out", signed]
    subprocess.run(words, check=True, capture_output=True)
    return key, signed


@pytest.fixture
def server(certificate, monkeypatch):
    monkeypatch.setattr(fetched, "FIRST_DELAY", 0)
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    made.socket = context.wrap_socket(made.socket, server_side=True)
    made.files, made.cuts, made.moved, made.asked, made.ranges = {}, {}, {}, [], True
    made.url = f"https://localhost:{made.server_port}"
    thread = threading.Thread(target=made.serve_forever, args=[0.02], daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def theirs(tmp_path):
    """Return the folder of a stranger's model."""
    gc_model(tmp_path / "theirs", license="CC0")
    return tmp_path / "theirs" / "gc"


@pytest.fixture
def pull(regplug, server, certificate, tmp_path):
    def run(path, content=None, *more, sha256=""):
        if content is not None:
            server.files[path] = content
        digest = sha256 or hashlib.sha256(server.files.get(path, b"")).hexdigest()
        words = ["--sha256", digest, "--ca-certificate", certificate[1], "-o", tmp_path / "repo"]
        return regplug("models", "pull", f"{server.url}{path}", *words, *more)

    return run


def packed(folder, mode="gz", change=lambda member: member, more=()):
    """Return a tar of a model's folder, each member as `change` gives it, and `more` members."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=f"w:{mode}") as tar:
        tar.add(folder, arcname=folder.name, filter=change)
        for member, content in more:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


def is_there(repo, theirs):
    """Check that the model in `repo` is theirs, and that nothing else lies there."""
    assert [path.name for path in repo.iterdir()] == ["gc"]
    assert {str(p.relative_to(repo / "gc")) for p in repo.rglob("*") if p.is_file()} == set(FILES)
    card = read_card(repo / "gc")
    assert card == read_card(theirs)
    assert read_onnx(repo / "gc", card) == read_onnx(theirs, card)
    assert read_golden(repo / "gc") == read_golden(theirs)
    assert not any(path.is_symlink() for path in repo.rglob("*"))


def nothing(repo):
    return not repo.exists() or not list(repo.iterdir())


@pytest.mark.parametrize("mode", ["", "gz", "bz2", "xz"])
def test_a_tar(pull, regplug, theirs, tmp_path, mode):
    done = pull("/gc.tar", packed(theirs, mode))
    assert (done.status, done.out) == (0, f"{tmp_path / 'repo' / 'gc'}\t2 targets\n"), done.err
    assert "licence of the weights: CC0" in done.err
    is_there(tmp_path / "repo", theirs)
    assert regplug("models", "verify", "--model-repo", tmp_path / "repo").status == 0


def test_a_listing_of_sha256sum(pull, server, theirs, tmp_path):
    done = subprocess.run(["sha256sum", *FILES], cwd=theirs, capture_output=True, check=True)
    for name in FILES:
        server.files[f"/a/gc/{name}"] = (theirs / name).read_bytes()
    server.cuts["/a/gc/1/model.onnx"] = [100]
    assert pull("/a/gc/SHA256SUMS", done.stdout).status == 0
    is_there(tmp_path / "repo", theirs)
    again = pull("/a/gc/SHA256SUMS")
    assert (again.status, "gc is there already" in again.err) == (1, True)
    is_there(tmp_path / "repo", theirs)
    shutil.rmtree(tmp_path / "repo")
    server.files["/a/gc/golden.json"] += b" "
    altered = pull("/a/gc/SHA256SUMS")
    assert "golden.json has another sha256" in altered.err
    assert not (tmp_path / "repo" / "gc").exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace("1/model.onnx", "../../model.onnx"), "is no sha256 and file"),
        (lambda text: text.replace("card.json", "/etc/passwd"), "is no sha256 and file"),
        (lambda text: text + text, "is no sha256 and file"),
        (lambda text: text.replace(" ", "\0"), "is no sha256 and file"),
        (lambda text: "\n".join(text.splitlines()[1:]), "lacks card.json of a model"),
        (lambda _: "", "lacks card.json, config.pbtxt"),
    ],
)
def test_a_listing_of_other_things(pull, server, theirs, tmp_path, change, why):
    text = "".join(
        f"{hashlib.sha256((theirs / name).read_bytes()).hexdigest()}  {name}\n" for name in FILES
    )
    done = pull("/gc/SHA256SUMS", change(text).encode())
    assert (done.status, why in done.err, nothing(tmp_path / "repo")) == (1, True, True), done.err
    assert [path for path, _ in server.asked] == ["/gc/SHA256SUMS"]


def test_it_goes_on_where_a_connection_ended(pull, server, theirs, tmp_path):
    content = packed(theirs)
    server.cuts["/gc.tar"] = [300, 0, 200]
    assert pull("/gc.tar", content).status == 0
    ranges = [None, "bytes=300-", "bytes=300-", "bytes=500-"]
    assert server.asked == [("/gc.tar", asked) for asked in ranges]
    is_there(tmp_path / "repo", theirs)


def test_another_call_goes_on(pull, server, theirs, tmp_path):
    server.cuts["/gc.tar"] = [300] + [0] * 4
    done = pull("/gc.tar", packed(theirs))
    assert (done.status, "300 bytes are here: the same command goes on" in done.err) == (1, True)
    assert [path.stat().st_size for path in (tmp_path / "repo").iterdir()] == [300]
    server.asked.clear()
    assert pull("/gc.tar").status == 0
    assert server.asked == [("/gc.tar", "bytes=300-")]
    is_there(tmp_path / "repo", theirs)


def test_a_server_that_gives_whole_files_alone(pull, server, theirs, tmp_path):
    server.ranges, server.cuts = False, {"/gc.tar": [300, 100]}
    assert pull("/gc.tar", packed(theirs)).status == 0
    is_there(tmp_path / "repo", theirs)


def test_what_is_left_of_another_file_is_no_beginning(pull, theirs, tmp_path):
    content = packed(theirs)
    part = tmp_path / "repo" / f".{hashlib.sha256(content).hexdigest()}.part"
    part.parent.mkdir()
    part.write_bytes(b"x" * (len(content) + 5))
    assert pull("/gc.tar", content).status == 0  # the server says that it ends before
    is_there(tmp_path / "repo", theirs)


def test_a_redirection(pull, server, theirs, tmp_path):
    server.files["/there.tar"] = packed(theirs)
    server.moved["/http.tar"] = "http://localhost:1/gc.tar"
    server.moved["/file.tar"] = "file:///etc/passwd"
    server.moved["/gc.tar"] = f"{server.url}/there.tar"
    digest = hashlib.sha256(server.files["/there.tar"]).hexdigest()
    for path, why in (("/http.tar", "which is no https://"), ("/file.tar", "is not allowed")):
        done = pull(path, sha256=digest)
        assert (done.status, why in done.err) == (1, True), done.err
    assert nothing(tmp_path / "repo")
    assert pull("/gc.tar", sha256=digest).status == 0
    is_there(tmp_path / "repo", theirs)


def test_what_no_server_gives(pull, regplug, server, theirs, tmp_path):
    url, digest = f"{server.url}/gc.tar", "0" * 64
    server.files["/gc.tar"] = packed(theirs)
    for words, why in (
        ([url, "--sha256", "00"], "'00' is no sha256"),
        (["http://localhost/gc.tar", "--sha256", digest], "is no https:// address"),
        (["file:///etc/passwd", "--sha256", digest], "is no https:// address"),
        (["https:///gc.tar", "--sha256", digest], "is no https:// address"),
        (["https://[/gc.tar", "--sha256", digest], "is no address"),
        (["https://h/ü", "--sha256", digest], "has characters"),
        ([url, "--sha256", digest], "cannot trust"),
        ([url, "--sha256", digest, "--ca-certificate", "no.pem"], "cannot read certificates in no"),
    ):
        done = regplug("models", "pull", *words, "-o", tmp_path / "repo")
        assert (done.status, done.out, why in done.err) == (1, "", True), done.err
    assert "404" in pull("/none.tar").err
    assert "has another sha256" in pull("/gc.tar", sha256=digest).err
    assert nothing(tmp_path / "repo")


def linked(name, target, kind=tarfile.SYMTYPE):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, str(target)
    return [(member, b"")]


def without(name):
    return lambda member: None if member.name == f"gc/{name}" else member


@pytest.mark.parametrize(
    ("change", "more", "why"),
    [
        (None, [(tarfile.TarInfo("../x"), b"")], "'../x', which is no file of a model"),
        (None, [(tarfile.TarInfo("/etc/x"), b"")], "'/etc/x', which is no file of a model"),
        (None, [(tarfile.TarInfo("../card.json"), b"")], "'../card.json' is there twice"),
        (without("card.json"), [(tarfile.TarInfo("../card.json"), b"")], "'..' is no name"),
        (without("card.json"), [(tarfile.TarInfo("/card.json"), b"")], "'' is no name"),
        (without("card.json"), [(tarfile.TarInfo("/gc/card.json"), b"")], "which is no file of"),
        (without("card.json"), [(tarfile.TarInfo("gc/../card.json"), b"")], "which is no file of"),
        (None, [(tarfile.TarInfo("gc/more.py"), b"")], "'gc/more.py', which is no file of a model"),
        (None, [(tarfile.TarInfo("gc/card.json"), b"{}")], "'gc/card.json' is there twice"),
        (without("card.json"), linked("gc/card.json", "/etc/passwd"), "is a link or device"),
        (without("card.json"), linked("gc/card.json", "gc/x", tarfile.LNKTYPE), "is a link or"),
        (without("card.json"), linked("gc/card.json", "", tarfile.FIFOTYPE), "is a link or device"),
        (without("card.json"), linked("gc/card.json", "", tarfile.CHRTYPE), "is a link or device"),
        (without("1"), linked("gc/1", "/tmp"), "which is no file of a model"),
        (without("targets.txt"), (), "lacks targets.txt of a model"),
        (without("card.json"), [(tarfile.TarInfo("x/card.json"), b"{}")], "several folders: gc, x"),
        (without("card.json"), [(tarfile.TarInfo("gc/card.json"), b"{}")], "missing required"),
        (
            without("golden.json"),
            [(tarfile.TarInfo("gc/golden.json"), b" " * 2_000_001)],
            "'gc/golden.json' is too large",
        ),
    ],
)
def test_a_tar_of_other_things(pull, monkeypatch, theirs, tmp_path, change, more, why):
    monkeypatch.setitem(pulled.MOST, "golden.json", 2_000_000)
    beside = sorted(tmp_path.rglob("*"))
    done = pull("/gc.tar", packed(theirs, change=change or (lambda member: member), more=more))
    assert (done.status, done.out, why in done.err) == (1, "", True), done.err
    assert nothing(tmp_path / "repo")
    assert [p for p in sorted(tmp_path.rglob("*")) if p.name != "repo"] == beside


@pytest.mark.parametrize(
    "content", [b"", b"no tar", b"\x1f\x8b\x08" + b"x" * 50, b"BZh9" + b"x" * 50]
)
def test_no_tar(pull, tmp_path, content):
    done = pull("/gc.tar", content)
    assert (done.status, nothing(tmp_path / "repo")) == (1, True), done.err


def test_a_damaged_tar(pull, theirs, tmp_path, tried):
    whole = packed(theirs)
    for end in range(0, len(whole) - 40, 211):
        done = pull("/gc.tar", whole[:end])
        assert (done.status, nothing(tmp_path / "repo")) == (1, True), done.err
        assert "Traceback" not in done.err
    tried(len(range(0, len(whole) - 40, 211)))


def test_more_bytes_than_a_model_may_have(pull, monkeypatch, theirs, tmp_path):
    for name in FILES:
        monkeypatch.setitem(pulled.MOST, name, 100)
    done = pull("/gc.tar", packed(theirs))
    assert (done.status, "has more than 500 bytes, which is the limit" in done.err) == (1, True)
    assert nothing(tmp_path / "repo")


def test_a_model_that_is_not_what_it_says(pull, theirs, tmp_path):
    card, golden = read_card(theirs), read_golden(theirs)
    wrong = Golden(golden.sequences, [[score + 1 for score in row] for row in golden.scores])
    write_model(theirs.parent, card, onnx=read_onnx(theirs, card), golden=wrong)
    assert "golden sequence 1 is off by" in pull("/gc.tar", packed(theirs)).err
    (theirs / "1" / "model.onnx").write_bytes(b"no graph")
    assert "its sha256 is not the card's" in pull("/gc.tar", packed(theirs)).err
    onnx = b"no graph"
    card = replace(card, sha256=hashlib.sha256(onnx).hexdigest())
    write_model(theirs.parent, card, onnx=onnx, golden=golden)
    assert "is no ONNX" in pull("/gc.tar", packed(theirs)).err
    assert nothing(tmp_path / "repo")


def test_a_servers_configuration_is_ours(pull, theirs, tmp_path):
    with (theirs / "config.pbtxt").open("a") as file:
        file.write('model_operations { op_library_filename: "/tmp/x.so" }\n')
    assert pull("/gc.tar", packed(theirs)).status == 0
    assert "op_library" not in (tmp_path / "repo" / "gc" / "config.pbtxt").read_text()
    is_there(tmp_path / "repo", theirs)


def test_a_licence_that_is_not_free_for_all(pull, server, tmp_path):
    gc_model(tmp_path / "nc", license="CC-BY-NC-4.0")
    content = packed(tmp_path / "nc" / "gc")
    done = pull("/gc.tar", content)
    assert (done.status, "say --accept-license" in done.err) == (1, True)
    assert not (tmp_path / "repo" / "gc").exists()
    server.asked.clear()
    assert pull("/gc.tar", content, "--accept-license").status == 0
    assert server.asked == []  # what had come was kept
    is_there(tmp_path / "repo", tmp_path / "nc" / "gc")


def test_a_model_that_is_there_stays(pull, theirs, tmp_path):
    mine = gc_model(tmp_path / "repo", doc="mine")
    done = pull("/gc.tar", packed(theirs))
    assert (done.status, "gc is there already" in done.err) == (1, True)
    assert read_card(tmp_path / "repo" / "gc") == mine
    assert [path.name for path in Path(tmp_path / "repo").iterdir()] == ["gc"]
