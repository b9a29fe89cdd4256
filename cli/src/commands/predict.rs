//! `medchain predict`: the worker's path from an image file to a prediction, offline.

use std::{
    collections::BTreeMap,
    fmt,
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc, Arc,
    },
    thread,
};

use anyhow::{Context, Result};
use clap::Args;
use medchain_vision::{Engine, Model, MAX_FILE_BYTES};
use serde::Serialize;

use crate::{
    files,
    models::{ModelFiles, Probabilities},
    output::{self, Outcome, Progress},
};

/// Arguments of `medchain predict`.
#[derive(Args, Clone, Debug)]
pub struct PredictArgs {
    /// The image files: DICOM, PNG, JPEG, TIFF, BMP, WebP, PNM or lossless JPEG 2000.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The folder of the model, NAME.onnx and NAME.json; defaults to the shipped one.
    #[arg(long, env = "MEDCHAIN_MODEL_DIR", value_name = "FOLDER")]
    pub model_dir: Option<PathBuf>,
    /// What runs the network: `exact`, for exact models only, or `tract`, for every model.
    ///
    /// Defaults to the one that suits the model. For an exact model, both give the
    /// same answers.
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<Engine>,
    /// How many files to process at once; defaults to the number of processor cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
}

/// The result for one file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Line {
    /// A prediction.
    Predicted {
        /// The file's name as given.
        file: String,
        /// The most probable class.
        label: String,
        /// The probability of every class.
        probabilities: Probabilities,
        /// Whether a radiologist is needed.
        uncertain: bool,
        /// The SHA-256 of the ONNX file, by which the chain knows it.
        model: String,
        /// The preprocessing's id.
        preprocessing: String,
    },
    /// A failure.
    Failed {
        /// The file's name as given.
        file: String,
        /// The reason, in one sentence.
        error: String,
    },
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Predicted { file, label, probabilities, uncertain, .. } => {
                write!(f, "{file}: {} [{probabilities}]", output::label(label, *uncertain))
            }
            Line::Failed { file, error } => write!(f, "error: {file}: {error}"),
        }
    }
}

/// Predicts every file and prints the results in the order of the arguments, each as
/// soon as those before it are printed.
pub fn run(args: &PredictArgs, json: bool) -> Result<Outcome> {
    let model = ModelFiles::find(args.model_dir.as_deref())?.load(args.engine)?;
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let jobs = args.jobs.map_or(cores, usize::from).min(args.files.len()).max(1);
    // A single file gets all cores; many files run in parallel instead, which is more
    // efficient.
    let model = Arc::new(model.with_threads((cores / jobs).max(1)));
    let progress = Progress::new(json || args.files.len() < 2);
    let step = progress.bar("Predicting", args.files.len() as u64, false);

    let mut outcome = Outcome::Done;
    let mut done = 0u64;
    in_order(
        &args.files,
        jobs,
        |path| predicted(&model, path),
        |line| {
            if matches!(line, Line::Failed { .. }) {
                outcome = Outcome::Failed;
            }
            done += 1;
            step.at(done);
            show(&line, json)
        },
    )?;
    Ok(outcome)
}

fn show(line: &Line, json: bool) -> Result<()> {
    if !json && matches!(line, Line::Failed { .. }) {
        crate::output::tell!("{}", output::one_line(&line.to_string()));
        return Ok(());
    }
    output::print(line, json)
}

/// The prediction for one file, or why there is none.
pub fn predicted(model: &Model, path: &Path) -> Line {
    let file = path.display().to_string();
    let result = files::read(path, "the image", MAX_FILE_BYTES)
        .and_then(|bytes| model.predict(&bytes).map_err(Into::into));
    match result {
        Ok(prediction) => Line::Predicted {
            file,
            probabilities: Probabilities::from(&prediction),
            label: prediction.label,
            uncertain: prediction.uncertain,
            model: hex::encode(model.sha256()),
            preprocessing: model.spec().id.clone(),
        },
        Err(error) => Line::Failed { file, error: output::causes(&error) },
    }
}

/// Maps `items` on `jobs` threads and passes the results on in the order of the items.
///
/// Holds back at most a small result for each item, never an image.
fn in_order<I: Sync, R: Send>(
    items: &[I],
    jobs: usize,
    work: impl Fn(&I) -> R + Sync,
    mut take: impl FnMut(R) -> Result<()>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..jobs {
            let (sender, next, work) = (sender.clone(), &next, &work);
            thread::Builder::new()
                .name("predict".into())
                .spawn_scoped(scope, move || loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    // The receiver is gone once standard output is closed.
                    if sender.send((index, work(item))).is_err() {
                        break;
                    }
                })
                .context("cannot start a thread")?;
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        for (index, result) in receiver {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&due) {
                due += 1;
                take(result)?;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        let probabilities = [("covid", 12_300), ("ignore", 7_700), ("normal", 980_000)];
        Line::Predicted {
            file: "a b.png".into(),
            label: "normal".into(),
            probabilities: Probabilities(probabilities.map(|(l, p)| (l.to_string(), p)).to_vec()),
            uncertain: false,
            model: "00ff".into(),
            preprocessing: "mc-area-224-v1".into(),
        }
    }

    #[test]
    fn a_line_has_the_published_shape() {
        assert_eq!(
            serde_json::to_string(&line()).unwrap(),
            r#"{"file":"a b.png","label":"normal","probabilities":{"covid":0.0123,"ignore":0.0077,"normal":0.98},"uncertain":false,"model":"00ff","preprocessing":"mc-area-224-v1"}"#
        );
        let failed = Line::Failed { file: "x".into(), error: "y".into() };
        assert_eq!(serde_json::to_string(&failed).unwrap(), r#"{"file":"x","error":"y"}"#);
    }

    #[test]
    fn the_text_has_the_warning_beside_the_label() {
        let mut line = line();
        assert_eq!(line.to_string(), "a b.png: normal [covid 1.2 %, ignore 0.8 %, normal 98.0 %]");
        if let Line::Predicted { uncertain, .. } = &mut line {
            *uncertain = true;
        }
        assert!(line.to_string().contains("normal (uncertain — needs a radiologist)"));
    }

    #[test]
    fn results_come_in_order_from_any_number_of_threads() {
        let items: Vec<u64> = (0..50).collect();
        for jobs in [1, 3, 8] {
            let mut seen = Vec::new();
            let work = |item: &u64| {
                thread::sleep(std::time::Duration::from_micros(50 * (item % 7)));
                *item
            };
            in_order(&items, jobs, work, |item| {
                seen.push(item);
                Ok(())
            })
            .unwrap();
            assert_eq!(seen, items);
        }
    }

    #[test]
    fn a_closed_output_ends_the_work() {
        let items: Vec<u64> = (0..1000).collect();
        let worked = AtomicUsize::new(0);
        let work = |_: &u64| {
            thread::sleep(std::time::Duration::from_millis(1));
            worked.fetch_add(1, Ordering::Relaxed)
        };
        let result = in_order(&items, 2, work, |_| anyhow::bail!("closed"));
        assert!(result.is_err());
        assert!(worked.load(Ordering::Relaxed) < 100);
    }
}
