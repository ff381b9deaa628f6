//! Fetching files: aside first, then under their own name once their digest is right. What was broken off goes on where it
//! was.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use fovea_graph::{Interrupted, Stop};
use sha2::{Digest, Sha256};

use super::sets::Remote;

/// Why a file is not here.
#[derive(Debug)]
pub(super) enum Fault {
    /// The address gives nothing, or not this file.
    Away(String),
    /// It cannot be written.
    Disk(io::Error),
    Interrupted,
}

impl From<Interrupted> for Fault {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

/// How long to wait for bytes before asking whether to go on, and how often in a row before giving up.
const WAIT: Duration = Duration::from_millis(50);
const PATIENCE: u32 = 60 * 20;
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(20);
/// How much is read at once.
const TOGETHER: usize = 1 << 16;

/// Fetches a file of `address` into a folder, unless it is there; `told` hears how many bytes are here.
pub(super) fn fetch(
    remote: &Remote,
    address: &str,
    folder: &Path,
    told: &mut dyn FnMut(u64),
    stop: &dyn Stop,
) -> Result<PathBuf, Fault> {
    let path = folder.join(remote.name);
    if path.is_file() {
        return Ok(path);
    }
    fs::create_dir_all(folder).map_err(Fault::Disk)?;
    let aside = folder.join(format!("{}.part", remote.name));
    let mut open = OpenOptions::new();
    let mut file = open.read(true).write(true).create(true).truncate(false).open(&aside).map_err(Fault::Disk)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Fault::Away("another process is fetching it just now".into())),
        Err(TryLockError::Error(error)) => return Err(Fault::Disk(error)),
    }
    let mut digest = Sha256::new();
    let mut here = hashed(&mut file, remote.bytes, &mut digest, stop)?;
    if here < remote.bytes {
        let mut got = Got { file: &mut file, digest, here };
        got.all(&format!("{address}{}", remote.name), remote.bytes, told, stop)?;
        (digest, here) = (got.digest, got.here);
    }
    if here < remote.bytes {
        // What is here stays, to go on from.
        return Err(Fault::Away(format!("the connection ended after {here} of {} bytes", remote.bytes)));
    }
    let found: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if found != remote.sha256 {
        // Nor would the next time make it right.
        let _ = fs::remove_file(&aside);
        let why = format!("what came as {address}{} is not that file: its digest is {found}", remote.name);
        return Err(Fault::Away(why));
    }
    file.sync_all().and_then(|()| fs::rename(&aside, &path)).map_err(Fault::Disk)?;
    Ok(path)
}

/// What of a file is here.
struct Got<'f> {
    file: &'f mut File,
    digest: Sha256,
    here: u64,
}

impl Got<'_> {
    /// Takes what an address gives, up to its end, or to more than `most` bytes.
    fn all(&mut self, url: &str, most: u64, told: &mut dyn FnMut(u64), stop: &dyn Stop) -> Result<(), Fault> {
        let chunks = request(url.to_string(), self.here);
        let mut silent = 0;
        while self.here <= most {
            stop.go_on()?;
            let chunk = match chunks.recv_timeout(WAIT) {
                Ok(chunk) => chunk,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if silent < PATIENCE => {
                    silent += 1;
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => return Err(Fault::Away(format!("{url}: nothing came for a minute"))),
            };
            silent = 0;
            self.take(chunk.map_err(|why| Fault::Away(format!("{url}: {why}")))?).map_err(Fault::Disk)?;
            told(self.here.min(most));
        }
        Ok(())
    }

    fn take(&mut self, chunk: Chunk) -> io::Result<()> {
        match chunk {
            Chunk::FromTheStart => {
                (self.here, self.digest) = (0, Sha256::new());
                self.file.set_len(0).and_then(|()| self.file.rewind())
            }
            Chunk::Bytes(bytes) => {
                self.digest.update(&bytes);
                self.here += bytes.len() as u64;
                self.file.write_all(&bytes)
            }
        }
    }
}

/// How many bytes a file that was begun has, which are hashed; what is too long is begun anew.
fn hashed(file: &mut File, most: u64, digest: &mut Sha256, stop: &dyn Stop) -> Result<u64, Fault> {
    let length = file.metadata().map_err(Fault::Disk)?.len();
    if length > most {
        file.set_len(0).map_err(Fault::Disk)?;
        return Ok(0);
    }
    let mut bytes = vec![0; TOGETHER];
    file.seek(SeekFrom::Start(0)).map_err(Fault::Disk)?;
    loop {
        stop.go_on()?;
        match file.read(&mut bytes).map_err(Fault::Disk)? {
            0 => return Ok(length),
            count => digest.update(&bytes[..count]),
        }
    }
}

/// What comes of a request.
enum Chunk {
    /// What was asked to go on begins anew.
    FromTheStart,
    Bytes(Vec<u8>),
}

/// Asks for a file from a byte on, in a thread of its own, so that nobody has to wait for it. The thread ends when nobody
/// listens any more.
fn request(url: String, from: u64) -> Receiver<Result<Chunk, String>> {
    let (give, take) = sync_channel(16);
    std::thread::spawn(move || {
        if let Err(why) = respond(&url, from, &give) {
            // Nobody may listen any more.
            let _ = give.send(Err(why));
        }
    });
    take
}

fn respond(url: &str, from: u64, give: &SyncSender<Result<Chunk, String>>) -> Result<(), String> {
    let config = ureq::Agent::config_builder().timeout_connect(Some(CONNECT)).http_status_as_error(false).build();
    let request = ureq::Agent::from(config).get(url).header("User-Agent", "fovea");
    let request = if from > 0 { request.header("Range", format!("bytes={from}-")) } else { request };
    let response = request.call().map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    match status {
        206 if from > 0 => {}
        200 if from > 0 => {
            if give.send(Ok(Chunk::FromTheStart)).is_err() {
                return Ok(());
            }
        }
        200 => {}
        _ => return Err(format!("the server answers {status}")),
    }
    let mut body = response.into_body().into_reader();
    loop {
        let mut bytes = vec![0; TOGETHER];
        let count = body.read(&mut bytes).map_err(|error| error.to_string())?;
        bytes.truncate(count);
        if count == 0 || give.send(Ok(Chunk::Bytes(bytes))).is_err() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::{BufRead, BufReader};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    use fovea_graph::Never;

    use super::*;

    /// What a server does with the requests that come, one after the other; it is given where the client goes on.
    type Answer = Box<dyn FnMut(&mut TcpStream, Option<u64>) + Send>;

    /// A server on this machine; its address.
    fn server(mut answer: Answer) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut from = None;
                for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                    let line = line.unwrap().to_lowercase();
                    if let Some(range) = line.strip_prefix("range: bytes=") {
                        from = range.trim_end_matches('-').parse().ok();
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                answer(&mut stream, from);
            }
        });
        address
    }

    fn content() -> Vec<u8> {
        (0..300_000u32).map(|at| (at * 7 % 251) as u8).collect()
    }

    fn remote() -> Remote {
        let digest: String = Sha256::digest(content()).iter().map(|byte| format!("{byte:02x}")).collect();
        Remote { name: "x.gz", bytes: 300_000, sha256: digest.leak() }
    }

    fn send(stream: &mut TcpStream, head: &str, bytes: &[u8]) {
        // The client may have gone.
        let _ = stream.write_all(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes());
        let _ = stream.write_all(bytes);
    }

    fn get(address: &str, folder: &Path, stop: &dyn Stop) -> Result<Vec<u64>, Fault> {
        let mut told = Vec::new();
        fetch(&remote(), address, folder, &mut |bytes| told.push(bytes), stop).map(|_| told)
    }

    /// What is in a folder.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_comes_whole_and_is_not_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        let address = server(Box::new(|stream, _| send(stream, "200 OK\r\nContent-Length: 300000", &content())));
        let told = get(&address, folder.path(), &Never).unwrap();
        assert!(told.is_sorted() && told.last() == Some(&300_000), "{told:?}");
        assert_eq!(names(folder.path()), ["x.gz"]);
        assert_eq!(fs::read(folder.path().join("x.gz")).unwrap(), content());
        assert!(get("http://127.0.0.1:1/", folder.path(), &Never).unwrap().is_empty(), "nobody was asked");
    }

    #[test]
    fn what_was_broken_off_goes_on_or_begins_anew() {
        for goes_on in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let address = server(Box::new(move |stream, from| match from {
                None => send(stream, "200 OK\r\nContent-Length: 300000", &content()[..200_000]),
                Some(from) if goes_on => send(
                    stream,
                    &format!("206 Partial Content\r\nContent-Length: {}", 300_000 - from),
                    &content()[from as usize..],
                ),
                Some(_) => send(stream, "200 OK\r\nContent-Length: 300000", &content()),
            }));
            assert!(matches!(get(&address, folder.path(), &Never), Err(Fault::Away(_))));
            assert_eq!(names(folder.path()), ["x.gz.part"]);
            let told = get(&address, folder.path(), &Never).unwrap();
            assert_eq!(told[0] >= 100_000, goes_on, "{told:?}");
            assert_eq!(
                (names(folder.path()), fs::read(folder.path().join("x.gz")).unwrap()),
                (vec!["x.gz".into()], content())
            );
        }
    }

    #[test]
    fn what_is_another_file_is_refused_and_not_kept() {
        for bytes in [vec![0; 300_000], vec![0; 300_001], [content(), vec![1; 9000]].concat()] {
            let folder = tempfile::tempdir().unwrap();
            let length = bytes.len();
            let address =
                server(Box::new(move |stream, _| send(stream, &format!("200 OK\r\nContent-Length: {length}"), &bytes)));
            let Err(Fault::Away(why)) = get(&address, folder.path(), &Never) else { panic!("{length} bytes") };
            assert!(why.contains("is not that file"), "{why}");
            assert!(names(folder.path()).is_empty());
        }
    }

    #[test]
    fn a_server_that_has_it_not_or_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let address = server(Box::new(|stream, _| send(stream, "404 Not Found\r\nContent-Length: 0", b"")));
        let Err(Fault::Away(why)) = get(&address, folder.path(), &Never) else { panic!("there is none") };
        assert!(why.contains("x.gz: the server answers 404"), "{why}");
        let Err(Fault::Away(why)) = get("http://127.0.0.1:1/", folder.path(), &Never) else {
            panic!("nobody is there")
        };
        assert!(why.contains("127.0.0.1:1"), "{why}");
    }

    #[test]
    fn it_is_broken_off_at_once_while_nothing_comes() {
        let folder = tempfile::tempdir().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, asked) = (Arc::clone(&stop), Arc::new(std::sync::Mutex::new(None)));
        let when = Arc::clone(&asked);
        let mut held = Vec::new();
        let address = server(Box::new(move |stream, _| {
            send(stream, "200 OK\r\nContent-Length: 300000", &content()[..1000]);
            held.push(stream.try_clone().unwrap());
            let (flag, when) = (Arc::clone(&flag), Arc::clone(&when));
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(100));
                *when.lock().unwrap() = Some(Instant::now());
                flag.store(true, Ordering::Relaxed);
            });
        }));
        assert!(matches!(get(&address, folder.path(), &*stop), Err(Fault::Interrupted)));
        let late = asked.lock().unwrap().unwrap().elapsed();
        // It would give up by itself only after a minute.
        assert!(late < Duration::from_secs(30), "{late:?}");
        assert_eq!(names(folder.path()), ["x.gz.part"]);
    }

    #[test]
    fn two_do_not_fetch_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let other = File::create(folder.path().join("x.gz.part")).unwrap();
        other.lock().unwrap();
        let Err(Fault::Away(why)) = get("http://127.0.0.1:1/", folder.path(), &Never) else { panic!("it is locked") };
        assert!(why.contains("another process"), "{why}");
    }
}
