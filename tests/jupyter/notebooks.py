"""Runs the notebooks of a folder, each with a kernel of its own, in a copy of the folder.

    notebooks.py check FOLDER      each runs without an error, and gives what its file has already
    notebooks.py execute FOLDER [NAME...]  each is run, and its file keeps what came of it

A run gives what the file has where every cell has the same outputs in the same order, each in the same forms (MIME
types), with the same text. Three things may differ: figures of time and speed; the plan, and how much memory training
takes, because another processor has other kernels; and, from the first cell on that trains,
any figure, and how many lines list them, because another processor rounds otherwise. Pictures are compared by their
forms alone. A cell that is to show a mistake has the tag `raises-exception`.
"""

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbclient
import nbformat

# A cell that takes longer than this hangs.
DEADLINE = 900

NUMBER = r"[-+−]?\d[\d,_]*(?:\.\d+)?(?:[eE][-+]?\d+)?"
TIMED = re.compile(rf"{NUMBER}\s*(?:(?:ns|µs|us|ms|s|min|h|seconds?|minutes?|hours?)\b|(?:images|GFLOP|MFLOP|TFLOP)/s)")
# An absolute path, which a reader of the notebook does not have.
MACHINE = re.compile(r"(?<![\w./:<-])(?:/[\w.-]+){2,}|\b[A-Z]:\\[^\s\"'<]*")
EMBEDDED = re.compile(r"base64,[A-Za-z0-9+/=\s]+")
TRAINS = re.compile(r"^\s*train\b", re.MULTILINE | re.IGNORECASE)


def main(mode, folder, *names):
    folder = Path(folder)
    paths = [folder / name for name in names] or sorted(folder.glob("*.ipynb"))
    if mode not in ("check", "execute") or not paths:
        sys.exit(__doc__ if paths else f"no notebooks in {folder}")
    wrong = []
    for path in paths:
        committed = nbformat.read(path, as_version=4)
        fresh = run(path)
        if mode == "execute":
            keep(fresh, path)
        found = [*blemishes(fresh)] if mode == "execute" else [*blemishes(committed), *differences(committed, fresh)]
        wrong += [f"{path.name}: {what}" for what in found]
        cells = sum(cell.cell_type == "code" for cell in fresh.cells)
        print(f"{path.name}: {cells} cells run", flush=True)
    if wrong:
        sys.exit("\n".join(wrong))


def run(path):
    """The notebook as a fresh kernel leaves it, in a copy of its folder."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "notebooks"
        shutil.copytree(path.parent, copy, ignore=shutil.ignore_patterns("runs", "*.out", ".ipynb_checkpoints"))
        client = nbclient.NotebookClient(
            notebook, timeout=DEADLINE, record_timing=False, resources={"metadata": {"path": str(copy)}}
        )
        try:
            client.execute()
        except nbclient.exceptions.CellExecutionError as error:
            sys.exit(f"{path.name}: {error}")
    return notebook


def keep(notebook, path):
    """Writes the notebook, whole or not at all."""
    nbformat.validate(notebook)
    aside = path.with_name(f".{path.name}.part")
    nbformat.write(notebook, aside)
    os.replace(aside, path)


def blemishes(notebook):
    """What outputs that others are to read must not have."""
    for number, cell in code_cells(notebook):
        if not cell.source.strip():
            yield f"cell {number} is empty"
        if cell.execution_count != number:
            yield f"cell {number} was run as the {cell.execution_count}th: run the whole with notebooks/execute.sh"
        if shows_mistake(cell) and not any(output.output_type == "error" for output in cell.outputs):
            yield f"cell {number} is to show a mistake, and has none"
        for output in cell.outputs:
            if output.output_type == "error" and not shows_mistake(cell):
                yield f"cell {number} has an error: {output.evalue}"
            for mime, text in texts(output):
                for path in MACHINE.findall(EMBEDDED.sub("", text)):
                    yield f"cell {number} names a folder of a machine in its {mime}: {path}"


def differences(committed, fresh):
    """Where two runs of the same notebook differ."""
    trained = False
    for (number, before), (_, after) in zip(code_cells(committed), code_cells(fresh), strict=True):
        trained = trained or bool(TRAINS.search(before.source))
        forms = [shape(cell.outputs) for cell in (before, after)]
        if forms[0] != forms[1]:
            yield f"cell {number} gave {forms[0]} and gives {forms[1]}"
            continue
        for old, new in zip(before.outputs, after.outputs):
            for (mime, was), (_, now) in zip(plain(old), plain(new)):
                was, now = (said(text, trained) for text in (was, now))
                if was != now:
                    yield f"cell {number}, {mime}, was\n{was}\nand is\n{now}"


def code_cells(notebook):
    return list(enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1))


def shows_mistake(cell):
    return "raises-exception" in cell.metadata.get("tags", [])


def shape(outputs):
    """The outputs' kinds and forms."""
    return [(output.output_type, *sorted(output.get("data", {output.get("name"): 0}))) for output in outputs]


def texts(output):
    """Everything in an output that can be read, by its form."""
    if output.output_type == "stream":
        return [(output.name, output.text)]
    if output.output_type == "error":
        return [("error", "\n".join(output.traceback))]
    return [(mime, str(data)) for mime, data in sorted(output.get("data", {}).items()) if mime != "image/png"]


def plain(output):
    if any(mime.startswith("image/") for mime in output.get("data", {})):
        return []
    return [(mime, text) for mime, text in texts(output) if mime in ("text/plain", "stdout", "stderr", "error")]


def said(text, trained):
    """The text without what may differ."""
    # A share of the time is told only where there is one.
    text = re.sub(rf",\s+{NUMBER}\s*%\s+of\s+the\s+time\s+waiting\s+for\s+data", "", text)
    text = TIMED.sub("# of time", text)
    # Kernels, and the memory that they need, are the processor's.
    text = re.sub(rf"(training(?:\s+by\s+{NUMBER}\s+a\s+step)?\s+takes\s+){NUMBER}\s*[kMGT]?B", r"\1# B", text)
    text = re.sub(r"(Its plan, fused:).*", r"\1", text, flags=re.DOTALL)
    if trained:
        # Which pictures are told most wrongly, and what they are taken for.
        text = re.sub(r"(The worst mistakes\n[^\n]*\n)(?:[^\n]+\n?)*", r"\1", text)
        # Bars and plots of characters follow the figures; so do which answers are right, and how many are listed.
        text = re.sub(r"[▀-▟⠀-⣿]+", "▪", re.sub(rf"[<>]?{NUMBER}|·", "#", re.sub(rf"✗ is {NUMBER}", "✓", text)))
        text = re.sub(r"#[ ,%#]*#", "#", text)
        # A plot's own lines, and which classes take most of a picture, in which order.
        lines = (line.strip() for line in text.splitlines() if not re.fullmatch(r"[\s▪┤│┼#%]*", line))
        text = re.sub(r"(?:\w+ # ?%,\s*)+\w+ # ?%", "classes # %", " ".join(dict.fromkeys(lines)))
        # Whether one picture fools the net hangs on its figures, too.
        text = re.sub(r"# \(# ?%?\) becomes # \(# ?%?\)|still # \(# ?%?\)", "# (#)", text)
    return re.sub(r"[ ─━═]+", " ", text)


if __name__ == "__main__":
    main(*(sys.argv[1:] if len(sys.argv) > 2 else ("help", ".")))
