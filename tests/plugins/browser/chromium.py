"""A headless Chromium, driven over its debugging pipe: open a page, ask it, photograph it.

Protocol: chromedevtools.github.io/devtools-protocol; messages are JSON, each ended by a NUL.
"""

import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--mute-audio"]


class Chromium:
    """One tab of `width` × `height`; `problems` and `requests` hold what the page did."""

    def __init__(self, profile: Path, *, width: int = 1280, height: int = 1000) -> None:
        ours, theirs = os.pipe(), os.pipe()  # they read from ours[0] as 3, write to theirs[1] as 4
        command = [
            "bash", "-c", f'exec 3<&{ours[0]} 4>&{theirs[1]}; exec "$@"', "chromium",
            shutil.which("chromium") or "chromium", *FLAGS, "--remote-debugging-pipe",
            f"--user-data-dir={profile}", f"--window-size={width},{height}", "about:blank",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command,
            pass_fds=(ours[0], theirs[1]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours[0])
        os.close(theirs[1])
        self._out, self._in = os.fdopen(ours[1], "wb", 0), os.fdopen(theirs[0], "rb", 0)
        self._rest, self._count, self._session = b"", 0, ""
        self.problems: list[str] = []
        self.requests: list[str] = []
        tab = self._call("Target.createTarget", url="about:blank")
        attached = self._call("Target.attachToTarget", targetId=tab["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Go to `url`; `until` tells when it is ready."""
        answer = self._call("Page.navigate", url=url)
        assert "errorText" not in answer, answer

    def ask(self, script: str) -> Any:
        """Return the value of a JavaScript expression, or of its promise."""
        answer = self._call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, script: str, *, seconds: float = 60) -> None:
        """Wait until `script` is true."""
        end = time.monotonic() + seconds
        while not self.ask(f"Boolean({script})"):
            assert time.monotonic() < end, f"never true: {script}; {self.problems}"
            time.sleep(0.1)

    def click(self, element: str) -> None:
        """Click the middle of the element that a JavaScript expression names."""
        self.ask(f"({element}).scrollIntoView({{block: 'center'}})")
        box = self.ask(f"(({element}).getBoundingClientRect()).toJSON()")
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def photograph(self, path: Path) -> Path:
        """Write a PNG of what the window shows."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))
        return path

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self._note(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            chunk = self._in.read(1 << 16)
            assert chunk, f"Chromium ended with {self._process.wait()}"
            self._rest += chunk
        message, self._rest = self._rest.split(b"\0", 1)
        return dict(json.loads(message))

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.problems.append(str(parameters["exceptionDetails"]))
            case "Log.entryAdded" if parameters["entry"]["level"] == "error":
                self.problems.append(
                    f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}"
                )
            case "Runtime.consoleAPICalled" if parameters["type"] == "error":
                self.problems.append(str(parameters["args"]))
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Page.javascriptDialogOpening":
                self.problems.append(f"dialog: {parameters['message']}")
                self._count += 1
                close = {"id": self._count, "method": "Page.handleJavaScriptDialog"}
                close |= {"params": {"accept": True}, "sessionId": self._session}
                self._out.write(json.dumps(close).encode() + b"\0")

    def __enter__(self) -> "Chromium":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._out.write(b'{"id": 0, "method": "Browser.close"}\0')
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._out.close()
        self._in.close()
