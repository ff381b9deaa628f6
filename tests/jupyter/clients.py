"""Programs that run notebooks without a person: nbclient, nbconvert, papermill."""

import subprocess
import sys
import unittest
from pathlib import Path

import nbclient
import nbformat
import papermill
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebooks import MACHINE
from papermill.exceptions import PapermillException

KERNEL = {"kernelspec": {"name": "fovea", "display_name": "Fovea", "language": "fovea"}}
TRAINED = [
    "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10",
    "train tiny on digits for 3 epochs, seed 7",
    "test tiny on digits",
]


def notebook(*sources, parameters=None):
    cells = [new_code_cell(source) for source in sources]
    if parameters:
        cells.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    return new_notebook(cells=[new_markdown_cell("# A notebook"), *cells], metadata=KERNEL)


def write(name, *sources, **more):
    nbformat.write(notebook(*sources, **more), name)
    return name


def tool(*command):
    """Runs one of Jupyter's programs; its status and what it said."""
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def forms(cell):
    return [set(output.get("data", {})) for output in cell.outputs]


class Clients(unittest.TestCase):
    def test_nbclient_runs_all_cells_and_keeps_what_they_show(self):
        done = nbclient.NotebookClient(notebook(*TRAINED), timeout=120).execute()
        nbformat.validate(done)
        _, net, train, test = done.cells
        self.assertEqual([cell.execution_count for cell in (net, train, test)], [1, 2, 3])
        for cell in (net, train, test):
            for shown in forms(cell):
                self.assertIn("text/plain", shown)
        pictures = [shown for shown in forms(train) if "image/png" in shown]
        self.assertTrue(pictures and all("image/svg+xml" in shown for shown in pictures), forms(train))
        self.assertIn("accuracy", str(test.outputs))
        self.assertTrue(any("text/html" in shown for shown in forms(test)), forms(test))

    def test_nbclient_stops_at_a_mistake_and_shows_it_in_the_cell(self):
        wrong = notebook("let a = 1", "net n = 8x8x1 - rellu", "let never = 1")
        with self.assertRaises(nbclient.exceptions.CellExecutionError):
            nbclient.NotebookClient(wrong, timeout=60).execute()
        (error,) = wrong.cells[2].outputs
        self.assertEqual(error.output_type, "error")
        said = "\n".join(error.traceback)
        self.assertIn("rellu", said)
        self.assertIn("\x1b[", said)
        self.assertEqual(wrong.cells[3].outputs, [])

    def test_nbconvert_executes_to_html(self):
        status, said = tool("nbconvert", "--execute", "--to", "html", write("a.ipynb", *TRAINED))
        self.assertEqual(status, 0, said)
        page = Path("a.html").read_text()
        for part in ("data:image/svg+xml;base64,", "<table", "accuracy", "8x8x1"):
            self.assertTrue(part in page, part)

    def test_nbconvert_executes_to_a_notebook(self):
        status, said = tool("nbconvert", "--execute", "--to", "notebook", "--output", "done", write("b.ipynb", *TRAINED))
        self.assertEqual(status, 0, said)
        done = nbformat.read("done.ipynb", as_version=4)
        nbformat.validate(done)
        self.assertEqual([cell.execution_count for cell in done.cells[1:]], [1, 2, 3])
        self.assertEqual(done.metadata.language_info.name, "fovea")

    def test_a_path_of_a_machine_is_told_from_what_looks_like_one(self):
        for text in ("→ /a/b.fov", "(/folder/of/somebody)", r"C:\\Users"):
            self.assertRegex(text, MACHINE)
        for text in ("<td>1</td></tr>", "https://doi.org/10.24432/C50P49", "images/s", "7x7/2", "1/9 1/9", "→ runs/8/a"):
            self.assertNotRegex(text, MACHINE)

    def test_papermill_sets_parameters_with_let(self):
        write("p.ipynb", "net a = 8x8x1 - (conv {4, 8} - relu)^N, softmax 10", "summary a",
              parameters="let N = 2, rate = 0.5 # how many\nlet widths = {4, 8}")
        given = ["-p", "N", "2", "-p", "rate", "1e-05", "-y", "widths: [16, 2.5]"]
        status, said = tool("papermill", "p.ipynb", "out.ipynb", *given)
        self.assertEqual(status, 0, said)
        done = nbformat.read("out.ipynb", as_version=4)
        (injected,) = [cell for cell in done.cells if "injected-parameters" in cell.metadata.get("tags", [])]
        self.assertEqual(injected.source, "# Parameters\nlet widths = {16, 2.5}\nlet N = 2\nlet rate = 1e-05\n")
        self.assertIn("rate = 0.00001", str(injected.outputs).replace("1e-5", "0.00001"))

    def test_papermill_lists_the_parameters_of_a_notebook(self):
        write("h.ipynb", "note \"done\"", parameters="let N = 2, rate = 0.5 # how many\nlet widths = {4, 8};")
        status, said = tool("papermill", "--help-notebook", "h.ipynb")
        self.assertEqual(status, 0, said)
        for line in ("N: number (default 2)", "rate: number (default 0.5)", "widths: list (default {4, 8})", "how many"):
            self.assertIn(line, said)

    def test_papermill_refuses_what_let_cannot_bind(self):
        write("s.ipynb", "note \"done\"", parameters="let N = 2")
        for value in ("text", None, True, [[1], [2]], [], float("inf"), {"a": 1}):
            with self.assertRaisesRegex(PapermillException, "parameter N: Fovea has numbers and lists of numbers"):
                papermill.execute_notebook("s.ipynb", "never.ipynb", parameters={"N": value}, progress_bar=False)
            self.assertFalse(Path("never.ipynb").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
