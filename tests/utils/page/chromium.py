"""A headless Chromium, driven through its own pipe: no further package is needed."""

import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path


def find() -> str | None:
    """Returns Chromium's command, or None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Chromium:
    """One tab.

    Args:
      profile: a temporary folder.
      width, height: of the window, in pixels.
    """

    def __init__(self, profile: Path, width: int = 1280, height: int = 1000) -> None:
        to_it, self._write = os.pipe()
        self._read, from_it = os.pipe()

        def connect() -> None:
            # Chromium reads from 3 and writes to 4; the pipe's ends may have these numbers.
            a, b = os.dup(to_it), os.dup(from_it)
            os.dup2(a, 3)
            os.dup2(b, 4)

        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        flags += ["--no-first-run", f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            [find(), *flags],
            close_fds=False,
            preexec_fn=connect,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_it)
        os.close(from_it)
        self._number, self._buffer, self._session = 0, b"", None
        (target,) = (
            each for each in self.send("Target.getTargets")["targetInfos"] if each["type"] == "page"
        )
        attached = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        self.resize(width, height)

    def send(self, method: str, **parameters: object) -> dict:
        """Sends a command of the DevTools protocol and returns its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._buffer:
                part = os.read(self._read, 1 << 20)
                assert part, "Chromium has ended"
                self._buffer += part
            line, self._buffer = self._buffer.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def resize(self, width: int, height: int) -> None:
        """Gives the page another size."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def open(self, address: str) -> None:
        """Goes to an address."""
        self.send("Page.navigate", url=address)

    def run(self, script: str) -> object:
        """Returns what a JavaScript expression is."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, script: str, seconds: float = 120) -> object:
        """Waits until an expression is true, and returns it."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"waited in vain for {script}"
            time.sleep(0.02)
        return value

    def choose_file(self, selector: str, path: Path) -> None:
        """Puts a file into a file field."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def screenshot(self, path: Path) -> None:
        """Writes what is seen, the whole page, as a PNG."""
        shot = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait()
        os.close(self._read)
        os.close(self._write)
