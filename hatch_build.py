"""Compiles the kernel of regplug_deepbind into the wheel, where there is a C compiler.

Without one, or with REGPLUG_PURE set, the wheel is pure Python, and the models run by onnxruntime.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "plugins/regplug_deepbind"
LIBRARY = "_kernel.so"
# The same bits on each CPU: nothing is fused into one rounding.
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fPIC", "-shared")


class Kernel(BuildHookInterface[Any]):
    """The step of hatchling's build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; a wheel with the library is one for this platform.

        An editable installation gets it beside the sources.
        """
        sources = Path(self.root, FOLDER)
        self._scratch = tempfile.TemporaryDirectory()
        made = (sources if version == "editable" else Path(self._scratch.name)) / LIBRARY
        if not compiled(sources, made):
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        if version != "editable":
            build_data["force_include"][str(made)] = f"{Path(FOLDER).name}/{LIBRARY}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what the wheel was made of."""
        self._scratch.cleanup()


def compiled(sources: Path, library: Path) -> bool:
    """Compile the kernel; tell whether that went well, and on stderr why not."""
    library.unlink(missing_ok=True)  # a process may hold the old one
    if os.environ.get("REGPLUG_PURE"):
        return False
    compiler = shlex.split(os.environ.get("CC", "")) or ["cc"]
    read = b"".join((sources / name).read_bytes() for name in ("kernel.c", "kernel_wide.h"))
    define = f'-DSOURCES="{sha256(read).hexdigest()}"'
    note = f"there is no C compiler {compiler[0]}"
    if shutil.which(compiler[0]):
        command = [*compiler, *FLAGS, define, "-o", library, sources / "kernel.c"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return True
        note = done.stderr
    sys.stderr.write(
        f"the kernel of regplug_deepbind is not compiled, so panels take longer: {note}\n"
    )
    return False
