//! Progress on standard error, only where a person is watching.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Makes progress bars that stay silent in scripts.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    shown: bool,
}

impl Progress {
    /// Shows progress when standard error is a terminal and `quiet` is not asked for.
    pub fn new(quiet: bool) -> Self {
        Self { shown: !quiet && std::io::stderr().is_terminal() }
    }

    /// A step of unknown length, such as waiting for a block. It disappears
    /// when it is dropped.
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

    /// A step over `length` bytes or items.
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

/// A step that is under way; dropping it clears its line.
#[derive(Debug)]
pub struct Step(ProgressBar);

impl Step {
    /// Sets how long the whole is.
    pub fn of(&self, length: u64) {
        self.0.set_length(length);
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
