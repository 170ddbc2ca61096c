"""regplug serve, the local server, and what stands in for its onnxruntime backend."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from psutil import process_iter

import regplug.models.server
from regplug.cli import serve as command
from regplug.errors import BackendError, ModelError
from regplug.models.server import container_command, local_server, serving
from tests.toy_models import gc_model

CHECKOUT = Path(regplug.models.server.__file__).parents[2]


@pytest.fixture(scope="module")
def triton_installed() -> None:
    if local_server() is None:
        ask = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        ask("no Triton server: pip install 'regplug[server]'")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "my models"
    gc_model(folder)
    return folder


def test_the_container_s_command(repo: Path) -> None:
    words = container_command(repo)
    assert " ".join(words).startswith(
        f"docker run --rm --gpus all -p 8000:8000 -p 8001:8001 -p 8002:8002 -v {repo}:/models:ro "
        "-e NVIDIA_TF32_OVERRIDE=0 nvcr.io/nvidia/tritonserver:"
    )
    assert words[-3].endswith("-py3")
    assert words[-2:] == ["tritonserver", "--model-repository=/models"]
    assert "-p 9000:8000 -p 9001:8001" in " ".join(
        container_command(repo, http_port=9000, grpc_port=9001)
    )


def test_without_a_server_the_container_s_command_is_printed(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "local_server", lambda: None)
    result = CliRunner().invoke(command.serve, ["--model-repo", str(repo), "--grpc-port", "9001"])
    assert result.exit_code == 0
    assert shlex.split(result.stdout) == container_command(repo, grpc_port=9001)
    assert result.stdout.count("\n") == 1
    assert "pip install 'regplug[server]'" in result.stderr


def test_the_repository_is_the_first_installed_folder(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "local_server", lambda: None)
    monkeypatch.setattr(command, "locations", lambda *_: ["/no such folder", str(repo), "/"])
    result = CliRunner().invoke(command.serve)
    assert f"{repo}:/models:ro" in result.stdout
    monkeypatch.setattr(command, "locations", lambda *_: [])
    result = CliRunner().invoke(command.serve)
    assert isinstance(result.exception, ModelError)
    assert "--model-repo DIR" in str(result.exception)


def test_help_and_a_folder_that_is_missing() -> None:
    assert "until Ctrl-C" in CliRunner().invoke(command.serve, ["--help"]).stdout
    result = CliRunner().invoke(command.serve, ["--model-repo", "/no such folder"])
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_no_server_is_installed(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regplug.models.server, "find_spec", lambda _: None)
    assert local_server() is None
    with (
        pytest.raises(BackendError, match=r"no Triton server is installed: pip install 'regplug\["),
        serving(repo),
    ):
        pass


@contextmanager
def serve_process(repo: Path, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run `regplug serve` at free ports, with `folder` for its temporary files."""
    folder.mkdir()
    code = "from regplug.cli.serve import serve; serve()"
    ports = [f"--{name}-port=0" for name in ("http", "grpc", "metrics")]
    with subprocess.Popen(
        [sys.executable, "-c", code, "--model-repo", str(repo), *ports],
        cwd=CHECKOUT,
        env=os.environ | {"TMPDIR": str(folder)},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def remains(process: "subprocess.Popen[str]", folder: Path) -> list[str]:
    """Return what the server left: files, shared memory, processes that name its folder."""
    files = [str(path) for path in folder.rglob("*")]
    files += [str(path) for path in Path("/dev/shm").glob(f"regplug_{process.pid}_*")]
    return files + [str(pid) for pid, _ in naming(folder)]


def naming(folder: Path) -> list[tuple[int, str]]:
    """Return the processes whose command line names a folder, and the program of each."""
    lines = [(each.pid, each.info["cmdline"] or []) for each in process_iter(["cmdline"])]
    return [(pid, line[0]) for pid, line in lines if any(str(folder) in word for word in line)]


@pytest.mark.triton
@pytest.mark.usefixtures("triton_installed")
class TestLocalServer:
    @pytest.mark.parametrize("ready", [True, False])
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_stops_cleanly(
        self, repo: Path, tmp_path: Path, number: signal.Signals, ready: bool
    ) -> None:
        folder = tmp_path / "temporary"
        with serve_process(repo, folder) as process:
            assert process.stderr is not None
            assert process.stdout is not None
            assert process.stderr.readline() == f"Starting a Triton server on {repo} ...\n"
            if ready:
                assert any("stop with Ctrl-C" in line for line in process.stderr)
                assert remains(process, folder)
            while not list(folder.glob("*/log")):
                time.sleep(0.01)
            process.send_signal(number)
            rest = process.stderr.read()
            assert process.wait(timeout=60) == 0
            assert rest == "Stopped.\n"
            assert process.stdout.read() == ""
        assert remains(process, folder) == []

    def test_a_server_that_ends_by_itself(self, repo: Path, tmp_path: Path) -> None:
        folder = tmp_path / "temporary"
        with serve_process(repo, folder) as process:
            assert process.stderr is not None
            assert any("stop with Ctrl-C" in line for line in process.stderr)
            (log,) = folder.glob("*/log")
            server = next(
                pid for pid, program in naming(log.parent) if program == str(local_server())
            )
            os.kill(server, signal.SIGKILL)
            rest = process.stderr.read()
            assert process.wait(timeout=60) != 0
            assert "the Triton server ended by itself (-9); its log ends:" in rest
        assert remains(process, folder) == []

    def test_a_port_that_is_taken(self, repo: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            message = rf"cannot listen on 127\.0\.0\.1:{port} .*--grpc-port"
            with pytest.raises(BackendError, match=message), serving(repo, grpc_port=port):
                pass

    def test_a_repository_that_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="no model repository"), serving(tmp_path / "none"):
            pass

    def test_numpy_2_is_refused(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(regplug.models.server, "version", lambda _: "2.1.0")
        with (
            pytest.raises(BackendError, match=r"numpy 2\.1\.0 .*pip install 'numpy<2'"),
            serving(repo),
        ):
            pass

    @pytest.mark.parametrize(
        ("promised", "changed", "message"),
        [
            ('name: "codes"', 'name: "bases"', "input bases is none of codes"),
            ("TYPE_UINT8 dims", "TYPE_INT32 dims", "input codes is TYPE_INT32 .* TYPE_UINT8 in"),
            (
                "dims: [ 21 ]",
                "dims: [ 22 ]",
                r"input codes has the shape \[-1, 22\].* \[-1, 21\] in",
            ),
            ("dims: [ 2 ]", "dims: [ 3 ]", r"output scores has the shape \[-1, 3\]"),
        ],
    )
    def test_a_config_that_is_not_the_graph_s_is_refused_with_the_log(
        self, repo: Path, promised: str, changed: str, message: str
    ) -> None:
        config = repo / "gc" / "config.pbtxt"
        text = config.read_text()
        config.write_text(text[: text.index("instance_group")].replace(promised, changed, 1))
        with (
            pytest.raises(BackendError, match=f"(?s)did not start; its log ends:.*{message}"),
            serving(repo),
        ):
            pass

    def test_a_graph_that_is_damaged_is_refused(self, repo: Path) -> None:
        (repo / "gc" / "1" / "model.onnx").write_bytes(b"no graph")
        with pytest.raises(ModelError, match="the graph of gc is no ONNX"), serving(repo):
            pass
