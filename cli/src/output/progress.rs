//! Progress on standard error, shown only on a terminal.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Makes progress bars that stay silent in scripts.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    shown: bool,
}

impl Progress {
    /// Shows progress when standard error is a terminal, unless `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self { shown: !quiet && std::io::stderr().is_terminal() }
    }

    /// Whether anybody sees it.
    pub fn is_shown(self) -> bool {
        self.shown
    }

    /// Starts a step of unknown length, such as waiting for a block.
    pub fn step(self, message: impl Into<String>) -> Step {
        let bar = if self.shown {
            let bar = ProgressBar::new_spinner();
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        } else {
            ProgressBar::hidden()
        };
        bar.set_message(message.into());
        Step(bar)
    }

    /// Starts a step over `length` bytes or items.
    pub fn bar(self, message: impl Into<String>, length: u64, bytes: bool) -> Step {
        let bar = if self.shown {
            ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        let template = if bytes {
            "{msg} [{bar:30}] {bytes}/{total_bytes}"
        } else {
            "{msg} [{bar:30}] {pos}/{len}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(message.into());
        Step(bar)
    }
}

/// A running step; dropping it clears its line.
#[derive(Debug)]
pub struct Step(ProgressBar);

impl Step {
    /// Sets the total length.
    pub fn of(&self, length: u64) {
        self.0.set_length(length);
    }

    /// Says something else beside it.
    pub fn say(&self, message: String) {
        self.0.set_message(message);
    }

    /// Moves the bar to `position`.
    pub fn at(&self, position: u64) {
        self.0.set_position(position);
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
