//! The lecture's networks, as the library has them.

use super::*;
use crate::library;

fn library_net(name: &str) -> Net {
    let def = library::find(name).unwrap_or_else(|| panic!("{name} is in the library"));
    match resolve(def, &Scope::default(), None, None) {
        Ok(Resolved::Net(net)) => net,
        other => panic!("{name}: {other:#?}"),
    }
}

fn library_figures(name: &str) -> (usize, u64) {
    let graph = lower(&library_net(name), 1, Mode::Infer).unwrap();
    (graph.parameter_count(), graph.total_cost().macs)
}

#[test]
fn figures() {
    for (name, _) in library::list() {
        println!("{name} {:?}", library_figures(name));
    }
}
