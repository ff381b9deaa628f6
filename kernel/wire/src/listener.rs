//! Where peers connect: a TCP port or a socket in the file system.

use std::fmt::Display;
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jupyter_protocol::ConnectionInfo;
use jupyter_protocol::connection_info::Transport;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixSocket, UnixStream};

/// How many peers wait to be accepted.
const WAITING: u32 = 1024;

/// What a peer sends.
pub type Incoming = Box<dyn AsyncRead + Send + Unpin>;

/// What a peer is sent.
pub type Outgoing = Box<dyn AsyncWrite + Send + Unpin>;

/// A place to connect to.
pub enum Listener {
    /// A port of the connection file's address.
    Tcp(TcpListener),
    /// A file, removed at the end.
    Ipc {
        /// The socket.
        listener: UnixListener,
        /// Its file.
        _file: Removed,
    },
}

/// A file that goes when this does.
pub struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

impl Listener {
    /// Binds a port of a connection, whose sockets in the file system are `ip-port`.
    pub async fn bind(info: &ConnectionInfo, port: u16) -> anyhow::Result<Self> {
        match info.transport {
            Transport::TCP => {
                let address: std::net::IpAddr = info.ip.parse()?;
                let listener = TcpListener::bind((address, port)).await;
                Ok(Self::Tcp(listener.map_err(|error| refused(format!("port {port} of {address}"), &error))?))
            }
            Transport::IPC => {
                let path = PathBuf::from(format!("{}-{port}", info.ip));
                clear(&path).await?;
                let (listener, file) = private(path)?;
                Ok(Self::Ipc { listener, _file: file })
            }
        }
    }

    /// The next peer.
    pub async fn accept(&self) -> std::io::Result<(Incoming, Outgoing)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                let (incoming, outgoing) = stream.into_split();
                Ok((Box::new(incoming), Box::new(outgoing)))
            }
            Self::Ipc { listener, .. } => {
                let (incoming, outgoing) = listener.accept().await?.0.into_split();
                Ok((Box::new(incoming), Box::new(outgoing)))
            }
        }
    }
}

/// Takes away what a kernel that ended early left at a socket's path; where one answers there, it stays.
async fn clear(path: &Path) -> anyhow::Result<()> {
    match UnixStream::connect(path).await {
        Ok(_) => bail!("another kernel answers at the socket {}; every kernel needs its own", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused && is_socket(path) => {
            std::fs::remove_file(path).with_context(|| format!("the old socket {} cannot be removed", path.display()))
        }
        Err(_) => Ok(()),
    }
}

/// Whether a path is a socket; a file of another kind that stands there is nobody's to remove.
fn is_socket(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket())
}

/// A socket in the file system to which only the owner connects, at no moment anybody else.
fn private(path: PathBuf) -> anyhow::Result<(UnixListener, Removed)> {
    let failed = |error| refused(format!("the socket {}", path.display()), &error);
    let socket = UnixSocket::new_stream().map_err(failed)?;
    let modes = std::fs::Permissions::from_mode(0o600);
    // Linux gives a socket's file the modes that the socket has; where another system does not, they are set before
    // anybody can connect, which is from `listen` on.
    File::from(socket.as_fd().try_clone_to_owned()?).set_permissions(modes.clone()).or_else(unsupported)?;
    socket.bind(&path).map_err(failed)?;
    let file = Removed(path);
    std::fs::set_permissions(&file.0, modes)
        .with_context(|| format!("the socket {} cannot be made private", file.0.display()))?;
    let listener =
        socket.listen(WAITING).map_err(|error| refused(format!("the socket {}", file.0.display()), &error))?;
    Ok((listener, file))
}

/// A socket without a file has no modes on some systems.
fn unsupported(error: std::io::Error) -> std::io::Result<()> {
    if cfg!(target_os = "linux") { Err(error) } else { Ok(()) }
}

/// A place that cannot be bound.
fn refused(what: impl Display, error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!("{what} is in use already: another kernel may run on this connection"),
        _ => anyhow::anyhow!("{what} cannot be bound: {error}"),
    }
}
