//! The terminal as it is before a secret is asked for, which turns off that it shows what is typed.

#[cfg(unix)]
mod unix {
    use std::{
        fs::File,
        sync::{Mutex, PoisonError},
    };

    use rustix::termios::{tcgetattr, tcsetattr, OptionalActions, Termios};

    /// The program's terminal, whatever its standard input and output are.
    const TERMINAL: &str = "/dev/tty";

    /// What the terminal has to be like again; none while nothing is asked for.
    static BEFORE: Mutex<Option<(File, Termios)>> = Mutex::new(None);

    /// Remembers what the terminal is like, as long as this lives.
    pub struct Remembered;

    impl Remembered {
        /// As it is now.
        pub fn now() -> Self {
            // Without a terminal there is nothing to give back.
            let now = File::open(TERMINAL).ok().and_then(|terminal| {
                let mode = tcgetattr(&terminal).ok()?;
                Some((terminal, mode))
            });
            *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = now;
            Self
        }
    }

    impl Drop for Remembered {
        fn drop(&mut self) {
            *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Makes the terminal what it was before a secret was asked for, for a program that ends
    /// while it asks.
    pub fn restore() {
        if let Some((terminal, mode)) =
            BEFORE.lock().unwrap_or_else(PoisonError::into_inner).as_ref()
        {
            let _ = tcsetattr(terminal, OptionalActions::Now, mode);
        }
    }
}

#[cfg(not(unix))]
mod unix {
    /// Nothing: no signal handler of this program runs here.
    pub struct Remembered;

    impl Remembered {
        /// Nothing.
        pub fn now() -> Self {
            Self
        }
    }

    /// Does nothing.
    pub fn restore() {}
}

pub use unix::{restore, Remembered};
