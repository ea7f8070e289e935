"""Headless Chromium through its DevTools protocol over a pipe: nothing to install but the browser itself."""

import json
import os
import shutil
import signal
import subprocess
import tempfile

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-headless-shell")


class Browser:
    """One page of one browser, with everything it complained about in `complaints`."""

    def __init__(self):
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()

        def hand_over():
            # The browser reads its orders from descriptor 3 and answers on 4. Both are copied out of the way
            # first, because one of them may be 3 or 4 itself.
            orders, answers = os.dup2(to_read, 30), os.dup2(to_write, 31)
            os.dup2(orders, 3)
            os.dup2(answers, 4)

        self._process = subprocess.Popen(
            [EXECUTABLE, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", f"--user-data-dir={self._profile.name}", "--remote-debugging-pipe"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": self._profile.name},
            pass_fds=(3, 4), preexec_fn=hand_over, start_new_session=True)
        os.close(to_read)
        os.close(to_write)
        self._waiting = b""
        self._number = 0
        self.complaints = []
        self._loaded = False
        self._session = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._ask(f"{domain}.enable")
        self.requests = []

    def close(self):
        os.close(self._write)
        os.close(self._read)
        self._process.terminate()
        self._process.wait()
        try:
            os.killpg(self._process.pid, signal.SIGKILL)  # its helpers, which would write on to the profile
        except ProcessLookupError:
            pass
        self._profile.cleanup()

    def emulate(self, width, height, scheme, mobile=False):
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self._ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, path):
        """Loads a local file, with the network off."""
        self._ask("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
        self._loaded = False
        self._ask("Page.navigate", url=f"file://{path}")
        while not self._loaded:
            self._take()

    def value(self, expression):
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def _ask(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._take()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]

    def _take(self):
        while b"\0" not in self._waiting:
            more = os.read(self._read, 65536)
            if not more:
                raise AssertionError("the browser is gone")
            self._waiting += more
        text, self._waiting = self._waiting.split(b"\0", 1)
        message = json.loads(text)
        method = message.get("method")
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        elif method in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
            self.complaints.append(message["params"])
        return message
