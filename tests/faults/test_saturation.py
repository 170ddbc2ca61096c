"""Eight clients ask one server without a pause: no error, no wrong answer, and no memory grows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from regplug.models.server import local_server, serving
from tests.faults.client import resident
from tests.toy_models import gc_model

CLIENTS = 8
MINUTES = float(os.environ.get("REGPLUG_MINUTES", "10"))  # of a night
FAULT = pytest.mark.fault("servers", "8 clients at full load: errors, wrong answers, memory")
ROOT = Path(__file__).parents[2]


def memory_of(session: int) -> int:
    """Return the memory of all processes of a session, in KiB."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == session:
                total += resident(folder.name)
        except (OSError, TypeError):
            pass  # it has ended
    return total


def saturated(repo: Path, seconds: float) -> int:
    """Run the clients for some time; return how many requests were answered."""
    gc_model(repo, max_batch_size=512)
    with serving(repo) as server:
        urls = [server.grpc, server.http] * (CLIENTS // 2)
        line = [sys.executable, "-m", "tests.faults.client"]
        clients = [
            subprocess.Popen(
                [*line, url, str(seconds), str(seed)], cwd=ROOT, stdout=subprocess.PIPE, text=True
            )
            for seed, url in enumerate(urls)
        ]
        assert [client.stdout.readline() for client in clients] == ["warm\n"] * CLIENTS
        early = memory_of(server.process.pid)
        answers = [json.loads(client.communicate()[0]) for client in clients]
        late = memory_of(server.process.pid)
    assert [client.returncode for client in clients] == [0] * CLIENTS
    assert [answer["faults"] for answer in answers] == [[]] * CLIENTS
    assert min(answer["requests"] for answer in answers) > 0
    grown = [f"server {early} → {late} KiB"] if late > 1.1 * early else []
    for before, after in (answer["memory"] for answer in answers):
        if before and after > 1.1 * before:
            grown.append(f"client {before} → {after} KiB")
    assert not grown
    return sum(answer["requests"] for answer in answers)


pytestmark = [
    pytest.mark.triton,
    pytest.mark.skipif(local_server() is None, reason="needs the server extra"),
    pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc"),
]


@FAULT
@pytest.mark.slow
def test_twenty_seconds(tmp_path, tried):
    tried(saturated(tmp_path, 20))


@FAULT
@pytest.mark.nightly
def test_minutes(tmp_path, tried):
    tried(saturated(tmp_path, 60 * MINUTES))
