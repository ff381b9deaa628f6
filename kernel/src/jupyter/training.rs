//! What training shows while it runs: one line and one plot that change in place, and stay when it is over.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use fovea::event::Event;
use fovea::live::Live;
use fovea::picture::{Picture, Theme};
use jupyter_protocol::{DisplayData, JupyterMessage, Media, MediaType, Transient, UpdateDisplayData};
use serde_json::Map;
use uuid::Uuid;

use super::outbox::Outbox;
use super::render::{self, Bundle};
use fovea_wire::log;

/// How long a line stands at least.
const LINE: Duration = Duration::from_millis(100);

/// How long a plot stands at least.
const PLOT: Duration = Duration::from_millis(500);

/// A plot stands so many times as long as it took to draw: training needs the processor.
const SHARE: u32 = 10;

/// One training's displays.
pub struct Training {
    live: Live,
    line: Display,
    /// When the line was shown last.
    shown: Option<Instant>,
    plot: Plot,
    /// None where there is no thread to be had: then the last plot is all.
    painter: Option<Painter>,
}

impl Training {
    /// Of the cell that trains.
    pub fn new(out: &Outbox, cell: &JupyterMessage, theme: Theme) -> Self {
        let plot = Arc::new(Mutex::new(Some(Display::new(out, cell))));
        let painter = Painter::new(Arc::clone(&plot)).ok();
        Self { live: Live::new(theme), line: Display::new(out, cell), shown: None, plot, painter }
    }

    /// Takes in a piece of news, and shows it where what is shown has stood long enough.
    pub fn event(&mut self, event: &Event) {
        self.live.event(event);
        if self.shown.is_none_or(|shown| shown.elapsed() >= LINE) {
            self.show_line();
        }
        if let Some(painter) = &mut self.painter {
            painter.paint(&self.live);
        }
    }

    fn show_line(&mut self) {
        self.shown = Some(Instant::now());
        let forms = vec![MediaType::Plain(self.live.line()), MediaType::Html(self.live.line_html())];
        self.line.show(Bundle { data: Media::new(forms), metadata: Map::new() });
    }

    /// The training is over, in whatever way: the last of it stays, the plot in every form. That one is drawn while
    /// whatever follows goes on; the thread given back is done when it is shown.
    pub fn end(mut self) -> Option<JoinHandle<()>> {
        self.live.over();
        self.show_line();
        // What is being drawn is out of date: nobody waits for it.
        let mut plot = self.plot.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let is_shown = plot.is_shown;
        let live = self.live;
        let mut last = move || match drawn(&live) {
            Some(picture) => plot.show(render::picture(&picture)),
            // Whether there was time to show a draft or not: the result follows, and takes its place.
            None if live.has_drafts() => plot.show(render::nothing()),
            None => {}
        };
        if is_shown {
            return Builder::new().name("painter".into()).spawn(last).ok();
        }
        // It has no place yet, and what follows belongs below it.
        last();
        None
    }
}

/// The plot's display while the painter may change it.
type Plot = Arc<Mutex<Option<Display>>>;

/// Something that is shown once and then changes in place.
struct Display {
    out: Outbox,
    cell: JupyterMessage,
    id: String,
    is_shown: bool,
}

impl Display {
    fn new(out: &Outbox, cell: &JupyterMessage) -> Self {
        Self { out: out.clone(), cell: cell.clone(), id: Uuid::new_v4().to_string(), is_shown: false }
    }

    fn show(&mut self, Bundle { data, metadata }: Bundle) {
        let transient = Transient { display_id: Some(self.id.clone()) };
        if std::mem::replace(&mut self.is_shown, true) {
            self.out.publish(&self.cell, UpdateDisplayData { data, metadata, transient });
        } else {
            self.out.publish(&self.cell, DisplayData { data, metadata, transient: Some(transient) });
        }
    }
}

/// Draws on a thread of its own, so that training does not wait.
struct Painter {
    work: SyncSender<Live>,
    /// How long the newest plot took to draw, in microseconds.
    took: Arc<AtomicU64>,
    /// When the next plot is due.
    due: Instant,
}

impl Painter {
    /// Draws into `plot`, as long as there is one.
    fn new(plot: Plot) -> std::io::Result<Self> {
        // Without room: a training is taken where the painter waits for one.
        let (work, lives) = sync_channel::<Live>(0);
        let took = Arc::new(AtomicU64::new(0));
        let time = Arc::clone(&took);
        Builder::new().name("painter".into()).spawn(move || {
            for live in lives {
                let begun = Instant::now();
                let picture = drawn(&live);
                if let (Some(plot), Some(picture)) =
                    (&mut *plot.lock().unwrap_or_else(PoisonError::into_inner), picture)
                {
                    plot.show(render::frame(&picture));
                }
                time.store(begun.elapsed().as_micros().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        })?;
        Ok(Self { work, took, due: Instant::now() + PLOT })
    }

    /// Has the training drawn as it is now, where that is due and the painter is free.
    fn paint(&mut self, live: &Live) {
        if Instant::now() >= self.due && self.work.try_send(live.clone()).is_ok() {
            let took = Duration::from_micros(self.took.load(Ordering::Relaxed));
            self.due = Instant::now() + PLOT.max(took.saturating_mul(SHARE));
        }
    }
}

/// The curves so far.
fn drawn(live: &Live) -> Option<Picture> {
    // A panic here would end the training, which has no part in it.
    match catch_unwind(|| live.picture()).ok().flatten()? {
        Ok(picture) => Some(picture),
        Err(error) => {
            log(format_args!("training is not drawn: {error}"));
            None
        }
    }
}
