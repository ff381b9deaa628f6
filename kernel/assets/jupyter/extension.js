// Fovea in JupyterLab and Jupyter Notebook: colours, `#` for comments, brackets, and the file type `.fov`.
// Loaded as it is, without a build. The words of the language are put in when this is installed.
(() => {
  const WORDS = __WORDS__;
  const LOGO = __LOGO__;

  const sets = {};
  for (const [name, words] of Object.entries(WORDS)) {
    if (Array.isArray(words)) sets[name] = new Set(words);
  }
  const verbs = Object.fromEntries(Object.entries(WORDS.verbs).map(([verb, clauses]) => [verb, new Set(clauses)]));

  const WORD = /^(%+\w*|[A-Za-z_][\w.]*)/;
  const NUMBER = /^\d+(\.\d+)?([eE][+-]?\d+)?/;
  const SIZE = /^[xX]\d[\dxX]*(?![\w.])/;
  const UNFINISHED = /[-|,=>→–—−‐‑]\s*$/;

  // A layer, numbers glued to it or none: conv, conv3x3.
  const isLayer = word => {
    const [, stem, digits] = /^([a-z]*)(.*)$/.exec(word);
    return sets.layers.has(stem) && /^(\d+(\.\d+)?([x×]\d+(\.\d+)?)*)?$/.test(digits);
  };

  const inChain = (word, beginsItem) => {
    if (sets.chainClauses.has(word)) return 'clause';
    if (!beginsItem && sets.options.has(word)) return 'option';
    if (sets.links.has(word)) return 'layer';
    return !sets.foreign.has(word) && isLayer(word) ? 'layer' : 'name';
  };

  const inVerb = (word, verb) => {
    if (sets.verbClauses.has(word) || (Object.hasOwn(verbs, verb) && verbs[verb].has(word))) return 'clause';
    return sets.named.has(word) ? 'option' : 'name';
  };

  // Whether a statement begins with this word: one that is a layer's too stands before a matrix.
  const beginsStatement = (word, rest) =>
    sets.statements.has(word) || word === '%%slide' || (sets.beforeMatrix.has(word) && /^\s*\[/.test(rest));

  // Whether the line that begins here goes on with the statement before it.
  const continues = (line, state) => {
    if (state.statement === null) return false;
    const [, written, rest] = /^\s*(%*\w*)(.*)/.exec(line);
    const word = written.toLowerCase();
    const indented = /^\s*/.exec(line)[0].length > state.base;
    if (indented) return true;
    if (state.statement === '%%slide') return true;
    if (state.statement === 'slide') return !beginsStatement(word, rest);
    if (word === 'where') return true;
    if (state.comma && sets.continuing.has(word)) return true;
    return (state.depth > 0 || state.unfinished) && !beginsStatement(word, rest);
  };

  // What is true behind this line: whether it wants another.
  const noteEnd = (line, state) => {
    const code = line.replace(/"[^"]*"?/g, '""').replace(/#.*/, '').trimEnd();
    if (code.trim() === '') return;
    state.comma = code.endsWith(',');
    state.unfinished = UNFINISHED.test(code);
  };

  const atLineStart = (stream, state) => {
    const code = stream.string.replace(/#.*/, '');
    if (code.trim() === '') return;
    const indent = /^\s*/.exec(code)[0].length;
    if (state.base === null) state.base = indent;
    if (!continues(code, state)) {
      state.statement = '';
      state.begins = true;
      state.depth = 0;
    }
    noteEnd(stream.string, state);
  };

  // The kinds are those of the terminal; see `fovea_dsl::editor::highlight`.
  const tokenizer = {
    name: 'fovea',
    startState: () => ({
      base: null, // how far every line is indented
      statement: null, // the word that began the statement
      begins: false, // whether the statement's first word is still to come
      beginsItem: true, // whether an item of a chain begins here
      depth: 0, // brackets that are open
      comma: false, // whether the line before ended in a comma
      unfinished: false, // whether it ended in something that must be followed
    }),
    token(stream, state) {
      if (stream.sol()) atLineStart(stream, state);
      if (stream.eatSpace()) return null;
      const kind = piece(stream, state);
      const isSlide = /^(%%)?slide$/.test(state.statement);
      if (isSlide && kind !== 'statement') return null;
      const text = stream.current();
      if (kind !== 'comment') state.beginsItem = kind === 'sign' && !/^[)\]}/{]$/.test(text);
      return kind;
    },
  };

  const piece = (stream, state) => {
    const before = stream.string[stream.pos - 1];
    if (stream.match(/^#.*/)) return 'comment';
    if (stream.match(/^"[^"]*("|$)/)) return first(state, 'text');
    if (stream.match(NUMBER)) return first(state, 'number');
    if (/\d/.test(before || '') && stream.match(SIZE)) return 'number';
    if (stream.match(WORD)) {
      const word = stream.current().toLowerCase();
      if (state.begins) {
        state.begins = false;
        state.statement = word;
        return beginsStatement(word, stream.string.slice(stream.pos)) ? 'statement' : 'name';
      }
      return sets.definitions.has(state.statement) ? inChain(word, state.beginsItem) : inVerb(word, state.statement);
    }
    if (stream.match('->')) return 'sign';
    const sign = stream.next();
    const escaped = before === '\\';
    if ('([{'.includes(sign) && !(escaped && sign !== '{')) state.depth += 1;
    if (')]}'.includes(sign) && !(escaped && sign !== '}')) state.depth = Math.max(0, state.depth - 1);
    // A formula's signs before the first word are blank to the language.
    if (!'$\\'.includes(sign) && !escaped) first(state, null);
    return 'sign';
  };

  // A statement that begins with no word has none.
  const first = (state, kind) => {
    state.begins = false;
    return kind;
  };

  // The kinds by CodeMirror's names, for which every theme has a colour. Names have one too: JupyterLab's own completion adds the
  // words of the text to the kernel's where the cursor's has none.
  const STYLES = {
    statement: 'keyword',
    clause: 'keyword',
    layer: 'def',
    option: 'attribute',
    name: 'variable',
    number: 'number',
    text: 'string',
    comment: 'comment',
  };

  // JupyterLab shows an SVG as an image, which is then as wide as it says, and cut off where the cell is narrower. Those
  // that say of themselves `max-width:100%`, as all of Fovea's do, are as wide as there is room.
  const STYLE = `.jp-RenderedSVG:not(.jp-mod-unconfined) > img[src*="${encodeURIComponent('max-width:100%')}"] {
    max-width: 100%;
    height: auto;
  }`;

  const activate = (app, languages, { StreamLanguage, LanguageSupport }, { LabIcon }) => {
    const mode = StreamLanguage.define({
      ...tokenizer,
      token: (stream, state) => STYLES[tokenizer.token(stream, state)] || null,
      languageData: {
        commentTokens: { line: '#' },
        closeBrackets: { brackets: ['(', '[', '{', '"'] },
      },
    });
    const style = document.createElement('style');
    style.textContent = STYLE;
    document.head.appendChild(style);
    languages.addLanguage({
      name: 'fovea',
      displayName: 'Fovea',
      mime: 'text/x-fovea',
      extensions: ['fov'],
      support: new LanguageSupport(mode),
    });
    app.docRegistry.addFileType({
      name: 'fovea',
      displayName: 'Fovea Script',
      extensions: ['.fov'],
      mimeTypes: ['text/x-fovea'],
      icon: new LabIcon({ name: 'fovea-lab:logo', svgstr: LOGO }),
    });
  };

  // What JupyterLab shares with its extensions; the version that it runs, where there are several.
  let shared = {};
  const load = async name => {
    const versions = Object.values(shared[name] || {});
    const version = versions.find(version => version.loaded) || versions[0];
    if (!version) throw new Error(`fovea-lab: this JupyterLab has no ${name}`);
    return (await version.get())();
  };

  const modules = {
    './extension': async () => {
      const names = ['@jupyterlab/codemirror', '@codemirror/language', '@jupyterlab/ui-components'];
      const [{ IEditorLanguageRegistry }, language, components] = await Promise.all(names.map(load));
      const plugin = {
        id: 'fovea-lab:language',
        description: 'Colours and the file type of Fovea.',
        autoStart: true,
        requires: [IEditorLanguageRegistry],
        activate: (app, languages) => activate(app, languages, language, components),
      };
      return { __esModule: true, default: plugin };
    },
    './tokenizer': async () => ({ __esModule: true, default: tokenizer }),
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB['fovea-lab'] = {
    init: scope => {
      shared = scope;
    },
    get: async name => {
      const module = await modules[name]();
      return () => module;
    },
  };
})();
