"""Certificates of servers: the right one, and those that must not be trusted."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from regplug.errors import BackendError
from regplug.models import triton
from regplug.models.repository import read_card
from regplug.scoring.backend import BackendOptions
from tests.faults.fakes import Served, gc_scores, over_grpc, over_http, proxied

pytest.importorskip("tritonclient")

FAULT = pytest.mark.fault
CODES = np.random.default_rng(1).integers(0, 4, (100, 21)).astype(np.uint8)
VALID = ("20200101000000Z", "20991231000000Z")
AUTHORITY = """
[ca]
default_ca = mine
[mine]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


def certificate(folder: Path, host: str, dates: tuple[str, str]) -> tuple[str, str]:
    """Return files with a key and a certificate that it signed, for a host and between dates."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program to make a certificate")
    folder.mkdir()
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(AUTHORITY.format(folder=folder))
    key, asked, signed = (str(folder / name) for name in ("key.pem", "asked.pem", "signed.pem"))
    names = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", *names, "-keyout", key, "-out", asked)
    period = ["-startdate", dates[0], "-enddate", dates[1]]
    files = ["-config", str(folder / "ca.cnf"), "-keyfile", key, "-in", asked, "-out", signed]
    openssl("ca", "-batch", "-selfsign", "-notext", *period, *files)
    return key, signed


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    folder = tmp_path_factory.mktemp("certificates")
    return {
        "right": certificate(folder / "right", "localhost", VALID),
        "another": certificate(folder / "another", "localhost", VALID),
        "expired": certificate(
            folder / "expired", "localhost", ("20200101000000Z", "20200102000000Z")
        ),
        "of another host": certificate(folder / "host", "example.org", VALID),
    }


@contextmanager
def over_https(served: Served, key: str, signed: str) -> Iterator[str]:
    """Run a server with TLS; give its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed, key)
    with over_http(served, context) as url:
        yield f"https://localhost:{url.rpartition(':')[2]}"


SERVERS = {
    "https": over_https,
    "grpcs": lambda served, *files: over_grpc(served, files),
}


def predict(url: str, authority: str) -> np.ndarray:
    options = BackendOptions(ca_certificate=authority, retry_seconds=1)
    made = triton.regplug_open_backend(url, "gc", options)
    with closing(made):
        return made.predict(CODES)


@pytest.mark.parametrize("scheme", SERVERS)
@pytest.mark.parametrize("shown", ["right", "another", "expired", "of another host"])
@FAULT("TLS", "the right certificate; one that another key signed, an expired one, another host's")
def test_certificates(place, certificates, scheme, shown):
    key, signed = certificates[shown]
    served = Served(read_card(place.model))
    trusted = certificates["right" if shown == "another" else shown][1]
    with SERVERS[scheme](served, key, signed) as url:
        if shown == "right":
            np.testing.assert_allclose(predict(url, trusted), gc_scores(CODES))
            return
        with pytest.raises(BackendError) as error:
            predict(url, trusted)
    assert url in str(error.value)
    if scheme == "https":
        why = {"expired": "certificate has expired", "of another host": "Hostname mismatch"}
        assert why.get(shown, "certificate verify failed") in str(error.value)
    assert served.requests == 0


@pytest.mark.parametrize("scheme", SERVERS)
@FAULT("TLS", "a server without TLS where the address says TLS")
def test_no_tls(place, certificates, scheme):
    served = Served(read_card(place.model))
    with over_http(served) as plain:
        url = f"{scheme}://localhost:{plain.rpartition(':')[2]}"
        with pytest.raises(BackendError, match=url):
            predict(url, certificates["right"][1])
    assert served.requests == 0


@pytest.mark.parametrize("scheme", SERVERS)
@pytest.mark.parametrize("number", range(8))
@FAULT("proxies", "a bit that is turned in an encrypted answer, at random places")
def test_a_bit_that_is_turned(place, certificates, scheme, number):
    """What is altered on the way is not read: the answer is asked for again, or an error."""
    served = Served(read_card(place.model))
    rng = np.random.default_rng(number)
    wanted = int(rng.integers(1, 12))
    turned = threading.Event()
    seen = 0

    def turn(_: int, data: bytes) -> bytes:
        nonlocal seen
        seen += served.requests > 0 or scheme == "grpcs"
        if seen != wanted or turned.is_set():
            return data
        turned.set()
        at = int(rng.integers(len(data)))
        return data[:at] + bytes([data[at] ^ 1 << int(rng.integers(8))]) + data[at + 1 :]

    with SERVERS[scheme](served, *certificates["right"]) as url:
        port = url.rpartition(":")[2]
        with proxied([f"http://127.0.0.1:{port}"], turn) as between:
            address = f"{scheme}://localhost:{between.rpartition(':')[2]}"
            with suppress(BackendError):
                for _ in range(3):
                    found = predict(address, certificates["right"][1])
                    np.testing.assert_allclose(found, gc_scores(CODES))
    assert turned.is_set()


@FAULT("TLS", "a server that says nothing after the connection")
def test_silence(place, certificates):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://localhost:{silent.getsockname()[1]}"
        with pytest.raises(BackendError, match=url):
            predict(url, certificates["right"][1])
