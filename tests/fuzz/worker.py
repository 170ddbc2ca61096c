"""Reads damaged files, many in a child process: `python -m tests.fuzz.worker FOLDER`.

A line of standard input asks for cases: {"kind", "seed", "first", "count"}, or {"kind", "file"}.
The answer's line has the faults: what came of a file that is neither read nor refused as it must.
The same kind, seed and number are the same bytes.
"""

import errno
import json
import os
import re
import resource
import select
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from regplug.cli import main as command_line
from regplug.cli.shared.printable import printable
from regplug.errors import RegplugError
from tests.fuzz.kinds import KINDS, Kind
from tests.fuzz.mutate import mutated
from tests.fuzz.world import World, make_world

SECONDS, WALL = 20, 150  # of the processor, and of the clock: a case that needs more hangs
MEMORY = 6 * 2**30  # bytes of address space


def case_of(
    kind: Kind, world: World, seeds: list[bytes], request: dict[str, Any], at: int
) -> bytes:
    """Return the bytes of a case."""
    if "file" in request:
        return Path(request["file"]).read_bytes()
    if "sound" in request:
        return seeds[0]
    random = Random(f"{request['kind']}/{request['seed']}/{at}")
    data = random.choice(seeds)
    return kind.damaged(world, data, random, lambda raw: mutated(raw, random, seeds, kind.mutators))


def fault(status: int | str, err: str, told: str, out: Path) -> str:
    """Return what is wrong with how a case ended, or ""; `told` is what stood on stdout."""
    left = [path.name for path in out.iterdir()]
    if isinstance(status, str):
        return status
    # --debug shows what was raised
    own = re.search(r"^regplug\.errors\.\w+|^OSError: .*File name too long", err, re.MULTILINE)
    if "Exception ignored" in err or ("Traceback" in err and not own):
        return f"a traceback: {err[-1500:]}"
    if status == 0:
        return ""
    said = [line for line in err.split("\n") if line.startswith("regplug: ")]
    shown = [] if said else told.split("\n")[:-1]  # differences, such as those of verify
    if status not in (1, 2) or (status == 1 and len(said) != 1 and not shown):
        return f"status {status}, and on stderr: {err[-600:]!r}"
    for line in (*said, *shown):
        if re.search("[\x00-\x08\x0b-\x1f\x7f]", line):
            return f"control characters in its message: {line[:300]!r}"
    return f"left behind: {left}" if left else ""


def run(kind: Kind, world: World, case: Path) -> int | str:
    """Read the file of a case in this process; return the status, or a traceback."""
    reads = kind.reads(world, case)
    try:
        if callable(reads):
            reads(case)
            return 0
        sys.argv = ["regplug", *reads, "--debug"]
        command_line()
    except SystemExit as stop:
        return int(stop.code or 0) if not isinstance(stop.code, str) else 1
    except RegplugError as error:
        sys.stderr.write(printable(f"regplug: {error}\n"))
        return 1
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # the command line tells what it is
            sys.stderr.write("regplug: no file can have such a name\n")
            return 1
        return f"not caught: {traceback.format_exc()[-1500:]}"
    except BaseException:  # noqa: BLE001 - whatever it is, it is what we look for
        return f"not caught: {traceback.format_exc()[-1500:]}"
    return 0


def child(kind: Kind, world: World, seeds: list[bytes], request: dict, numbers: range, told: int):
    """Run cases and tell of each: its number, then its fault; in a process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    case = world.folder / "case"
    for at in numbers:
        shutil.rmtree(case, ignore_errors=True)
        kind.place(world, case, case_of(kind, world, seeds, request, at))
        streams = [Path(os.devnull), world.folder / "stdout", world.folder / "stderr"]
        for number, (path, mode) in enumerate(zip(streams, ("rb", "wb", "wb"), strict=True)):
            with path.open(mode) as file:
                os.dup2(file.fileno(), number)
        os.write(told, json.dumps([at]).encode() + b"\n")
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # its signal ends the process
        status = run(kind, world, case)
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = (path.read_text("utf-8", "replace") for path in streams[1:])
        found = fault(status, err, out, case / "out")
        os.write(
            told,
            json.dumps([at, status if isinstance(status, int) else -1, found]).encode() + b"\n",
        )
    os._exit(0)


def cases(kind: Kind, world: World, request: dict[str, Any]) -> dict[str, Any]:
    """Return how many cases were read, how many refused, and the faults: number → what."""
    seeds = list(kind.seeds(world))
    first, end = request.get("first", 0), request.get("first", 0) + request.get("count", 1)
    answer: dict[str, Any] = {"read": 0, "refused": 0, "faults": {}}
    while first < end:
        reads, writes = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(reads)
            child(kind, world, seeds, request, range(first, end), writes)
        os.close(writes)
        begun, done = first, first - 1
        for at, *ended in told_by(process, reads):
            begun = at
            if ended:
                done, (status, found) = at, ended
                answer["refused" if status else "read"] += 1
                answer["faults"] |= {at: found} if found else {}
        status = os.waitpid(process, 0)[1]
        if done + 1 < end:  # the process ended in the case that it had begun
            number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            why = f"signal {signal.Signals(number).name}" if number else f"exit {status >> 8}"
            hung = f", after {WALL} seconds or {SECONDS} of the processor"
            ours = number in (signal.SIGPROF, signal.SIGKILL)
            answer["faults"][begun] = f"the process ended: {why}{hung if ours else ''}"
        first = max(begun, done) + 1
    return answer


def told_by(process: int, reads: int) -> Iterator[list[Any]]:
    """Yield what a child tells, line by line, until it ends or says nothing for WALL seconds."""
    with os.fdopen(reads, "rb", buffering=0) as pipe:
        rest = b""
        while True:
            if not select.select([pipe], [], [], WALL)[0]:
                os.kill(process, signal.SIGKILL)
            part = pipe.read(65536)
            if not part:
                return
            *whole, rest = (rest + part).split(b"\n")
            yield from map(json.loads, whole)


def main() -> None:
    """Answer requests until standard input ends."""
    folder = Path(sys.argv[1])
    folder.mkdir()
    world = make_world(folder)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        answer = cases(KINDS[request["kind"]], world, request)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
