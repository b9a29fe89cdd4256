//! The demo's output: a paragraph for each thing that happened.

use std::path::Path;

use anyhow::Result;
use medchain_client::store;

use super::{
    processes::{Node, Running},
    stage::Stage,
};
use crate::output::{self, Progress, Step};

/// Tells the story, or nothing with --json.
pub struct Story {
    silent: bool,
    progress: Progress,
}

impl Story {
    /// A story for people, unless `silent`.
    pub fn new(silent: bool) -> Self {
        Self { silent, progress: Progress::new(silent) }
    }

    /// Shows a step that takes a while.
    pub fn step(&self, message: &str) -> Step {
        self.progress.step(message)
    }

    /// Tells one thing that happened; further lines of `text` are indented.
    pub fn tell(&self, who: &str, text: &str) -> Result<()> {
        if self.silent {
            return Ok(());
        }
        output::line(&paragraph(who, text))
    }

    /// Tells what this is.
    pub fn opening(&self, image: &Path, synthetic: bool) -> Result<()> {
        let image = if synthetic {
            "a synthetic radiograph, drawn by this program; no real person's X-ray".to_string()
        } else {
            format!("your image {}", image.display())
        };
        self.tell("MedChain", &format!("the demo, with {image}. Not for clinical use."))
    }

    /// Tells where to look next.
    pub fn closing(
        &self,
        node: &Node,
        stage: &Stage<'_>,
        summary: &Path,
        keep: bool,
        page: Option<&str>,
        running: &Running,
    ) -> Result<()> {
        self.tell("Summary", &summary.display().to_string())?;
        let apps = node.apps_link();
        if keep {
            let Stage { store_url, workers_listen: [first, second], folder, .. } = stage;
            let folder = folder.display();
            let stores: Vec<String> = store_url.split(',').map(store::shown).collect();
            self.tell(
                "Running",
                &format!(
                    "the chain and the workers keep running; their logs are in {folder}\n\
                     the workers report their state at http://{first} and http://{second},\n\
                     at /health and /metrics\n\
                     end them with: kill {}\n\
                     then clean up with: rm -r {folder}",
                    running.process_ids()
                ),
            )?;
            self.tell(
                "Try",
                &format!(
                    "medchain on this chain, after\n\
                     export MEDCHAIN_NODE={} MEDCHAIN_STORE={}",
                    node.url,
                    stores.join(",")
                ),
            )?;
            if let Some(page) = page {
                self.tell(
                    "Page",
                    &format!(
                        "{page}\n\
                         sign in with a wallet; an account of it gets MEDC for fees with\n\
                         medchain transfer ACCOUNT 200 --dev --suri //Alice -y"
                    ),
                )?;
            }
            // The link is last, alone on its line.
            return self.tell("Look", &format!("in Polkadot.js Apps:\n{apps}"));
        }
        self.tell(
            "Look",
            &format!(
                "make demo KEEP=1 (medchain demo --keep) keeps the chain running for\n\
                 Polkadot.js Apps, at an address like {apps}"
            ),
        )
    }
}

fn paragraph(who: &str, text: &str) -> String {
    let mut lines = text.lines();
    // A name longer than its column is still separated from the text.
    let mut paragraph = format!("{who:<11} {}", lines.next().unwrap_or_default());
    for line in lines {
        paragraph.push_str("\n            ");
        paragraph.push_str(line);
    }
    paragraph
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_lines_are_indented() {
        assert_eq!(paragraph("Patient", "one\ntwo"), "Patient     one\n            two");
    }
}
