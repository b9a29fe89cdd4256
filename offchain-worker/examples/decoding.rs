//! What it costs to decode each film in a process of its own, against decoding it in the worker's
//! process as before. Prints JSON, with what the process adds to a film in milliseconds.
//!
//! ```sh
//! decoding PROGRAM [FILMS]
//! ```
//! The program is `medchain-decode`, or `medchain-worker`, which does it where that is not there.

use std::{path::Path, process::ExitCode, time::Instant};

use medchain_vision::{square, synthetic_radiograph_png};
use medchain_worker::prediction::adapters::{DecoderProcess, Limits};
use serde_json::json;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("error: name the program that decodes");
        return ExitCode::FAILURE;
    };
    let films = arguments.next().and_then(|films| films.parse::<u32>().ok());
    let films = films.unwrap_or(50).max(1);
    match compare(Path::new(&program), films) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(program: &Path, films: u32) -> Result<(), Box<dyn std::error::Error>> {
    let decoder = DecoderProcess::in_file(program, Limits::default())?;
    decoder.probe()?;
    let (mut before, mut now) = (0.0, 0.0);
    for seed in 0..films {
        let film = synthetic_radiograph_png(u64::from(seed));
        // In turns: what else the machine does meets both.
        let started = Instant::now();
        let here = square(&film)?;
        before += started.elapsed().as_secs_f64() * 1e3;
        let started = Instant::now();
        let there = decoder.greys(&film, None)?;
        now += started.elapsed().as_secs_f64() * 1e3;
        let here: &[u8] = here.as_ref();
        if there.as_slice() != here {
            return Err("the process gives another square".into());
        }
    }
    let each = |all: f64| (all / f64::from(films) * 100.0).round() / 100.0;
    let report = json!({
        "films": films,
        "film_ms": each(now),
        "film_before_ms": each(before),
        "process_ms": each(now - before),
    });
    println!("{report}");
    Ok(())
}
