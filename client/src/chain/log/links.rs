//! The links of a log, from the last one back.

use std::future::Future;

use medchain_primitives::LogHead;

use crate::chain::ChainError;

/// What knows where the entries of one log are. Nothing that it says is trusted.
pub trait LogSource {
    /// The end of the log as it was after a block.
    fn head_after(&self, number: u32) -> impl Future<Output = Result<LogHead<u32>, ChainError>>;
}

/// A block with entries: the log before it and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The end of the log before the block.
    pub before: LogHead<u32>,
    /// The end of the log after the block.
    pub after: LogHead<u32>,
}

/// The blocks with entries that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The end of the log before the first of them. Without entries, the log begins with them.
    pub begin: LogHead<u32>,
    /// The blocks, in order.
    pub links: Vec<Link>,
}

impl Link {
    /// The block.
    pub fn block(&self) -> u32 {
        self.after.at
    }

    /// The number of entries in the block.
    pub fn length(&self) -> u32 {
        self.after.length.saturating_sub(self.before.length)
    }

    /// Checks that these encoded events are the entries of the block: all, unaltered and in
    /// order.
    ///
    /// Errors: [`ChainError::BrokenLog`].
    pub fn check<'a>(&self, entries: impl IntoIterator<Item = &'a [u8]>) -> Result<(), ChainError> {
        let mut head = self.before;
        for entry in entries {
            head = head.after(self.block(), entry);
        }
        let found = head.length.saturating_sub(self.before.length);
        let what = match head == self.after {
            true => return Ok(()),
            false if found != self.length() => {
                format!("the node has {found} of {} entries", self.length())
            }
            false => "the node has other entries, or in another order".to_owned(),
        };
        Err(ChainError::BrokenLog { block: self.block(), what })
    }
}

/// Finds the blocks with entries, from the proven end back to the begin, or to where `stops` says
/// so of the log before. `step` is told the number of entries before each block found.
///
/// What it returns is proven once [`Link::check`] accepts the entries of every link.
///
/// Errors: [`ChainError::BrokenLog`], and what `source` answers.
pub async fn walk<S: LogSource>(
    source: &S,
    end: LogHead<u32>,
    stops: impl Fn(&LogHead<u32>) -> bool,
    mut step: impl FnMut(u32),
) -> Result<Links, ChainError> {
    let mut links = Vec::new();
    let mut after = end;
    while after.length > 0 && !stops(&after) {
        let before = source.head_after(after.at.saturating_sub(1)).await?;
        // Each is earlier and shorter than the one after it, so this ends.
        let is_earlier = before.length < after.length && before.at < after.at;
        let is_whole = before.length > 0 || before == LogHead::default();
        if !is_earlier || !is_whole {
            let what = "the node's links do not lead back from it".to_owned();
            return Err(ChainError::BrokenLog { block: after.at, what });
        }
        links.push(Link { before, after });
        step(before.length);
        after = before;
    }
    links.reverse();
    Ok(Links { begin: after, links })
}
