"""IGV itself on a virtual screen: a session in, a picture out."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def photograph(session: Path, genome: Path, out: Path) -> Path:
    """Return a picture of the session; `genome` stands for the one that IGV fetches at first."""
    for program in ("igv", "xvfb-run"):
        if not shutil.which(program):
            pytest.skip(f"no {program}: apt-get install igv xvfb xauth")
    (out / "home" / "igv").mkdir(parents=True)
    preferences = f"DEFAULT_GENOME_KEY={genome}\nPORT_ENABLED=false\n"
    (out / "home" / "igv" / "prefs.properties").write_text(preferences)
    batch = [
        "setSleepInterval 0",
        f"load {session}",
        f"snapshotDirectory {out}",
        "snapshot igv.png",
    ]
    (out / "batch.txt").write_text("\n".join([*batch, "exit\n"]))
    log = out / "igv.log"
    with log.open("w") as file:
        subprocess.run(
            ["xvfb-run", "-a", "-s", "-screen 0 1280x900x24", "igv", "-b", out / "batch.txt"],
            env=os.environ | {"JAVA_TOOL_OPTIONS": f"-Duser.home={out / 'home'}"},
            stdout=file,
            stderr=subprocess.STDOUT,
            timeout=180,
            check=True,
        )
    assert (out / "igv.png").is_file(), log.read_text()[-3000:]
    return out / "igv.png"
