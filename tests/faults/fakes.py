"""Servers of the model gc that misbehave: they speak gRPC or HTTP as Triton does."""

import itertools
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regplug.scoring.card import ModelCard, card_to_json

Meddle = Callable[[int, bytes], bytes | None]
Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def gc_scores(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what `gc_model` does: the number of G and C, an N counting half; and twice that."""
    table = np.array([[0, 0], [1, 2], [1, 2], [0, 0], [0.5, 1]], np.float32)
    return table[np.minimum(codes, 4)].sum(1)


class Served:
    """What a server has under the name gc, and how it answers; a test may change all of it."""

    def __init__(self, card: ModelCard, answer: Answer = gc_scores, *, version: str = "1") -> None:
        self.card, self.answer, self.version = card, answer, version
        self.precision = ""  # where not float32
        self.ready = True  # False: the model is unloaded
        self.statuses: list[int] = []  # of HTTP, for the next requests for scores; 200: a page
        self.asked = threading.Event()  # set at the first request for scores
        self.requests = 0

    @property
    def config(self) -> dict[str, Any]:
        text = {"regplug_card": card_to_json(self.card), "model_sha256": self.card.sha256}
        text |= {"regplug_precision": self.precision} if self.precision else {}
        parameters = {key: {"string_value": value} for key, value in text.items()}
        return {"max_batch_size": self.card.max_batch_size, "parameters": parameters}

    @property
    def metadata(self) -> dict[str, Any]:
        window, targets = self.card.window or -1, len(self.card.targets)
        return {
            "name": "gc",
            "versions": [self.version],
            "inputs": [{"name": "codes", "datatype": "UINT8", "shape": [-1, window]}],
            "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, targets]}],
        }

    def scores(self, raw: bytes, shape: list[int]) -> NDArray[np.float32]:
        self.requests += 1
        self.asked.set()
        return self.answer(np.frombuffer(raw, np.uint8).reshape(shape))


@contextmanager
def over_http(served: Served, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run a server by HTTP; give its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            known = {"/ready": {}, "/config": served.config, "/gc": served.metadata}
            end = "/" + self.path.rpartition("/")[2]
            if end in known and served.ready:
                self.send(known[end])
            else:
                self.send({"error": "unknown model gc"}, 400)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("/index"):
                self.send([{"name": "gc", "version": served.version, "state": "READY"}])
                return
            size = int(self.headers["Inference-Header-Content-Length"])
            shape = json.loads(body[:size])["inputs"][0]["shape"]
            if not served.ready:
                self.send({"error": "unknown model gc"}, 400)
                return
            if served.statuses:
                self.page(served.statuses.pop(0))
                return
            scores = served.scores(body[size:], shape)
            output = {"name": "scores", "datatype": "FP32", "shape": list(scores.shape)}
            output["data"] = scores.ravel().tolist()
            self.send({"model_name": "gc", "model_version": served.version, "outputs": [output]})

        def page(self, status: int) -> None:
            """Answer as a proxy does that has a page of its own for each status."""
            self.reply(b"<html><h1>Please log in</h1></html>", "text/html", status)

        def send(self, content: Any, status: int = 200) -> None:
            self.reply(json.dumps(content).encode(), "application/json", status)

        def reply(self, body: bytes, kind: str, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """Clients that are gone are part of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def over_grpc(served: Served, tls: tuple[str, str] | None = None) -> Iterator[str]:
    """Run a server by gRPC, with files of a key and a certificate by TLS; give its URL."""
    import grpc  # type: ignore[import-untyped]
    from google.protobuf import json_format  # type: ignore[import-untyped]
    from tritonclient.grpc import service_pb2, service_pb2_grpc

    class Service(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
        def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
            return service_pb2.ModelReadyResponse(ready=served.ready)

        def ModelConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
            return json_format.ParseDict(
                {"config": served.config}, service_pb2.ModelConfigResponse()
            )

        def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
            return service_pb2.ModelMetadataResponse(**served.metadata)

        def RepositoryIndex(self, request: Any, context: Any) -> Any:  # noqa: N802
            entry = {"name": "gc", "version": served.version, "state": "READY"}
            return service_pb2.RepositoryIndexResponse(models=[entry])

        def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
            if not served.ready:
                context.abort(grpc.StatusCode.NOT_FOUND, "unknown model gc")
            scores = served.scores(request.raw_input_contents[0], list(request.inputs[0].shape))
            output = {"name": "scores", "datatype": "FP32", "shape": scores.shape}
            return service_pb2.ModelInferResponse(
                model_name="gc",
                model_version=served.version,
                outputs=[output],
                raw_output_contents=[scores.tobytes()],
            )

    server = grpc.server(ThreadPoolExecutor(16))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(Service(), server)
    if tls:
        pair = tuple(Path(file).read_bytes() for file in tls)
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"grpcs://localhost:{port}" if tls else f"grpc://127.0.0.1:{port}"
    finally:
        server.stop(0)


@contextmanager
def proxied(targets: list[str], meddle: "Meddle | None" = None) -> Iterator[str]:
    """Run a proxy before servers, which take turns, a connection each; give its URL.

    Args:
        targets: URLs of servers, by one protocol.
        meddle: called with the number of a connection, from 0, and the bytes that a server sends;
            returns those to pass on, or None to cut the connection.
    """
    scheme = targets[0].split("://")[0]
    ports = [int(url.rpartition(":")[2]) for url in targets]
    listener = socket.create_server(("127.0.0.1", 0))
    turn = itertools.count()
    pumps: list[threading.Thread] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                client = listener.accept()[0]
                number = next(turn)
                server = socket.create_connection(("127.0.0.1", ports[number % len(ports)]))
                for pair in ((client, server, None), (server, client, meddle)):
                    pumps.append(threading.Thread(target=pump, args=(number, *pair), daemon=True))
                    pumps[-1].start()

    def pump(number: int, source: socket.socket, sink: socket.socket, change: Any) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                changed = change(number, data) if change else data
                if changed is None:
                    break
                sink.sendall(changed)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()

    accepting = threading.Thread(target=serve, daemon=True)
    accepting.start()
    try:
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
        listener.close()
        for thread in pumps:
            thread.join(timeout=10)


PROTOCOLS = {"http": over_http, "grpc": over_grpc}
