//! The connection file: where to listen, and the key that messages are signed with.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, bail};
use jupyter_protocol::ConnectionInfo;
use jupyter_protocol::connection_info::Transport;
use serde_json::Value;

/// The sockets of a kernel, by the names of their ports in the file.
const PORTS: [&str; 5] = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"];

/// The variable by which Jupyter lets secrets stand where others can read them.
const INSECURE: &str = "JUPYTER_ALLOW_INSECURE_WRITES";

/// Reads a connection file. What is wrong with it is said with its name.
pub fn read(file: &Path) -> anyhow::Result<ConnectionInfo> {
    let name = file.display();
    let text = std::fs::read(file).with_context(|| {
        format!("the connection file {name} cannot be read; Jupyter writes it when it starts a kernel")
    })?;
    private(file)?;
    let value: Value =
        serde_json::from_slice(&text).with_context(|| format!("the connection file {name} is not JSON"))?;
    checked(value).with_context(|| format!("the connection file {name}"))
}

/// Whether only its owner can read a file: it has the key, and who has the key runs programs here.
fn private(file: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata()?.permissions().mode();
        let allowed = std::env::var(INSECURE).is_ok_and(|value| matches!(value.to_lowercase().as_str(), "true" | "1"));
        if mode & 0o077 != 0 && !allowed {
            let name = file.display();
            bail!(
                "the connection file {name} can be read by others (mode {:03o}), and its key lets them run programs \
                 here: `chmod 600 {name}`, or set {INSECURE}=true where the file system knows no such modes",
                mode & 0o777
            );
        }
    }
    Ok(())
}

/// What stands in a connection file.
fn checked(value: Value) -> anyhow::Result<ConnectionInfo> {
    let Value::Object(fields) = &value else { bail!("is not a JSON object") };
    for name in PORTS.iter().chain(&["ip", "transport", "key", "signature_scheme"]) {
        if !fields.contains_key(*name) {
            bail!("has no `{name}`");
        }
    }
    known(fields, "transport", &["tcp", "ipc"])?;
    known(fields, "signature_scheme", &["hmac-sha256"])?;
    let mut used = BTreeSet::new();
    for name in PORTS {
        let port = fields[name].as_u64().filter(|port| (1..=u64::from(u16::MAX)).contains(port));
        let Some(port) = port else { bail!("has {} for `{name}`, which is no port from 1 to 65535", fields[name]) };
        if !used.insert(port) {
            bail!("has the port {port} twice; every socket needs its own");
        }
    }
    let info: ConnectionInfo = serde_json::from_value(value).context("cannot be understood")?;
    match info.transport {
        Transport::TCP if info.ip.parse::<IpAddr>().is_err() => {
            bail!("has {:?} for `ip`, which is no IP address such as 127.0.0.1", info.ip)
        }
        Transport::IPC if info.ip.is_empty() => bail!("has no path in `ip`, which ipc sockets need"),
        _ => Ok(info),
    }
}

/// Whether a field says one of these words.
fn known(fields: &serde_json::Map<String, Value>, name: &str, words: &[&str]) -> anyhow::Result<()> {
    match fields[name].as_str() {
        Some(word) if words.contains(&word) => Ok(()),
        _ => bail!("has {} for `{name}`; known here: {}", fields[name], words.join(", ")),
    }
}
