use fovea_dsl::*;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    for (i, c) in text.split("\n%%\n").enumerate() {
        let c = c.replace("\\T", "\t").replace("\\CR", "\r").replace("\\r\n", "\r\n");
        let s = Source { id: fovea_graph::SourceId(i as u32), name: format!("In[{i}]"), text: c.clone() };
        let (p, d) = parse(&s);
        println!("── {}", c.trim_end());
        print!("{}", p.to_string().lines().map(|l| format!("   ⇒ {l}\n")).collect::<String>());
        let mut d = d;
        for st in &p.statements {
            if let syntax::StatementKind::Verb(v) = &st.kind {
                match command(v, &Default::default()) {
                    Ok(c) => println!("   ✓ {c:?}"),
                    Err(e) => d.extend(e),
                }
            }
        }
        print!("{}", render(&d, &[s], Style::Plain));
    }
}
