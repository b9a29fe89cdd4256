//! What the demo tells: a line for each thing that happened.

use std::path::Path;

use anyhow::Result;
use medchain_client::store;

use super::{
    processes::{Node, Running},
    Stage,
};
use crate::{
    output,
    progress::{Progress, Step},
};

/// Tells the story, or nothing where JSON was asked for.
pub struct Story {
    silent: bool,
    progress: Progress,
}

impl Story {
    /// A story for people, unless `silent`.
    pub fn new(silent: bool) -> Self {
        Self { silent, progress: Progress::new(silent) }
    }

    /// Something that takes a while.
    pub fn step(&self, message: &str) -> Step {
        self.progress.step(message)
    }

    /// One thing that happened; further lines of `text` are set below the first.
    pub fn tell(&self, who: &str, text: &str) -> Result<()> {
        if self.silent {
            return Ok(());
        }
        output::line(&paragraph(who, text))
    }

    /// What this is.
    pub fn opening(&self, image: &Path, synthetic: bool) -> Result<()> {
        let image = if synthetic {
            "a synthetic radiograph, drawn by this program; no real person's X-ray".to_string()
        } else {
            format!("your image {}", image.display())
        };
        self.tell("MedChain", &format!("the demo, with {image}. Not for clinical use."))
    }

    /// How to look further.
    pub fn closing(
        &self,
        node: &Node,
        stage: &Stage<'_>,
        summary: &Path,
        keep: bool,
        running: &Running,
    ) -> Result<()> {
        self.tell("Summary", &summary.display().to_string())?;
        let apps = node.apps_link();
        if keep {
            let Stage { store_url, worker_listens: worker, folder, .. } = stage;
            let folder = folder.display();
            let stores: Vec<String> = store_url.split(',').map(store::shown).collect();
            self.tell(
                "Running",
                &format!(
                    "chain and worker go on, with their logs in {folder}\n\
                     the worker tells how it is at http://{worker}/health and /metrics\n\
                     end them with: kill {}\n\
                     and once they have ended: rm -r {folder}",
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
            // The link stands last, alone on its line.
            return self.tell("Look", &format!("in Polkadot.js Apps:\n{apps}"));
        }
        self.tell(
            "Look",
            &format!(
                "make demo KEEP=1 (medchain demo --keep) leaves the chain open for\n\
                 Polkadot.js Apps, at an address like {apps}"
            ),
        )
    }
}

fn paragraph(who: &str, text: &str) -> String {
    let mut lines = text.lines();
    // A name that is longer than its column still ends before the text.
    let mut paragraph = format!("{who:<11} {}", lines.next().unwrap_or_default());
    for line in lines {
        paragraph.push_str(&format!("\n{:12}{line}", ""));
    }
    paragraph
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_lines_stand_below_the_first() {
        assert_eq!(paragraph("Patient", "one\ntwo"), "Patient     one\n            two");
    }
}
