//! The head of an npy file: a Python dictionary of the elements' type, their order and the array's shape.

/// What the head says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub element: Element,
    /// Whether the first index runs fastest.
    pub is_fortran: bool,
    pub shape: Vec<usize>,
}

/// What an array's elements are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub kind: Kind,
    /// How many bytes one takes.
    pub bytes: usize,
    pub is_big_endian: bool,
}

/// Kinds of elements, by the letters that NumPy has for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Float,
    Signed,
    Unsigned,
    Bool,
    /// What is no number, or none that is read; by NumPy's name.
    Other(String),
}

impl Element {
    /// NumPy's name: `float32`.
    pub fn name(&self) -> String {
        let bits = 8 * self.bytes;
        match &self.kind {
            Kind::Float => format!("float{bits}"),
            Kind::Signed => format!("int{bits}"),
            Kind::Unsigned => format!("uint{bits}"),
            Kind::Bool => "bool".into(),
            Kind::Other(name) => name.clone(),
        }
    }
}

/// Reads the dictionary; `None` where it is none, or lacks something.
pub(super) fn read(text: &str) -> Option<Header> {
    let entries = entries(text.trim().strip_prefix('{')?.strip_suffix('}')?);
    let entry = |name: &str| entries.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let is_fortran = match entry("fortran_order")? {
        "True" => true,
        "False" => false,
        _ => return None,
    };
    let numbers = entry("shape")?.strip_prefix('(')?.strip_suffix(')')?.split(',').map(str::trim);
    // Python 2 wrote `3L`.
    let numbers = numbers.filter(|number| !number.is_empty()).map(|number| number.trim_end_matches('L').parse());
    Some(Header { element: element(entry("descr")?)?, is_fortran, shape: numbers.collect::<Result<_, _>>().ok()? })
}

/// `'a': (1, 2), 'b': True` by keys, without their quotes, and values as they stand.
fn entries(text: &str) -> Vec<(&str, &str)> {
    let (mut depth, mut quote, mut begin, mut colon) = (0usize, None, 0, None);
    let mut entries = Vec::new();
    for (at, letter) in text.char_indices().chain([(text.len(), ',')]) {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ':') if depth == 0 && colon.is_none() => colon = Some(at),
            (None, ',') if depth == 0 => {
                if let Some(colon) = colon.take() {
                    entries.push((unquoted(text[begin..colon].trim()), text[colon + 1..at].trim()));
                }
                begin = at + 1;
            }
            _ => {}
        }
    }
    entries
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['\'', '"'])
}

/// `'<f4'`
fn element(text: &str) -> Option<Element> {
    if text.starts_with('[') {
        return Some(Element {
            kind: Kind::Other("a record of several fields".into()),
            bytes: 0,
            is_big_endian: false,
        });
    }
    let text = unquoted(text);
    let is_big_endian = text.starts_with('>');
    let text = text.trim_start_matches(['<', '>', '|', '=']);
    let letter = text.chars().next()?;
    let size = &text[letter.len_utf8()..];
    let bytes = if size.is_empty() { 0 } else { size.split('[').next()?.parse().ok()? };
    let kind = match (letter, bytes) {
        ('f', 4 | 8) => Kind::Float,
        ('f', 2) => Kind::Other("float16".into()),
        ('i', 1 | 2 | 4 | 8) => Kind::Signed,
        ('u', 1 | 2 | 4 | 8) => Kind::Unsigned,
        ('b', 1) => Kind::Bool,
        ('O', _) => Kind::Other("object".into()),
        ('U' | 'S' | 'a', _) => Kind::Other("text".into()),
        ('c', _) => Kind::Other("complex".into()),
        ('M' | 'm', _) => Kind::Other("a time".into()),
        _ => Kind::Other(format!("`{text}`")),
    };
    Some(Element { kind, bytes, is_big_endian })
}

#[cfg(test)]
mod tests {
    use super::{Kind, read};

    #[test]
    fn what_numpy_writes_is_understood() {
        let header = read("{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }   \n").expect("a head");
        assert_eq!(
            (header.element.name(), header.is_fortran, header.shape),
            ("float32".into(), false, vec![60000, 28, 28])
        );
        let header = read("{\"shape\":(3L,),'fortran_order':True,'descr':'>u2'}").expect("a head");
        assert!(header.element.is_big_endian && header.is_fortran);
        assert_eq!((header.element.name(), header.shape), ("uint16".into(), vec![3]));
        let named = |descr: &str| {
            read(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ()}}"))
                .map(|header| header.element.kind)
        };
        assert_eq!(named("'|b1'"), Some(Kind::Bool));
        for (descr, name) in [("'|O'", "object"), ("'<U7'", "text"), ("'<f2'", "float16"), ("'<c16'", "complex")] {
            assert_eq!(named(descr), Some(Kind::Other(name.into())));
        }
        assert_eq!(named("[('a', '<f4'), ('b', '<i8')]"), Some(Kind::Other("a record of several fields".into())));
    }

    #[test]
    fn what_is_no_head_is_none() {
        let no = ["", "{", "}{", "{}", "{'descr': '<f4'}", "{'descr': '', 'fortran_order': False, 'shape': (1,)}"];
        let more = [
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': 5}",
            "{'descr': '<fx', 'fortran_order': False, 'shape': (5,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
            "{'descr': 'é', 'fortran_order': False, 'shape': (((}",
        ];
        assert!(no.iter().chain(&more).all(|text| read(text).is_none()));
    }
}
