"""The Triton backend against the real server: what it gives, and what it says when it cannot."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pluggy
import pytest
from numpy.typing import NDArray

from regplug.errors import BackendError, ModelError
from regplug.genome.codes import Codes
from regplug.hooks import hookspecs
from regplug.hooks import manager as plugins
from regplug.models import embedded, triton
from regplug.models.repository import read_card
from regplug.models.server import Server, serving
from regplug.scoring.backend import Backend, BackendOptions
from regplug.scoring.card import card_to_json
from tests.toy_models import gc_model, position_model

pytestmark = pytest.mark.triton


@pytest.fixture
def manager() -> pluggy.PluginManager:
    made = pluggy.PluginManager("regplug")
    made.add_hookspecs(hookspecs)
    made.register(embedded)
    made.register(triton)
    return made


@contextmanager
def opened(location: str, model: str, **options: object) -> Iterator[Backend]:
    backend = triton.regplug_open_backend(location, model, BackendOptions(**options))  # type: ignore[arg-type]
    assert backend is not None
    with closing(backend):
        yield backend


def random_codes(rows: int, width: int) -> Codes:
    return np.random.default_rng(rows).integers(0, 5, (rows, width)).astype(np.uint8)


def in_process(repo: Path, model: str, codes: Codes) -> NDArray[np.float32]:
    with closing(embedded.Embedded(repo / model, threads=1)) as backend:
        return backend.predict(codes)


@pytest.mark.parametrize(
    ("model", "width"), [("gc", 21), ("place", 30), ("any_length", 77), ("open", 600)]
)
@pytest.mark.parametrize("rows", [0, 1, 7, 512, 1000])
def test_the_server_and_the_embedded_backend_agree(
    url: str, repo: Path, model: str, width: int, rows: int
) -> None:
    codes = random_codes(rows, width)
    with opened(url, model) as backend:
        found = backend.predict(codes)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, in_process(repo, model, codes), rtol=1e-5, atol=1e-5)


def test_any_length_in_one_session(url: str, repo: Path) -> None:
    with opened(url, "any_length") as backend:
        for width in (1, 9, 400):
            codes = random_codes(120, width)
            found = backend.predict(codes)
            np.testing.assert_allclose(found, in_process(repo, "any_length", codes), rtol=1e-5)


def test_codes_that_are_not_contiguous(url: str, repo: Path) -> None:
    codes = random_codes(40, 60)[::2, 10:31]
    with opened(url, "gc") as backend:
        np.testing.assert_allclose(backend.predict(codes), in_process(repo, "gc", codes), rtol=1e-5)


def test_several_threads_share_a_backend(url: str, repo: Path) -> None:
    batches = [random_codes(rows, 21) for rows in (1, 700, 30, 1100, 5, 513, 64, 900)]
    with opened(url, "gc") as backend, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(backend.predict, batches))
    for codes, predictions in zip(batches, found, strict=True):
        np.testing.assert_allclose(predictions, in_process(repo, "gc", codes), rtol=1e-5)


def test_requests_are_split_at_the_served_max_batch_size(server: Server) -> None:
    before = statistics(server, "place")
    with opened(server.grpc, "place") as backend:
        assert backend.card.max_batch_size == 64
        backend.predict(random_codes(1000, 30))
    after = statistics(server, "place")
    assert after["requests"] - before["requests"] == 16  # 1000 rows, 63 at a time
    assert after["rows"] - before["rows"] == 1016  # and in each request one that proves whose it is


def statistics(server: Server, model: str) -> dict[str, int]:
    import tritonclient.grpc

    with tritonclient.grpc.InferenceServerClient(server.grpc.removeprefix("grpc://")) as client:
        found = client.get_inference_statistics(model).model_stats[0]
    return {"requests": found.inference_stats.success.count, "rows": found.inference_count}


def test_the_card_comes_from_the_server(url: str, repo: Path) -> None:
    for model in ("gc", "place", "any_length", "open"):
        with opened(url, model) as backend:
            assert backend.card == read_card(repo / model)


def test_hook_regplug_cards(url: str, repo: Path, manager: pluggy.PluginManager) -> None:
    found = plugins.cards(manager, url, BackendOptions())
    names = ["any_length", "gc", "holed", "open", "place", "profile", "profile_holed"]
    assert sorted(card.name for card in found) == names
    assert all(card == read_card(repo / card.name) for card in found)


def test_hook_regplug_open_backend(url: str, manager: pluggy.PluginManager) -> None:
    with closing(plugins.open_backend(manager, url, "gc", BackendOptions())) as backend:
        assert backend.predict(random_codes(3, 21)).shape == (3, 2)


def test_hooks_leave_folders_to_others(repo: Path) -> None:
    for location in (str(repo), "ftp://there/models", "grpc:no"):
        assert triton.regplug_cards(location, BackendOptions()) is None
        assert triton.regplug_open_backend(location, "gc", BackendOptions()) is None


def test_an_unknown_model_is_told_with_those_there(url: str, manager: pluggy.PluginManager) -> None:
    with pytest.raises(ModelError, match=r"no model basset in .*there are: any_length, gc, holed"):
        plugins.open_backend(manager, url, "basset", BackendOptions())


def test_a_given_card_replaces_the_server_s(url: str, repo: Path, tmp_path: Path) -> None:
    card = msgspec.structs.replace(read_card(repo / "gc"), doc="mine", default=True)
    file = tmp_path / "card.json"
    file.write_text(card_to_json(card))
    with opened(url, "gc", card=str(file)) as backend:
        assert backend.card == card
        assert backend.predict(random_codes(2, 21)).shape == (2, 2)
    assert triton.regplug_cards(url, BackendOptions(card=str(file))) == [card]


def test_a_card_file_that_is_missing(url: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read the card .*none\.json"):
        triton.regplug_open_backend(url, "gc", BackendOptions(card=str(tmp_path / "none.json")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "other"}, "the name is gc, the card has other"),
        ({"window": 600}, r"the input is codes UINT8 \[-1, 21\], the card has .*\[-1, 600\]"),
        ({"window": None}, r"the card has codes UINT8 \[-1, -1\]"),
        ({"targets": "fewer"}, r"the output is scores FP32 \[-1, 2\], the card has .*\[-1, 1\]"),
        ({"sha256": "0" * 64}, "the sha256 is .*, the card has 0000"),
    ],
)
def test_another_model_of_that_name(
    url: str, repo: Path, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    card = read_card(repo / "gc")
    if "targets" in change:
        change = {"targets": card.targets[:1]}
    file = tmp_path / "card.json"
    file.write_text(card_to_json(msgspec.structs.replace(card, **change)))
    with pytest.raises(BackendError, match=f"gc on .* is another model.*{message}"):
        triton.regplug_open_backend(url, "gc", BackendOptions(card=str(file)))


def test_nan_in_an_answer_is_an_error(url: str, repo: Path) -> None:
    codes = random_codes(200, 10) % np.uint8(4)
    expected = in_process(repo, "holed", codes)
    codes_with_n = codes.copy()
    codes_with_n[150, 3] = 4
    with opened(url, "holed") as backend:
        np.testing.assert_allclose(backend.predict(codes), expected, rtol=1e-5)
        with pytest.raises(BackendError, match="holed answered nan for T1"):
            backend.predict(codes_with_n)
        np.testing.assert_allclose(backend.predict(codes), expected, rtol=1e-5)
    with pytest.raises(BackendError, match="holed answered nan for T1"):
        in_process(repo, "holed", codes_with_n)


def test_codes_of_another_shape_or_type_are_refused_at_once(url: str) -> None:
    with opened(url, "gc", retry_seconds=600) as backend:
        with pytest.raises(BackendError, match=r"refused gc for codes of shape \(3, 20\)"):
            backend.predict(random_codes(3, 20))
        with pytest.raises(BackendError, match=r"refused gc .*INT64"):
            backend.predict(np.zeros((3, 21), np.int64))


def test_a_closed_backend_says_so(url: str) -> None:
    with opened(url, "gc") as backend:
        backend.predict(random_codes(9, 21))
    with pytest.raises(BackendError, match=r"gc on .* is closed"):
        backend.predict(random_codes(9, 21))
    backend.close()


def test_closing_leaves_no_threads_or_files_open(url: str) -> None:
    def use() -> None:
        with opened(url, "gc") as backend:
            backend.predict(random_codes(8000, 21))

    def held() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    use()
    threads, files = held()
    for _ in range(5):
        use()
    deadline = time.monotonic() + 10
    while (held()[0] > threads or held()[1] > files + 4) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert held()[0] <= threads
    assert held()[1] <= files + 4


def test_a_model_without_batches_is_refused(triton_installed: None, tmp_path: Path) -> None:
    gc_model(tmp_path, window=21)
    config = tmp_path / "gc" / "config.pbtxt"
    text = config.read_text().replace("max_batch_size: 64", "max_batch_size: 0")
    text = text.replace("dims: [ 21 ]", "dims: [ -1, 21 ]").replace(
        "dims: [ 2 ]", "dims: [ -1, 2 ]"
    )
    text = text[: text.index("instance_group")]
    config.write_text(text)
    with (
        serving(tmp_path) as server,
        pytest.raises(BackendError, match=r"gc on .* takes no batches"),
    ):
        triton.regplug_open_backend(server.grpc, "gc", BackendOptions())


class Restarting:
    """A server that can be killed, and started again at the same ports."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self._stack = ExitStack()
        self.now = self._stack.enter_context(serving(repo))

    def kill(self) -> None:
        os.killpg(self.now.process.pid, signal.SIGKILL)
        self._stack.close()

    def start(self) -> None:
        http, grpc, metrics = map(port_of, (self.now.http, self.now.grpc, self.now.metrics))
        again = serving(self.repo, http_port=http, grpc_port=grpc, metrics_port=metrics)
        self.now = self._stack.enter_context(again)

    def close(self) -> None:
        self._stack.close()


def port_of(url: str) -> int:
    return int(url.split(":")[2].split("/")[0])


@pytest.fixture
def restarting(triton_installed: None, tmp_path: Path) -> Iterator[Restarting]:
    gc_model(tmp_path)
    with closing(Restarting(tmp_path)) as made:
        yield made


@pytest.mark.fault("servers", "SIGKILL of a real server in the midst of a run, and its restart")
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_run_survives_a_killed_and_restarted_server(
    restarting: Restarting, protocol: str
) -> None:
    codes = random_codes(700, 21)
    expected = in_process(restarting.repo, "gc", codes)
    answers, enough = [], threading.Event()

    def run(backend: Backend) -> None:
        while not enough.is_set():
            answers.append(backend.predict(codes))

    def wait_for(number: int) -> None:
        while len(answers) < number and not future.done():
            time.sleep(0.01)

    with opened(getattr(restarting.now, protocol), "gc") as backend, ThreadPoolExecutor() as pool:
        future = pool.submit(run, backend)
        wait_for(3)
        restarting.kill()
        time.sleep(0.5)  # for some failed tries
        before = len(answers)
        restarting.start()
        wait_for(before + 3)
        enough.set()
        future.result(timeout=60)
    assert len(answers) >= before + 3
    for found in answers:
        np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.fault("versions", "a real server that is killed, and starts with another model")
@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("asked_meanwhile", [True, False])
def test_a_restart_with_another_model_of_that_name(
    restarting: Restarting, protocol: str, asked_meanwhile: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = getattr(restarting.now, protocol)
    with opened(url, "gc") as backend, ThreadPoolExecutor() as pool:
        backend.predict(random_codes(2, 21))
        restarting.kill()
        position_model(restarting.repo, "gc")
        if asked_meanwhile:
            future = pool.submit(backend.predict, random_codes(2, 21))
        restarting.start()
        if not asked_meanwhile:
            monkeypatch.setattr(triton, "CHECK_SECONDS", 0)
            future = pool.submit(backend.predict, random_codes(2, 21))
        with pytest.raises(BackendError, match=f"{url} now has another gc"):
            future.result(timeout=60)


@pytest.mark.fault("servers", "SIGKILL of a real server for good")
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_server_that_stays_away(restarting: Restarting, protocol: str) -> None:
    url = getattr(restarting.now, protocol)
    with opened(url, "gc", retry_seconds=0.5) as backend:
        backend.predict(random_codes(2, 21))
        restarting.kill()
        with pytest.raises(BackendError, match=f"{url} does not answer.*regplug serve.*address"):
            backend.predict(random_codes(2000, 21))


def test_files_beside_the_config_are_ignored_and_the_config_is_the_repository_s(
    server: Server, repo: Path
) -> None:
    assert (repo / "gc" / "card.json").is_file()
    assert (repo / "gc" / "golden.json").is_file()
    assert 'backend: "onnxruntime"' in (repo / "gc" / "config.pbtxt").read_text()
    log = server.log.read_text(errors="replace")
    assert "card.json" not in log.replace("regplug_card", "")
    assert "golden.json" not in log


def test_importing_the_backend_imports_no_client() -> None:
    code = (
        "import sys, regplug.models.triton\n"
        "assert not {'tritonclient', 'grpc', 'gevent', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
