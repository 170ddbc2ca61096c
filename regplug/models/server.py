"""A Triton server for a model repository: nvidia-pytriton's own, or a container's command.

The wheel's server has no onnxruntime backend; on a CPU `standin/` beside this file takes its place,
so that the same config.pbtxt serves here and in the container.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from regplug.errors import BackendError, ModelError
from regplug.files.lines import lines_of
from regplug.files.signals import at_last, signals_held, sigterm_as_interrupt
from regplug.models.graph_check import check_graph

# Not every release has the onnxruntime backend (24.02 had none).
CONTAINER = "nvcr.io/nvidia/tritonserver:24.10-py3"  # the same Triton, 2.51, as the local server
STOP_SECONDS = 2.5  # of GRACE, before it is ended by force
EVERYWHERE = "0.0.0.0"  # nosec B104
SHARED_MEMORY = Path("/dev/shm")  # nosec B108
LOG_TAIL = 25  # lines
STAND_IN = Path(__file__).parent / "standin"


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        http: its URL for HTTP, as --model-repo takes it.
        grpc: its URL for gRPC.
        metrics: URL of the Prometheus metrics.
        process: the server's process.
        log: its log; gone when the server has been stopped.
    """

    http: str
    grpc: str
    metrics: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def log_tail(self) -> str:
        """Return the end of the log, without its tables of options."""
        lines = lines_of(self.log.read_text(errors="replace"))
        kept = [line for line in lines if line.strip() and not line.startswith(("+-", "|"))]
        return "\n".join(kept[-LOG_TAIL:])


def local_server() -> Path | None:
    """Return the tritonserver program of the installed nvidia-pytriton, or None."""
    package = find_spec("pytriton")
    if package is None or not package.submodule_search_locations:
        return None
    program = Path(package.submodule_search_locations[0]) / "tritonserver" / "bin" / "tritonserver"
    return program if program.is_file() else None


def container_command(
    repo: Path, *, http_port: int = 8000, grpc_port: int = 8001, metrics_port: int = 8002
) -> list[str]:
    """Return the command that serves `repo` from NVIDIA's container, on a machine with GPUs."""
    return [
        *("docker", "run", "--rm", "--gpus", "all"),
        *("-p", f"{http_port}:8000"),
        *("-p", f"{grpc_port}:8001"),
        *("-p", f"{metrics_port}:8002"),
        *("-v", f"{repo.resolve()}:/models:ro"),
        *("-e", "NVIDIA_TF32_OVERRIDE=0"),  # else GPUs multiply in TF32, with 10 bits of 23
        CONTAINER,
        *("tritonserver", "--model-repository=/models"),
    ]


@contextmanager
def serving(
    repo: Path,
    *,
    host: str = "127.0.0.1",
    http_port: int = 0,
    grpc_port: int = 0,
    metrics_port: int = 0,
    seconds: float = 120.0,
) -> Iterator[Server]:
    """Run the local server on `repo` while the context lasts; port 0 means any free port.

    In the main thread SIGTERM counts as Ctrl-C meanwhile. Process, temporary files and shared
    memory are gone afterwards, whatever ends it.

    Raises:
        BackendError: no server is installed, a port is taken, or it was not ready after `seconds`;
            the message has the end of its log.
        ModelError: no such repository, or a graph in it is not all that would be run.
    """
    program = _checked_program()
    if not repo.is_dir():
        raise ModelError(f"no model repository at {repo}: give a folder with <model>/config.pbtxt")
    for graph in repo.glob("*/*/*.onnx"):
        check_graph(graph.read_bytes(), graph.parents[1].name)
    with ExitStack() as stack:
        stack.enter_context(sigterm_as_interrupt())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regplug-triton-")))
        _assemble_backends(program, folder / "backends")
        (folder / "models").symlink_to(repo.resolve())  # a path without spaces: Triton needs that
        ports = _free_ports(host, http_port, grpc_port, metrics_port)
        shared_memory = f"regplug_{os.getpid()}_{ports[0]}_"
        stack.callback(_remove_shared_memory, shared_memory)
        command = _command(program, folder, host, ports, shared_memory)
        log = stack.enter_context((folder / "log").open("wb"))
        environment = _environment(program)
        with signals_held():
            process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
            stack.callback(_stop, process)
            stack.enter_context(at_last(lambda: os.killpg(process.pid, signal.SIGKILL)))
        http, grpc, metrics = (f"{_reachable(host)}:{port}" for port in ports)
        server = Server(
            f"http://{http}", f"grpc://{grpc}", f"http://{metrics}/metrics", process, folder / "log"
        )
        _wait_until_ready(server, seconds)
        yield server


def _checked_program() -> Path:
    """Return the local server's program if it can run here; else raise BackendError."""
    program = local_server()
    if program is None:
        raise BackendError(
            "no Triton server is installed: pip install 'regplug[server]', or run the container "
            "that regplug serve prints"
        )
    if int(version("numpy").split(".")[0]) >= 2:
        raise BackendError(
            f"the local server reads arrays of numpy {version('numpy')} wrongly: "
            "pip install 'numpy<2', or run the container"
        )
    if not _stub(program).is_file():
        raise BackendError(
            f"the local server does not know Python {_python_version()}: use Python 3.11 or 3.12, "
            "or run the container"
        )
    return program


def _python_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _stub(program: Path) -> Path:
    """Return the program that runs Python backends, for this Python."""
    stubs = program.parents[1] / "python_backend_stubs"
    return stubs / _python_version() / "triton_python_backend_stub"


def _assemble_backends(program: Path, backends: Path) -> None:
    """Copy the Python backend, its stub and the stand-in together: Triton refuses links."""
    shutil.copytree(program.parents[1] / "backends", backends)
    shutil.copy2(_stub(program), backends / "python")
    shutil.copytree(STAND_IN, backends, dirs_exist_ok=True)


def _command(
    program: Path, folder: Path, host: str, ports: list[int], shared_memory: str
) -> list[str]:
    names = ("http", "grpc", "metrics")
    return [
        str(program),
        f"--model-repository={folder / 'models'}",
        f"--backend-directory={folder / 'backends'}",
        f"--backend-config=python,shm-region-prefix-name={shared_memory}",
        *(f"--{name}-address={host}" for name in names),
        *(f"--{name}-port={port}" for name, port in zip(names, ports, strict=True)),
        "--allow-gpu-metrics=false",
        "--exit-timeout-secs=2",
    ]


def _environment(program: Path) -> dict[str, str]:
    """Return an environment in which the server finds its libraries, and its stub this Python."""
    libraries = [sysconfig.get_config_var("LIBDIR"), program.parents[3] / "nvidia_pytriton.libs"]
    no_telemetry = {"ORT_DISABLE_TELEMETRY": "1"}  # the user's environment may say otherwise
    return (
        no_telemetry
        | os.environ
        | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "LD_LIBRARY_PATH": os.pathsep.join(str(library) for library in libraries),
        }
    )


def _free_ports(host: str, *wanted: int) -> list[int]:
    """Return `wanted`, with a free port for each 0."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in wanted]
        for listener, port in zip(sockets, wanted, strict=True):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((host, port))
            except OSError as error:
                raise BackendError(
                    f"cannot listen on {host}:{port} ({error.strerror}): choose other ports with "
                    "--http-port, --grpc-port, --metrics-port"
                ) from error
        return [int(listener.getsockname()[1]) for listener in sockets]


def _reachable(host: str) -> str:
    return "127.0.0.1" if host == EVERYWHERE else host


def _wait_until_ready(server: Server, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        with suppress(OSError):
            url = f"{server.http}/v2/health/ready"
            urllib.request.urlopen(url, timeout=2).close()  # nosec B310
            return
        if server.process.poll() is not None or time.monotonic() > end:
            raise BackendError(
                f"the Triton server did not start; its log ends:\n{server.log_tail()}"
            )
        time.sleep(0.05)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask the server to stop; end whatever is left of its session."""
    process.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _remove_shared_memory(prefix: str) -> None:
    for region in SHARED_MEMORY.glob(f"{prefix}*"):
        region.unlink(missing_ok=True)
