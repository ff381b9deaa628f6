//! Numbers as people read them.

use fovea_graph::counted;
/// A whole number with its thousands apart: `201,706`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of things: `1 epoch`, `1,437 epochs`.
pub fn of(number: usize, thing: &str) -> String {
    counted(count(number as u64), thing)
}

const PREFIXES: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];

/// A figure to three digits with a decimal prefix: `1.23 GFLOP`. An empty unit leaves the prefix alone: `1.23 G`.
pub fn si(figure: f64, unit: &str) -> String {
    if !figure.is_finite() {
        return "–".to_string();
    }
    let mut scaled = figure.abs();
    let mut prefix = 0;
    // 999.5 rounds to 1,000, which the next prefix writes as 1.
    while scaled >= 999.5 && prefix + 1 < PREFIXES.len() {
        scaled /= 1000.0;
        prefix += 1;
    }
    let digits = match scaled {
        _ if prefix == 0 && scaled.fract() == 0.0 => format!("{scaled:.0}"),
        s if s < 9.995 => format!("{scaled:.2}"),
        s if s < 99.95 => format!("{scaled:.1}"),
        _ => format!("{scaled:.0}"),
    };
    let sign = if figure < 0.0 { "-" } else { "" };
    format!("{sign}{digits} {}{unit}", PREFIXES[prefix]).trim_end().to_string()
}

/// Memory in decimal units, to two digits or to the whole unit: `512 B`, `3.2 MB`, `548 MB`.
pub fn bytes(number: u64) -> String {
    if number < 1000 {
        return format!("{number} B");
    }
    let mut scaled = number as f64;
    let mut prefix = 0;
    while scaled >= 999.5 && prefix + 1 < PREFIXES.len() {
        scaled /= 1000.0;
        prefix += 1;
    }
    let digits = if scaled < 99.95 { format!("{scaled:.1}") } else { format!("{scaled:.0}") };
    format!("{digits} {}B", PREFIXES[prefix])
}

/// A share of 1 in per cent, to a tenth: `98.6 %`. Only what is exactly 0 or 1 reads `0 %` or `100 %`.
pub fn percent(share: f64) -> String {
    percent_to(share, 1)
}

/// A share of 1 in per cent, to the whole: `98 %`. Only what is exactly 0 or 1 reads `0 %` or `100 %`.
pub fn whole_percent(share: f64) -> String {
    percent_to(share, 0)
}

fn percent_to(share: f64, decimals: usize) -> String {
    let finest = if decimals == 0 { 1.0 } else { 0.1 };
    let hundred = share * 100.0;
    match hundred {
        h if !h.is_finite() => "–".to_string(),
        0.0 => "0 %".to_string(),
        100.0 => "100 %".to_string(),
        h if h > 0.0 && h < finest / 2.0 => format!("<{finest} %"),
        h if h < 100.0 && h >= 100.0 - finest / 2.0 => format!(">{} %", 100.0 - finest),
        h => format!("{h:.decimals$} %"),
    }
}

/// A measured figure to four digits: `0.0512`, `2.303`, `1.2e-5`; `–` where it is not a number, `∞` where it is infinite.
pub fn figure(value: f64) -> String {
    if value.is_nan() {
        return "–".to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "-∞" }.to_string();
    }
    if value == 0.0 {
        return "0".to_string();
    }
    let size = value.abs();
    if !(1e-4..1e6).contains(&size) {
        return format!("{value:.2e}");
    }
    if size < 0.01 {
        // Three digits, counted from the first that is not 0.
        return format!("{value:.*}", 2 + (-size.log10().floor()) as usize);
    }
    let decimals = match size {
        s if s < 1.0 => 4,
        s if s < 10.0 => 3,
        s if s < 100.0 => 2,
        s if s < 1000.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// A number of a matrix, as short as it can be: `1`, `-0.25`, `0.1111`.
pub fn short(value: f64) -> String {
    if value.is_finite() && value.fract() == 0.0 && value.abs() < 1e6 {
        return format!("{}", value as i64);
    }
    let text = figure(value);
    match text.contains('.') && !text.contains('e') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

/// A length of time, in seconds: `420 µs`, `8.3 s`, `1 min 12 s`, `2 h 5 min`.
pub fn seconds(time: f64) -> String {
    if !time.is_finite() || time < 0.0 {
        return "–".to_string();
    }
    match time {
        0.0 => "0 s".to_string(),
        t if t < 0.9995e-3 => format!("{:.0} µs", t * 1e6),
        t if t < 0.9995 => format!("{:.0} ms", t * 1e3),
        t if t < 9.95 => format!("{t:.1} s"),
        t if t < 59.5 => format!("{t:.0} s"),
        t => long(t.round() as u64),
    }
}

/// A length of time in whole seconds, from a minute upwards, in its two largest units.
fn long(seconds: u64) -> String {
    let pair = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{} {large_unit}", count(large)),
        _ => format!("{} {large_unit} {small} {small_unit}", count(large)),
    };
    match seconds {
        0..3600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3600..86400 => pair(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => pair(seconds / 86400, "d", seconds % 86400 / 3600, "h"),
    }
}

/// A shape as the language writes it: `28×28×6`.
pub fn shape(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(201_706), "201,706");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn things_have_their_plural() {
        let all = ["epoch", "batch", "class", "run"].map(|thing| [of(1, thing), of(1437, thing)].join(", "));
        assert_eq!(
            all,
            ["1 epoch, 1,437 epochs", "1 batch, 1,437 batches", "1 class, 1,437 classes", "1 run, 1,437 runs"]
        );
    }

    #[test]
    fn prefixes() {
        assert_eq!(si(1.23e9, "FLOP"), "1.23 GFLOP");
        assert_eq!(si(0.0, "FLOP"), "0 FLOP");
        assert_eq!(si(156.0, ""), "156");
        assert_eq!(si(999_600.0, "MAC"), "1.00 MMAC");
        assert_eq!(si(117_600.0, ""), "118 k");
        assert_eq!(si(99_960.0, ""), "100 k");
        assert_eq!(si(1e30, ""), "1000000000000 E");
        assert_eq!(si(f64::NAN, "x"), "–");
    }

    #[test]
    fn memory() {
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(3_211_264), "3.2 MB");
        assert_eq!(bytes(548_000_000), "548 MB");
        assert_eq!(bytes(999_999), "1.0 MB");
        assert_eq!(bytes(u64::MAX), "18.4 EB");
    }

    #[test]
    fn shares() {
        assert_eq!(percent(0.98611), "98.6 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.99999), ">99.9 %");
        assert_eq!(percent(1e-9), "<0.1 %");
        assert_eq!(whole_percent(0.976), "98 %");
        assert_eq!(whole_percent(0.998), ">99 %");
        assert_eq!(percent(f64::NAN), "–");
    }

    #[test]
    fn figures() {
        assert_eq!(figure(2.71349), "2.713");
        assert_eq!(figure(0.051234), "0.0512");
        assert_eq!(figure(0.0012345), "0.00123");
        assert_eq!(figure(1.234e-7), "1.23e-7");
        assert_eq!(figure(0.0), "0");
        assert_eq!(figure(f64::NAN), "–");
        assert_eq!(figure(f64::INFINITY), "∞");
    }

    #[test]
    fn times() {
        assert_eq!(seconds(0.00042), "420 µs");
        assert_eq!(seconds(0.9999), "1.0 s");
        assert_eq!(seconds(8.31), "8.3 s");
        assert_eq!(seconds(59.7), "1 min");
        assert_eq!(seconds(72.0), "1 min 12 s");
        assert_eq!(seconds(7500.0), "2 h 5 min");
        assert_eq!(seconds(1e300), "213,503,982,334,601 d 7 h");
        assert_eq!(seconds(-1.0), "–");
    }
}
