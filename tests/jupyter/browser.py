"""A headless Chromium, and a JupyterLab for it, on the loopback alone."""

import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright


@contextlib.contextmanager
def chromium():
    """A browser; ends with the block."""
    program = shutil.which("chromium") or sys.exit("there is no chromium on PATH: tests/jupyter/setup.sh installs it")
    with sync_playwright() as playwright:
        # Containers have neither the user namespaces that the sandbox wants, nor much /dev/shm, nor a GPU.
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def jupyterlab(folder):
    """A JupyterLab over a folder: gives its address and its token; ends with the block, its kernels too."""
    token = secrets.token_hex(16)
    log = open("jupyterlab.log", "w+")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
    settings = {
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": token,
        "LabApp.workspaces_dir": "workspaces",
        "LabApp.user_settings_dir": settings_folder(),
        "LabApp.expose_app_in_browser": "True",
    }
    command += [f"--{name}={value}" for name, value in settings.items()]
    server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield address(server), token
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


# Nothing is asked of the network, every cell is in the page, and brackets close.
SETTINGS = {
    "apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false", "doNotDisturbMode": True},
    "notebook-extension/tracker": {"windowingMode": "none"},
    "codemirror-extension/plugin": {"defaultConfig": {"autoClosingBrackets": True}},
}


def settings_folder():
    for name, settings in SETTINGS.items():
        path = Path(f"settings/@jupyterlab/{name}.jupyterlab-settings")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    return os.path.abspath("settings")


def address(server):
    """The server's address, once it answers."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.poll() is None:
        with open("jupyterlab.log") as log:
            found = re.search(r"http://127\.0\.0\.1:\d+", log.read())
        if found:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(found[0] + "/api", timeout=5)
                return found[0]
        time.sleep(0.1)
    sys.exit("JupyterLab does not answer:\n" + open("jupyterlab.log").read())
