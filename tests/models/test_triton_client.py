"""The Triton backend against small fake servers: headers, TLS, other servers, bad times."""

import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from regplug.errors import BackendError, MissingLibraryError
from regplug.models import triton
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import ModelCard, card_to_json
from tests.toy_models import gc_model

pytest.importorskip("tritonclient")

METADATA: dict[str, Any] = {
    "name": "gc",
    "versions": ["1"],
    "platform": "other",
    "inputs": [{"name": "codes", "datatype": "UINT8", "shape": [-1, 21]}],
    "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, 2]}],
}
CODES = np.zeros((3, 21), np.uint8)


class Fake(ThreadingHTTPServer):
    """An Open Inference server: no configurations, no index; every score is 1."""

    daemon_threads = True
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.failures: list[int] = []  # statuses for the next inferences
        self.rows: list[int] = []

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        connection.settimeout(5)
        return connection, address


class Handler(BaseHTTPRequestHandler):
    server: Fake
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.removeprefix("/base")
        self.server.seen.append((path, dict(self.headers)))
        known = {"/v2/models/gc/ready": {}, "/v2/models/gc": METADATA}
        self.answer(known.get(path, {"error": f"no {path}"}), 200 if path in known else 404)

    def do_POST(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/infer") and self.server.failures:
            self.answer({"error": "busy"}, self.server.failures.pop(0))
        elif self.path.endswith("/infer"):
            header = int(self.headers["Inference-Header-Content-Length"])
            shape = json.loads(body[:header])["inputs"][0]["shape"]
            self.server.rows.append(shape[0])
            scores = {"name": "scores", "datatype": "FP32", "shape": [shape[0], 2]}
            self.answer({"model_name": "gc", "outputs": [scores | {"data": [1.0] * 2 * shape[0]}]})
        else:
            self.answer({"error": "no such call"}, 404)

    def answer(self, content: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running(server: Fake) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.socket.close()


@pytest.fixture
def fake() -> Iterator[Fake]:
    server = Fake()
    with running(server):
        yield server


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    return gc_model(tmp_path / "repo")


@pytest.fixture
def card_file(tmp_path: Path, card: ModelCard) -> str:
    file = tmp_path / "card.json"
    file.write_text(card_to_json(msgspec.structs.replace(card, max_batch_size=2)))
    return str(file)


def predicted(location: str, **options: Any) -> NDArray[np.float32]:
    backend = triton.regplug_open_backend(location, "gc", BackendOptions(**options))
    assert backend is not None
    with closing(backend):
        return backend.predict(CODES)


def test_another_open_inference_server_needs_only_the_card(fake: Fake, card_file: str) -> None:
    url = f"http://127.0.0.1:{fake.server_port}"
    np.testing.assert_array_equal(predicted(url, card=card_file), np.ones((3, 2)))
    assert fake.rows == [2, 2, 2]  # the card's max_batch_size is 2, and one row is the proof
    with pytest.raises(BackendError, match=r"gc on .* has no card .*give --card FILE"):
        predicted(url)


def test_headers_go_with_every_request(fake: Fake, card_file: str) -> None:
    url = f"http://127.0.0.1:{fake.server_port}/base"
    headers = (("Authorization", "Bearer abc"), ("X-Lab", "7"))
    predicted(url, card=card_file, headers=headers)
    assert len(fake.seen) >= 5
    for _, seen in fake.seen:
        assert (seen["Authorization"], seen["X-Lab"]) == ("Bearer abc", "7")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_busy_server_is_asked_again(fake: Fake, card_file: str, status: int) -> None:
    fake.failures = [status] * 3
    url = f"http://127.0.0.1:{fake.server_port}"
    np.testing.assert_array_equal(predicted(url, card=card_file), np.ones((3, 2)))
    assert not fake.failures


def test_a_refusal_is_not_asked_again(fake: Fake, card_file: str) -> None:
    fake.failures = [400] * 10
    with pytest.raises(BackendError, match=r"refused gc for codes .*busy"):
        predicted(f"http://127.0.0.1:{fake.server_port}", card=card_file)
    assert len(fake.failures) >= 7  # of three requests in flight


def test_a_server_that_is_no_inference_server(fake: Fake) -> None:
    url = f"http://127.0.0.1:{fake.server_port}"
    with pytest.raises(BackendError, match=f"{url} refused its list of models"):
        triton.regplug_cards(url, BackendOptions())
    with pytest.raises(BackendError, match=f"{url} refused basset: .*no such call"):
        triton.regplug_open_backend(url, "basset", BackendOptions())


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A key, and the certificate of localhost that it signed."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, signed = str(folder / "key.pem"), str(folder / "certificate.pem")
    options = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", "-x509", *options, *names, "-keyout", key, "-out", signed],
        check=True,
        capture_output=True,
    )
    return key, signed


def test_https_trusts_the_given_certificate_only(
    card_file: str, certificate: tuple[str, str]
) -> None:
    key, signed = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed, key)
    context.load_verify_locations(signed)
    context.verify_mode = ssl.CERT_REQUIRED  # the client must show a certificate, too
    server = Fake()
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    mine = {"ca_certificate": signed, "client_key": key, "client_certificate": signed}
    with running(server) as port:
        url = f"https://localhost:{port}"
        np.testing.assert_array_equal(predicted(url, card=card_file, **mine), np.ones((3, 2)))
        with pytest.raises(BackendError, match="certificate verify failed"):
            predicted(url, card=card_file)


@contextmanager
def fake_grpc(
    card: ModelCard, certificate: tuple[str, str]
) -> Iterator[tuple[int, list[dict[str, str]]]]:
    """Run a gRPC server with TLS; give its port, and the headers that it sees."""
    import grpc  # type: ignore[import-untyped]
    from tritonclient.grpc import service_pb2, service_pb2_grpc

    seen: list[dict[str, str]] = []

    class Service(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
        def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
            seen.append(dict(context.invocation_metadata()))
            return service_pb2.ModelReadyResponse(ready=True)

        def ModelConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
            answer = service_pb2.ModelConfigResponse()
            answer.config.max_batch_size = 2
            answer.config.parameters["regplug_card"].string_value = card_to_json(card)
            return answer

        def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
            return service_pb2.ModelMetadataResponse(**METADATA)

        def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
            seen.append(dict(context.invocation_metadata()))
            rows = request.inputs[0].shape[0]
            output = {"name": "scores", "datatype": "FP32", "shape": [rows, 2]}
            return service_pb2.ModelInferResponse(
                outputs=[output], raw_output_contents=[np.ones((rows, 2), np.float32).tobytes()]
            )

    key, signed = (Path(file).read_bytes() for file in certificate)
    server = grpc.server(ThreadPoolExecutor(4))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(Service(), server)
    credentials = grpc.ssl_server_credentials(
        [(key, signed)], root_certificates=signed, require_client_auth=True
    )
    port = server.add_secure_port("localhost:0", credentials)
    server.start()
    try:
        yield port, seen
    finally:
        server.stop(0).wait()


def test_grpcs_with_headers_and_certificates(card: ModelCard, certificate: tuple[str, str]) -> None:
    key, signed = certificate
    with fake_grpc(card, certificate) as (port, seen):
        url = f"grpcs://localhost:{port}"
        mine = {"ca_certificate": signed, "client_key": key, "client_certificate": signed}
        found = predicted(url, headers=(("Authorization", "Bearer abc"),), **mine)
        with pytest.raises(BackendError, match=f"{url} does not answer"):
            predicted(url, retry_seconds=0.2)
    np.testing.assert_array_equal(found, np.ones((3, 2)))
    assert len(seen) >= 4
    assert {headers["authorization"] for headers in seen} == {"Bearer abc"}


@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_nothing_at_the_address(scheme: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"{scheme}://127.0.0.1:{unused.getsockname()[1]}"
        start = time.monotonic()
        with pytest.raises(BackendError, match=f"{url} does not answer.*regplug serve"):
            triton.regplug_open_backend(url, "gc", BackendOptions(retry_seconds=1))
        with pytest.raises(BackendError, match=f"{url} does not answer"):
            triton.regplug_cards(url, BackendOptions(retry_seconds=0))
        assert time.monotonic() - start < 60  # not retry_seconds of a server that did answer


def test_patience_at_opening_is_short_unless_something_answers() -> None:
    assert triton._at_opening(BackendOptions()) == (5, 60)
    assert triton._at_opening(BackendOptions(retry_seconds=2)) == (2, 2)


@pytest.mark.parametrize("url", ["grpc://somewhere", "grpc://here:8001/v2", "grpcs://"])
def test_an_address_that_is_none_for_grpc(url: str) -> None:
    with pytest.raises(BackendError, match=r"gRPC needs grpcs?://HOST:PORT"):
        triton.regplug_cards(url, BackendOptions())


def test_a_certificate_file_that_is_missing() -> None:
    for scheme in ("grpcs", "https"):
        url = f"{scheme}://127.0.0.1:1"
        with pytest.raises(BackendError, match=f"no file /none.pem, to connect to {url} with"):
            triton.regplug_cards(url, BackendOptions(ca_certificate="/none.pem"))


def test_a_certificate_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    url = "https://127.0.0.1:1"
    with pytest.raises(BackendError, match=f"cannot set up a connection to {url}"):
        triton.regplug_cards(url, BackendOptions(ca_certificate=str(tmp_path / "bad.pem")))


@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_without_tritonclient_the_extra_is_named(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, f"tritonclient.{scheme}", None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'regplug\[triton\]'"):
        triton.regplug_cards(f"{scheme}://127.0.0.1:1", BackendOptions())
