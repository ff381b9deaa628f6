"""Fovea in JupyterLab, in a browser, as a person uses it. Screenshots go to $FOVEA_SCREENSHOTS.

    lab.py [STEP...]
"""

import os
import re
import sys
import time
from pathlib import Path

import nbclient
import nbformat
from browser import chromium, jupyterlab
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

KERNEL = {"kernelspec": {"name": "fovea", "display_name": "Fovea", "language": "fovea"}}
SCREENSHOTS = Path(os.environ.get("FOVEA_SCREENSHOTS", "screenshots")).absolute()
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

# What a cell shows, and its number: a star while it runs or waits.
STATE = """cell => ({
  prompt: cell.querySelector('.jp-InputPrompt').innerText.trim(),
  shown: [...cell.querySelectorAll('.jp-OutputArea-child')].map(child => ({
    picture: child.querySelector('img')?.src || child.querySelector('.jp-RenderedSVG')?.innerHTML || null,
    loaded: [...child.querySelectorAll('img')].every(img => img.complete && img.naturalWidth > 0),
    cut: child.querySelector('.jp-OutputArea-output').scrollWidth > child.clientWidth,
    tables: child.querySelectorAll('table').length,
    text: child.innerText,
  })),
})"""

# How the first piece of a text in an editor looks.
LOOK = """([editor, text]) => {
  const walker = document.createTreeWalker(editor, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (walker.currentNode.textContent.trim() !== text) continue;
    const style = getComputedStyle(walker.currentNode.parentElement);
    return [style.color, style.fontWeight, style.fontStyle].join(' ');
  }
  return null;
}"""

# Keeps what the kernel of the notebook is said to do from now on.
STATUSES = """() => {
  window.__statuses = [];
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  kernel.statusChanged.connect((_, status) => window.__statuses.push(status));
}"""


class Lab:
    """A page of JupyterLab."""

    def __init__(self, page, address, token):
        self.page, self.address, self.token = page, address, token
        page.set_default_timeout(60_000)

    def open(self, path):
        self.page.goto(f"{self.address}/lab{path}?reset&token={self.token}")
        self.page.wait_for_selector("#jp-main-dock-panel .lm-DockPanel-widget")
        # What was open before comes back first, and takes the keyboard.
        self.page.evaluate("async () => { await window.jupyterapp.restored; }")

    def notebook(self, name):
        self.open(f"/tree/{name}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.wait("the kernel is idle", lambda: self.status() == "idle")

    def wait(self, what, holds, seconds=60):
        """Waits until `holds()` is true; what it gave."""
        deadline = time.monotonic() + seconds
        while not (value := holds()):
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
            self.page.wait_for_timeout(50)
        return value

    def status(self):
        indicator = self.page.query_selector(".jp-Notebook-ExecutionIndicator")
        return indicator and indicator.get_attribute("data-status")

    def cell(self, number):
        return self.page.query_selector_all(".jp-CodeCell")[number]

    def state(self, number):
        return self.cell(number).evaluate(STATE)

    def run(self, number):
        """Starts a cell. A page that has just opened may take the keyboard to itself between the click and the keys."""

        def starts():
            before = self.state(number)["prompt"]
            self.cell(number).query_selector(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            deadline = time.monotonic() + 15
            while self.state(number)["prompt"] == before and time.monotonic() < deadline:
                self.page.wait_for_timeout(50)
            return self.state(number)["prompt"] != before

        self.wait(f"cell {number} starts", starts)

    def finish(self, number, seconds=60):
        """Runs a cell to its end; what it then shows."""
        self.run(number)
        self.wait(f"cell {number} ends", lambda: re.fullmatch(r"\[\d+\]:", self.state(number)["prompt"]), seconds)
        return self.state(number)["shown"]

    def type_into(self, number, text):
        self.cell(number).query_selector(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def look(self, editor, text):
        return self.page.query_selector(editor).evaluate(f"editor => ({LOOK})([editor, {text!r}])")

    def theme(self, name):
        self.page.evaluate(f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: {THEMES[name]!r}}})")
        light = "true" if name == "light" else "false"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
        self.page.wait_for_timeout(500)

    def picture(self, name):
        """A screenshot; of the whole notebook where one is open."""
        height = self.page.evaluate(
            "[...document.querySelectorAll('.jp-Notebook .jp-WindowedPanel-inner, .jp-Notebook')]"
            ".reduce((most, panel) => Math.max(most, panel.scrollHeight), 0)"
        )
        self.page.set_viewport_size({"width": 1250, "height": min(max(900, height + 200), 6000)})
        self.page.evaluate("document.querySelectorAll('.jp-WindowedPanel-outer').forEach(panel => panel.scrollTop = 0)")
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")
        self.page.set_viewport_size({"width": 1250, "height": 900})

    def pictures(self, name):
        for theme in THEMES:
            self.theme(theme)
            self.picture(f"{name}-{theme}")
        self.theme("light")


def training(lab):
    """A cell trains while another is typed; it is interrupted, and what it learned stays."""
    lab.notebook("training.ipynb")
    define, train, queued, test, typed = range(5)
    colours(lab, ".jp-CodeCell .cm-content")
    lab.finish(define)

    lab.run(train)
    lab.run(queued)
    seen = set()

    def changes():
        seen.update(shown["picture"] for shown in lab.state(train)["shown"] if shown["picture"])
        return len(seen) >= 3

    lab.wait("the plot changes twice", changes)
    shown = lab.state(train)["shown"]
    assert [bool(one["picture"]) for one in shown].count(True) == 1 and len(shown) == 2, shown
    assert "epoch" in shown[0]["text"] + shown[1]["text"], shown
    assert lab.status() == "busy", lab.status()

    lab.type_into(typed, "summary my")
    lab.page.keyboard.press("Tab")
    lab.page.wait_for_selector(".jp-Completer-item")
    items = [item.inner_text() for item in lab.page.query_selector_all(".jp-Completer-item")]
    assert any("mynet" in item for item in items) and any("mytwin" in item for item in items), items
    lab.picture("while-it-trains")
    assert lab.status() == "busy", lab.status()
    lab.page.keyboard.press("Escape")
    lab.page.wait_for_timeout(1000)
    assert lab.status() == "busy" and "*" in lab.state(train)["prompt"], "the completion made the kernel look idle"

    lab.page.click('[data-command="notebook:interrupt-kernel"]')
    lab.wait("the cell stops", lambda: lab.state(train)["prompt"] == "[2]:")
    lab.wait("the kernel is idle", lambda: lab.status() == "idle")
    lab.page.wait_for_timeout(500)
    assert not any(one["cut"] for one in lab.state(train)["shown"]), lab.state(train)["shown"]
    dropped = lab.state(queued)
    assert dropped == {"prompt": "[ ]:", "shown": []}, dropped
    shown = lab.state(train)["shown"]
    assert [bool(one["picture"]) for one in shown].count(True) == 1, shown
    said = "\n".join(one["text"] for one in lab.finish(test))
    accuracy = float(re.search(r"accuracy ([\d.]+) %", said)[1])
    assert accuracy > 50, said
    lab.pictures("training")

    lab.theme("dark")
    lab.type_into(typed, "theme dark\nshow digits[0..8]\nfilters mynet.conv1\nplot loss, accuracy of mynet")
    lab.page.keyboard.press("Escape")
    assert sum(bool(one["picture"]) for one in lab.finish(typed)) == 3
    lab.picture("dark-pictures")
    lab.theme("light")
    completed(lab, typed)


def completed(lab, cell):
    """What is chosen stands for what was typed: JupyterLab's own completion of words would add to it."""
    lab.type_into(cell, "summary re")
    lab.page.keyboard.press("Tab")
    lab.page.wait_for_selector(".jp-Completer-item")
    matches = [match.inner_text() for match in lab.page.query_selector_all(".jp-Completer-match")]
    assert matches and all(match.startswith("re") for match in matches), matches
    lab.page.keyboard.press("Enter")
    typed = lab.page.query_selector_all(".jp-CodeCell .cm-content")[cell].inner_text()
    assert typed == f"summary {matches[0]}", (typed, matches)


def colours(lab, editor):
    """Words are coloured by their kinds."""
    kinds = {"statement": "net", "layer": "conv", "comment": "# a comment", "number": "28x28x1", "name": "mynet"}
    lab.wait("there are colours", lambda: lab.look(editor, "net"))
    looks = {kind: lab.look(editor, word) for kind, word in kinds.items()}
    looks["text"] = lab.look(editor, '"a string"')
    # JupyterLab's theme shows names as it shows the signs that they stand between.
    looks["name"] = looks["name"] or "plain"
    assert None not in looks.values() and len(set(looks.values())) == len(looks), looks


def restart(lab):
    """A kernel that is restarted runs the notebook again."""
    lab.page.evaluate(STATUSES)
    lab.page.click('[data-command="notebook:restart-kernel"]')
    lab.page.click(".jp-Dialog .jp-mod-accept")

    def restarted():
        seen = lab.page.evaluate("window.__statuses")
        return "restarting" in seen and seen[-1] == "idle" and lab.status() == "idle"

    lab.wait("the kernel restarts", restarted)
    failed = lab.finish(3)
    assert lab.state(3)["prompt"] == "[1]:" and "mynet" in failed[0]["text"], failed
    lab.finish(0)
    assert lab.state(0)["prompt"] == "[2]:"


def untrusted(lab):
    """A notebook that somebody else has run shows its pictures and tables before it is trusted."""
    lab.notebook("untrusted.ipynb")
    trusted = "window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.trusted)"
    lab.wait("the cells are there", lambda: len(lab.page.evaluate(trusted)) == len(SHOWN) + 1)
    assert True not in lab.page.evaluate(trusted)[1:], lab.page.evaluate(trusted)
    for number in range(len(SHOWN)):
        cell = lab.page.query_selector_all(".jp-CodeCell")[number]
        cell.scroll_into_view_if_needed()
        shown = cell.evaluate(STATE)["shown"]
        assert shown and all(one["loaded"] for one in shown), (SHOWN[number], shown)
        pictures, tables = sum(bool(one["picture"]) for one in shown), sum(one["tables"] for one in shown)
        assert (pictures > 0, tables > 0) == SHOWN[number][1:], (SHOWN[number], pictures, tables)
    lab.pictures("untrusted")


def hostile(lab):
    """What users write stays text."""
    lab.notebook("hostile.ipynb")
    for number in range(len(HOSTILE)):
        lab.finish(number)
        lab.page.wait_for_timeout(300)
    lab.page.wait_for_timeout(500)
    assert lab.page.evaluate("window.__hacked") is None, "a script ran"
    assert lab.page.query_selector(".jp-OutputArea img[src='x']") is None
    text = lab.page.inner_text(".jp-Notebook")
    assert text.count("onerror") >= 2 * len(HOSTILE) - 1, text
    lab.picture("hostile")


def launcher(lab):
    """The launcher offers Fovea with its logo."""
    lab.open("")
    logo = lab.page.wait_for_selector(".jp-LauncherCard[title='Fovea'] img")
    lab.wait("the logo is there", lambda: logo.evaluate("img => img.complete && img.naturalWidth > 0"))
    lab.pictures("launcher")


def script(lab):
    """A script opens with its colours; `#` is toggled and brackets close."""
    lab.open("/tree/script.fov")
    editor = lab.page.wait_for_selector(".jp-FileEditor .cm-content")
    colours(lab, ".jp-FileEditor .cm-content")
    editor.click()
    lab.page.keyboard.press("Control+Home")
    lab.page.keyboard.press("Control+/")
    assert editor.inner_text().startswith("# net"), editor.inner_text()
    lab.page.keyboard.press("Control+/")
    lab.page.keyboard.press("Control+End")
    lab.page.keyboard.type("net b = 8x8x1 - (conv {4")
    assert editor.inner_text().strip().endswith("(conv {4})"), editor.inner_text()
    lab.picture("script")


DEFINE = """net mynet = 28x28x1 - conv 6 5x5 - relu - pool - conv 16 5x5 valid - relu - pool, softmax 10  # a comment
net mytwin = mynet.pool1 - fc 32 - relu, softmax 10
data digits size 28x28
note "a string\""""
TRAINING = [DEFINE, "train mynet on digits for 1000 epochs", 'note "never"', "test mynet on digits", ""]
# Cells, and whether they show pictures and tables.
SHOWN = [
    ("net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10", False, False),
    ("summary tiny", False, True),
    ("train tiny on digits for 5 epochs, seed 7", True, True),
    ("show digits[0..8]", True, False),
    ("plot loss, accuracy of tiny", True, False),
    ("test tiny on digits", True, True),
]
IMAGE = "<img src=x onerror=window.__hacked=1>"
HOSTILE = [
    f'note "{IMAGE}"',
    f"net {IMAGE} = 8x8x1 - conv 4",
    f"summary {IMAGE}",
    f'net tiny = 8x8x1 - conv 4, softmax 10\nsave tiny "{IMAGE}"',
    f'predict tiny on digits[0..4] save "{IMAGE}.npy"',
    f'load tiny "{IMAGE}.not"',
]


def write(name, sources, client=None):
    """A notebook in the folder that is served; what a client makes of it, which nobody has signed."""
    cells = [new_markdown_cell(f"# {name}"), *map(new_code_cell, sources)]
    notebook = new_notebook(cells=cells, metadata=KERNEL)
    if client:
        client(notebook, timeout=120).execute()
    nbformat.write(notebook, f"served/{name}.ipynb")


def main(*names):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    Path("served").mkdir()
    Path("served/script.fov").write_text(DEFINE + "\n")
    write("training", TRAINING)
    write("untrusted", [source for source, *_ in SHOWN], nbclient.NotebookClient)
    write("hostile", HOSTILE)
    with jupyterlab("served") as (address, token), chromium() as browser:
        lab = Lab(browser.new_page(viewport={"width": 1250, "height": 900}), address, token)
        steps = {step.__name__: step for step in (launcher, training, restart, untrusted, hostile, script)}
        for step in [steps[name] for name in names or steps]:
            began = time.monotonic()
            try:
                step(lab)
            except BaseException:
                lab.page.screenshot(path=SCREENSHOTS / "failed.png")
                raise
            print(f"{step.__name__}: {time.monotonic() - began:.1f} s", flush=True)
    print(f"screenshots: {SCREENSHOTS}")


if __name__ == "__main__":
    main(*sys.argv[1:])
