//! A whole lecture is read slide by slide, and its small claims are judged.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fovea_dsl::slide::{Figure, Lecture, Verdict, lecture};

const LECTURE: &str = include_str!("../../tests/slides/lecture.md");

/// The report of a lecture, a line a finding; the audits of its networks are a line each.
fn report(lecture: &Lecture) -> String {
    let mut text = String::new();
    for slide in &lecture.slides {
        let nothing = if slide.is_silent() { ": nothing to check" } else { "" };
        writeln!(text, "{}-{} {}{nothing}", slide.lines.start, slide.lines.end - 1, slide.title).unwrap();
        for audit in &slide.audits {
            let nets: Vec<_> = audit.nets.iter().map(|net| net.name.as_str()).collect();
            writeln!(text, "  {}: {}, {}", audit.name, audit.form, nets.join(" ")).unwrap();
        }
        for figure in &slide.figures {
            writeln!(text, "  {}", line(figure)).unwrap();
        }
        for unjudged in &slide.unjudged {
            writeln!(text, "  {} - {}", unjudged.line, unjudged.text).unwrap();
        }
    }
    text
}

/// A figure in a line.
fn line(figure: &Figure) -> String {
    let layer = figure.layer.as_ref().map_or(String::new(), |layer| format!(" [{layer}]"));
    let because = figure.because.as_ref().map_or(String::new(), |because| format!(": {because}"));
    let Figure { line, printed, computed, verdict, .. } = figure;
    format!("{line} {}{layer} {printed} | {computed} {verdict}{because}", figure.what.word())
}

#[test]
fn every_claim_of_the_lecture_is_judged() {
    let report = report(&lecture(LECTURE));
    for (at, (line, expected)) in report.lines().zip(include_str!("lecture.txt").lines()).enumerate() {
        assert_eq!(line, expected, "line {} of the report", at + 1);
    }
    assert_eq!(report.lines().count(), include_str!("lecture.txt").lines().count());
}

#[test]
fn figures_are_counted_and_stand_where_they_say() {
    let lecture = lecture(LECTURE);
    assert_eq!(lecture.verdicts().values().sum::<usize>(), lecture.figures().count());
    let own = lecture.slides.iter().flat_map(|slide| &slide.figures);
    for figure in own.chain(lecture.figures()) {
        let before = &LECTURE[..figure.place.start];
        assert_eq!(figure.line, 1 + before.matches('\n').count(), "{figure:?}");
        assert!(figure.place.end <= LECTURE.len() && LECTURE.get(figure.place.clone()).is_some(), "{figure:?}");
    }
    for net in lecture.slides.iter().flat_map(|slide| &slide.audits).flat_map(|audit| &audit.nets) {
        let span = net.definition.chain.span;
        assert!(LECTURE.get(span.start as usize..span.end as usize).is_some(), "{}", net.name);
    }
}

#[test]
fn reasons_count_lines_in_the_lecture() {
    let lecture = lecture(LECTURE);
    let follows = lecture.figures().filter(|figure| figure.verdict == Verdict::Follows);
    let reasons: Vec<&str> = follows.filter_map(|figure| figure.because.as_deref()).collect();
    assert!(reasons.contains(&"because of CONV2 on line 353"), "{reasons:?}");
    let all: Vec<_> = lecture.figures().filter_map(|figure| figure.because.as_deref()).collect();
    let repeats = "lines 443 to 445 repeat the stage before them";
    assert!(all.iter().any(|because| because.contains(repeats)), "{all:#?}");
}

/// The lecture without its two largest slides, which take most of the time, and all else at its place.
fn without_largest() -> String {
    let is_large = |line: usize| (376..=452).contains(&line) || (558..=568).contains(&line);
    let lines = LECTURE.split('\n').enumerate().map(|(at, line)| if is_large(at + 1) { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// A text with what stands on a line replaced.
fn altered(text: &str, number: usize, old: &str, new: &str) -> String {
    let lines = text.split('\n').enumerate().map(|(at, line)| {
        if at + 1 != number {
            return line.to_string();
        }
        assert!(line.contains(old), "line {number} is {line}");
        line.replacen(old, new, 1)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// How often each verdict stands on each line, figures of networks left out.
fn verdicts(text: &str) -> BTreeMap<(usize, Verdict), usize> {
    let mut counts = BTreeMap::new();
    for figure in lecture(text).slides.iter().flat_map(|slide| &slide.figures) {
        *counts.entry((figure.line, figure.verdict)).or_default() += 1;
    }
    counts
}

#[test]
fn a_changed_number_changes_a_verdict_at_its_line_or_below() {
    let text = without_largest();
    let before = verdicts(&text);
    let cases: &[(usize, &str, &str, &[usize])] = &[
        // An image, its filter, and the result.
        (24, "1 <sub>x1", "7 <sub>x1", &[36]),
        (25, "1 <sub>x1", "1 <sub>x3", &[36]),
        (36, "4", "5", &[36]),
        (36, "|  |  |", "|  |  |  |", &[36, 40]),
        // A filter's depth, and its image's; how many filters, and their maps.
        (115, "32x32x3", "32x32x4", &[121]),
        (121, "5x5x3", "5x5x4", &[121]),
        (137, "6 5x5", "7 5x5", &[137]),
        (137, "6 separate", "10 separate", &[137]),
        // A window without a map to lie on.
        (169, "2", "1", &[171]),
        (171, "1", "2", &[171]),
        // Pooling.
        (269, "1-D", "2-D", &[269]),
        (274, "2", "6", &[288]),
        (282, "2x2", "3x3", &[286, 288, 289]),
        (283, "2", "1", &[286, 288, 289]),
        (288, "9", "8", &[288]),
        (291, "2-D", "3-D", &[291]),
        (293, "224", "225", &[298]),
        (298, "64", "63", &[304]),
        (304, "112", "113", &[304]),
        // Products, and what is said beside a table.
        (520, "512", "256", &[520]),
        (522, "512", "256", &[522]),
        (522, "2.359", "2.361", &[522]),
        (526, "437K", "436K", &[526]),
        // The pattern, and the ranges of its counts.
        (624, "5", "2", &[624]),
        (624, "leq 2", "leq 1", &[624]),
        (624, "large", "up to 9", &[624]),
    ];
    for &(line, old, new, expected) in cases {
        let after = verdicts(&altered(&text, line, old, new));
        let differs = |key: &&(usize, Verdict)| before.get(*key) != after.get(*key);
        let mut changed: Vec<_> = before.keys().chain(after.keys()).filter(differs).map(|(line, _)| *line).collect();
        changed.sort_unstable();
        changed.dedup();
        assert_eq!(changed, expected, "line {line}: {old} to {new}");
    }
}

#[test]
fn spacing_and_signs_change_nothing() {
    let text = without_largest();
    let before = verdicts(&text);
    let outside_tables = |change: &dyn Fn(&str) -> String| {
        let line = |line: &str| if line.starts_with('|') { line.to_string() } else { change(line) };
        text.split('\n').map(line).collect::<Vec<_>>().join("\n")
    };
    let changes = [
        ("spaces at the ends", text.split('\n').map(|line| format!("{line}  ")).collect::<Vec<_>>().join("\n")),
        ("ends of lines", text.replace('\n', "\r\n")),
        (
            "× for x",
            outside_tables(&|line| line.replace("2x32x", "2×32×").replace("5x5", "5×5").replace("2x2", "2 × 2")),
        ),
        ("x for ×", outside_tables(&|line| line.replace('×', "x").replace(r"\times", "x"))),
        ("marks", text.replace("<sub>x", "<sub>×")),
        ("wide cells", text.replace("| 3 | 9 |", "|  3  |    9 |")),
        (
            "no dollars",
            outside_tables(&|line| if line.contains("CONV") { line.to_string() } else { line.replace('$', "") }),
        ),
        ("small letters", outside_tables(&|line| line.replace("Stride 2", "stride: 2").replace("1-d", "1-D"))),
        ("≤ and ~", outside_tables(&|line| line.replace(r"\leq", "≤").replace(r"\sim", "~"))),
        (
            "emphasis",
            outside_tables(&|line| line.replace("2x2 filters", "**2x2** filters").replace("437K", "**437K**")),
        ),
    ];
    for (what, changed) in changes {
        assert_ne!(changed, text, "{what}");
        assert_eq!(verdicts(&changed), before, "{what}");
    }
}

/// The figures of a lecture beside networks, and what it states without one, a line each.
fn claims(text: &str) -> Vec<String> {
    let report = report(&lecture(text));
    report.lines().filter_map(|line| line.strip_prefix("  ")).map(str::to_string).collect()
}

#[test]
fn notes_of_another_course() {
    let text = "# Numbers\nInput: 32x32x3, 10 5x5 filters with stride 1, pad 2\n\
        Output volume size: (32+2*2-5)/1+1 = 32 spatially, so 32x32x10\n\
        each filter has 5*5*3 + 1 = 76 params (+1 for bias) => 76*10 = 760\n\
        # Sizes\n7x7 input (spatially), 3x3 filter applied with stride 2\n=> 3x3 output!\n\
        stride 3 => (7 - 3)/3 + 1 = 2.33\nstride 2 => (7 - 3)/2 + 1 = 4\n\
        # A first layer\nInput: 227x227x3 images\nFirst layer (CONV1): 96 11x11 filters applied at stride 4\n\
        => Output volume [55x55x96]\nParameters: (11*11*3)*96 = 35K\n\
        Second layer (POOL1): 3x3 filters applied at stride 2\nOutput volume: 27x27x95\n";
    let expected = [
        "3 value 32 | 32 agrees",
        "3 output 32x32x10 | 32×32×10 agrees: 10 filters of 5×5 on 32×32×3 at stride 1 with padding 2",
        "4 parameters 76 | 76 agrees",
        "4 parameters 760 | 760 agrees",
        "7 output 3x3 | 3×3 agrees: a filter of 3×3 on 7×7 at stride 2",
        "8 value 2.33 | 2.3333 rounds",
        "9 value 4 | 3 disagrees: (7 - 3)/2 + 1 is 3",
        "13 output 55x55x96 | 55×55×96 agrees: 96 filters of 11×11 on 227×227×3 at stride 4",
        "14 parameters 35K | 34,848 rounds",
        "16 output 27x27x95 | 27×27×96 disagrees: a pool of 3×3 on 55×55×96 at stride 2; \
         height and width are right",
    ];
    assert_eq!(claims(text), expected);
}

#[test]
fn an_image_its_filters_and_their_maps_in_words() {
    let text = "# Channels first\n3x32x32 image\n6 filters, each 3x5x5\n6 activation maps, each 1x28x28, \
        a 6x28x28 output image\n\
        # One after the other\n32x32x3 image\n6 5x5x3 filters\n28x28x6 output\n10 5x5x6 filters\n24x24x9 output\n\
        # Over an image\n4x4x3 filter over a 5x5x3 image at stride 2\n7x7x2 filter on the 5x5x3 image\n\
        # Transposed convolution\n2x2 input, 3x3 filter, stride 2, padding 1: 4x4 output\n\
        # A chunk\n32x32x3 image, 5x5x3 filter\na 5x5x3 chunk of the image\nactivation map 28x28x1\n";
    let expected = [
        "3 filters 3x5x5 | 3×5×5 agrees: a filter is as deep as its input, 3×32×32",
        "4 output 6 | 6 agrees: each of 6 filters makes one map: 6×28×28 at stride 1 without padding",
        "4 output 1x28x28 | 1×28×28 agrees: 6 filters of 5×5 on 3×32×32 at stride 1",
        "4 output 6x28x28 | 6×28×28 agrees: 6 filters of 5×5 on 3×32×32 at stride 1",
        "7 filters 5x5x3 | 5×5×3 agrees: a filter is as deep as its input, 32×32×3",
        "8 output 28x28x6 | 28×28×6 agrees: 6 filters of 5×5 on 32×32×3 at stride 1",
        "9 filters 5x5x6 | 5×5×6 agrees: a filter is as deep as its input, 28×28×6",
        "10 output 24x24x9 | 24×24×10 disagrees: 10 filters of 5×5 on 28×28×6 at stride 1; height and width are right",
        "12 filters 4x4x3 | 4×4×3 agrees: a filter is as deep as its input, 5×5×3",
        "13 filters 7x7x2 | 7×7×3 disagrees: a filter is as deep as its input, 5×5×3: 3",
        "13 filters 7x7x2 |  disagrees: a filter of 7×7 on 5×5×3 at stride 1 does not fit",
        "12 - a filter of 4×4 on 5×5×3 at stride 2 makes 1×1×1: 48 weights and a bias; \
         the windows do not divide it, 1 at its end are left out",
        "15 output 4x4 | 3×3 disagrees: a transposed filter of 3×3 on 2×2 at stride 2 with padding 1",
        "17 filters 5x5x3 | 5×5×3 agrees: a filter is as deep as its input, 32×32×3",
        "19 output 28x28x1 | 28×28×1 agrees: a filter of 5×5 on 32×32×3 at stride 1",
    ];
    assert_eq!(claims(text), expected);
}

#[test]
fn maps_with_arrows_between_them() {
    let text = "# LeNet - 5\n32×32×1 → conv 5×5, s=1 → 28×28×6 → avg pool f=2, s=2 → 14×14×6 →\n\
        conv 5x5 → relu → 10×10×16 → avg pool → 5×5×16 → FC 120 → FC 84\n\
        # Another\n32x32x3 -> f=5, 6 filters -> 28x28x7\n28x28x3 -> conv 16 3x3 /2 pad 1 -> 13x13x16\n\
        64x64x3 -> pool 3x3 /2 -> 32x32x3\n";
    let expected = [
        "2 output [conv] 28×28×6 | 28×28×6 agrees: 5×5 at stride 1 with padding 0",
        "2 output [avgpool] 14×14×6 | 14×14×6 agrees: 2×2 at stride 2 with padding 0",
        "3 output [conv] 10×10×16 | 10×10×16 agrees: 5×5 at stride 1 with padding 0",
        "3 output [avgpool] 5×5×16 | 5×5×16 agrees: a 2×2 pool at stride 2 does it",
        "5 output [conv] 28x28x7 | 28×28×6 disagrees: as many maps as filters, 6",
        "6 output [conv] 13x13x16 | 14×14×16 disagrees: 3×3 at stride 2 with padding 1; \
         stride 2 with padding 0 gives it",
        "7 output [pool] 32x32x3 | 32×32×3 agrees: 3×3 at stride 2 with padding 1",
    ];
    assert_eq!(claims(text), expected);
}

#[test]
fn what_is_said_of_whole_networks() {
    let text = "# Networks\nAlexNet has 60 million parameters\nVGG-16: 138M parameters\n\
        GoogLeNet: only 5 million params\nResNet 50 params: 25.6M\nSomething else: 3M parameters\n\
        # Mynet\n[28x28x1] INPUT\n[28x28x8] CONV1: 8 3x3 filters at stride 1, pad 1\n\
        [14x14x8] POOL1: 2x2 filters at stride 2\n[10] FC2: 10 neurons\n\n\
        # Mynet in numbers\nMynet: 15,770 parameters\n";
    let expected = [
        "2 parameters 60 million | 62,378,344 rounds: the library's alexnet has 62,378,344",
        "3 parameters 138M | 138,357,544 rounds: the library's vgg16 has 138,357,544",
        "4 parameters 5 million | 7M disagrees: the library's googlenet has 6,998,552, \
         the library's googlenet.torchvision has 6,624,904",
        "5 parameters 25.6M | 25,557,032 rounds: the library's resnet50 has 25,557,032",
        "6 - no table or listing above says what this counts",
        "mynet: a listing of layers, mynet",
        "14 parameters 15,770 | 15,770 agrees: mynet has 15,770",
    ];
    assert_eq!(claims(text), expected);
}

#[test]
fn grids_written_in_other_ways() {
    let text = "# Convolution\nimage [1 2 3; 4 5 6; 7 8 9] * filter [1 0; 0 -1] = [4 4; 4 4]\n\
        # Average pooling\n2x2, stride 2\n\n1 2 5 6\n3 4 7 8\n1 0 0 0\n0 0 0 1\n\n2.5 6.5\n0.3 1\n";
    let turned = "it is right for the filter turned by 180°: a convolution as mathematics has it, not networks";
    let cell = |row: usize, column: usize| format!("2 value [row {row}, column {column}] 4 | -4 remark: {turned}");
    let expected = [
        "2 output 2×2 | 2×2 agrees: a filter of 2×2 at stride 1 on 3×3".to_string(),
        cell(1, 1),
        cell(1, 2),
        cell(2, 1),
        cell(2, 2),
        "11 output 2×2 | 2×2 agrees: a mean pool of 2×2 at stride 2 on 4×4".to_string(),
        "11 value [row 1, column 1] 2.5 | 2.5 agrees".to_string(),
        "11 value [row 1, column 2] 6.5 | 6.5 agrees".to_string(),
        "12 value [row 2, column 1] 0.3 | 0.25 rounds".to_string(),
        "12 value [row 2, column 2] 1 | 0.25 disagrees: it is the largest".to_string(),
    ];
    assert_eq!(claims(text), expected);
}

#[test]
fn nothing_panics_where_a_lecture_is_cut() {
    // Every small slide by itself at every seventh byte, the others, which hold networks, at fewer.
    for part in LECTURE.split("\n# ") {
        let step = if part.len() < 1_000 { 7 } else { 211 };
        for end in (0..part.len()).step_by(step).filter(|&end| part.is_char_boundary(end)) {
            lecture(&format!("# {}", &part[..end]));
            lecture(&part[end..]);
        }
    }
    for end in (0..LECTURE.len()).step_by(4_999).filter(|&end| LECTURE.is_char_boundary(end)) {
        lecture(&LECTURE[..end]);
    }
}

#[test]
fn odd_lectures_are_read() {
    let texts = [
        "".to_string(),
        "#".repeat(1_000),
        "# \n".repeat(1_000),
        "|".repeat(10_000),
        "[".repeat(10_000),
        "[[[[\n".repeat(3_000),
        "1 2\n".repeat(3_000),
        "3*".repeat(5_000) + "3 = 9",
        "(".repeat(5_000) + "3 = 9",
        "1 = ".repeat(5_000),
        "# a\n99999999x99999999x99999999 image\n99999999x99999999x3 filter\n4 maps".to_string(),
        "# a\n0x0x0 image\n0x0x0 filter\n0 0x0 filters at stride 0 pad 9 makes 0 maps".to_string(),
        "convolution with\n- filters: 0\n- filter size: 0\n- stride: 0\n- padding: 0\n".to_string(),
        "pool\n\n[0 0;0 0]\n[0]\n[0 0]\nstride 0, 0x0 filters".to_string(),
        "<table".to_string() + &"\n<table".repeat(3_000),
        "```\n".repeat(3_001),
        "[(conv)^N]^M where N=1, $N \\leq 99999999999$, M is large\n".repeat(20),
        "# \u{202e}\u{5d0}\u{5d1}\n\u{5d2} 5*5 = 26 \u{5d3}\n".to_string(),
    ];
    for text in &texts {
        lecture(text);
    }
}
