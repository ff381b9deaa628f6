"""Parameters in notebooks of Fovea: papermill writes them as `let`.

papermill has a list of translators, one a language, but no way for others to put theirs on it except while it loads
the engines that others bring. So this is an engine as well, which runs notebooks as papermill's own does.
`fovea jupyter install` puts this file into a Python environment, `fovea jupyter uninstall` takes it away.
"""

import math
import re

from papermill.engines import NBClientEngine
from papermill.exceptions import PapermillException
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

BINDING = re.compile(r"(?P<name>[A-Za-z]\w*)\s*=\s*(?P<value>\{[^}]*\}|[^,#]+)")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


class FoveaTranslator(Translator):
    """Numbers and lists of numbers, which are all the values that `let` binds."""

    @classmethod
    def codify(cls, parameters, comment="Parameters"):
        lines = [cls.comment(comment)]
        for name, value in parameters.items():
            try:
                lines.append(cls.assign(name, cls.translate(value)))
            except TypeError as error:
                raise PapermillException(f"parameter {name}: {error}") from None
        return "\n".join(lines) + "\n"

    @classmethod
    def translate(cls, val):
        if isinstance(val, list) and val and all(map(is_number, val)):
            return "{" + ", ".join(map(repr, val)) + "}"
        if not is_number(val):
            raise TypeError(f"Fovea has numbers and lists of numbers like {{1, 2}}, and no value for {val!r}")
        return repr(val)

    @classmethod
    def comment(cls, cmt_str):
        return f"# {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        return f"let {name} = {str_val}"

    @classmethod
    def inspect(cls, parameters_cell):
        found = []
        for line in parameters_cell["source"].splitlines():
            word, _, rest = line.strip().partition(" ")
            if word.lower() != "let":
                continue
            _, _, comment = rest.partition("#")
            for match in BINDING.finditer(rest.partition("#")[0]):
                value = match["value"].strip().rstrip(";").strip()
                kind = "list" if value.startswith("{") else "number"
                found.append(Parameter(match["name"], kind, value, comment.strip()))
        return found


class Engine(NBClientEngine):
    """papermill's own engine, by the name `fovea`."""


papermill_translators.register("fovea", FoveaTranslator)
