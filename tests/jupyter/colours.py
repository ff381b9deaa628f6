"""The lab extension's tokenizer, in a browser, gives programs the kinds that the terminal's colours have.

    colours.py EXTENSION.js CASES.json      cases: [[program, [[from, to, kind], …]], …], places in UTF-16 units
"""

import json
import sys
from pathlib import Path

from browser import chromium

# What CodeMirror does with a tokenizer: line by line, a stream each, one state.
DRIVE = """async programs => {
  const factory = await window._JUPYTERLAB['fovea-lab'].get('./tokenizer');
  const tokenizer = factory().default;
  const stream = string => ({
    string, pos: 0, start: 0,
    sol() { return this.pos === 0; },
    eol() { return this.pos >= string.length; },
    next() { return this.eol() ? undefined : string[this.pos++]; },
    eatSpace() { const from = this.pos; while (/\\s/.test(string[this.pos] || '')) this.pos++; return this.pos > from; },
    current() { return string.slice(this.start, this.pos); },
    match(pattern) {
      const rest = string.slice(this.pos);
      const found = typeof pattern === 'string' ? rest.startsWith(pattern) && [pattern] : rest.match(pattern);
      if (found) this.pos += found[0].length;
      return found || null;
    },
  });
  return programs.map(program => {
    const state = tokenizer.startState();
    const found = [];
    let offset = 0;
    for (const line of program.split('\\n')) {
      const lineStream = stream(line);
      while (!lineStream.eol()) {
        lineStream.start = lineStream.pos;
        const kind = tokenizer.token(lineStream, state);
        if (lineStream.pos === lineStream.start) throw new Error('no progress in ' + line);
        if (kind) found.push([offset + lineStream.start, offset + lineStream.pos, kind]);
      }
      offset += line.length + 1;
    }
    return found;
  });
}"""


def main(extension, cases):
    cases = json.loads(Path(cases).read_text())
    with chromium() as browser:
        page = browser.new_page()
        page.add_script_tag(path=extension)
        answers = page.evaluate(DRIVE, [program for program, _ in cases])
    wrong = 0
    for (program, expected), found in zip(cases, answers, strict=True):
        units = program.encode("utf-16-le")
        text = lambda piece: units[2 * piece[0] : 2 * piece[1]].decode("utf-16-le")
        for piece in sorted({tuple(piece) for piece in expected} ^ {tuple(piece) for piece in found}):
            side = "the terminal" if list(piece) in expected else "the extension"
            print(f"{side} alone: `{text(piece)}` at {piece[0]} is {piece[2]}, in\n{program}\n")
            wrong += 1
    pieces = sum(len(found) for found in answers)
    print(f"{len(cases)} programs, {pieces} pieces, {wrong} differences")
    sys.exit(1 if wrong else 0)


main(*sys.argv[1:])
