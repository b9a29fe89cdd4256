//! Films in processes of their own, with the real program.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use medchain_vision::{decode, square, synthetic_radiograph_png, Preprocessing};
use medchain_worker::prediction::{
    adapters::{DecoderProcess, Limits},
    ports::PredictorError,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_medchain-decode");

fn with(limits: Limits) -> DecoderProcess {
    DecoderProcess::in_file(Path::new(PROGRAM), limits).unwrap()
}

fn decoder() -> DecoderProcess {
    with(Limits::default())
}

/// A grey image of so many pixels a side, without compression.
fn grey(side: usize) -> Vec<u8> {
    let mut image = format!("P5\n{side} {side}\n255\n").into_bytes();
    image.extend((0..side * side).map(|at| (at % 251) as u8));
    image
}

#[test]
fn a_film_gives_the_square_that_it_gives_anywhere() {
    decoder().probe().unwrap();
    for film in [synthetic_radiograph_png(1), synthetic_radiograph_png(2), grey(300)] {
        let here = square(&film).unwrap();
        let here: &[u8] = here.as_ref();
        assert_eq!(decoder().greys(&film, None).unwrap().as_slice(), here);
    }
}

#[test]
fn the_worker_itself_decodes_where_the_other_program_is_not_there() {
    let worker = env!("CARGO_BIN_EXE_medchain-worker");
    let film = synthetic_radiograph_png(4);
    let itself = DecoderProcess::of(worker, &[], Limits::default());
    assert_eq!(itself.greys(&film, None).unwrap(), decoder().greys(&film, None).unwrap());
    assert!(DecoderProcess::in_file(Path::new("/nowhere/at/all"), Limits::default()).is_err());
}

#[test]
fn the_program_stays_the_same_while_its_file_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("medchain-decode");
    fs::copy(PROGRAM, &path).unwrap();
    let decoder = DecoderProcess::in_file(&path, Limits::default()).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "no program").unwrap();
    decoder.probe().unwrap();
    assert!(DecoderProcess::in_file(&path, Limits::default()).unwrap().probe().is_err());
}

#[test]
fn a_decoder_of_another_version_decodes_nothing() {
    let script = format!(r#"exec '{PROGRAM}' "$0" 0.0.0 "$2" "$3""#);
    let other = DecoderProcess::of("/bin/sh", &["-c", &script], Limits::default());
    let error = other.probe().unwrap_err();
    assert!(matches!(&error, PredictorError::Internal(_)), "{error}");
    assert!(error.to_string().contains("install both from one release"), "{error}");
    // Nobody else starts it.
    let started = Command::new(PROGRAM).output().unwrap();
    assert!(!started.status.success());
    assert!(String::from_utf8_lossy(&started.stderr).contains("medchain-worker starts"));
}

#[test]
fn a_model_with_steps_of_its_own_sees_what_they_give() {
    let steps = r#"{
        "id": "other", "model": "m", "version": "1", "size": 96, "crop": "centre-square",
        "resampling": "area-u8", "mask": { "border": 3, "corner": 9, "value": 7 },
        "mean": [0.1, 0.2, 0.3], "std": [0.7, 0.8, 0.9], "labels": ["a", "b"],
        "temperature": 1.3, "confidence_threshold": 0.6
    }"#;
    let steps = Preprocessing::from_json(steps.as_bytes()).unwrap();
    let film = synthetic_radiograph_png(3);
    let here = steps.square(&decode(&film).unwrap());
    assert_eq!(*decoder().greys(&film, Some(&steps)).unwrap(), here);
}

#[test]
fn what_is_no_film_is_refused_with_the_same_words() {
    let png = synthetic_radiograph_png(1);
    let large = b"P5\n30000 30000\n255\n";
    for bytes in [&b""[..], b"text", b"%PDF-1.7", &png[..png.len() / 2], large] {
        let here = square(bytes).unwrap_err();
        let there = decoder().greys(bytes, None).unwrap_err();
        assert_eq!(there.to_string(), here.to_string());
        assert_eq!(matches!(there, PredictorError::TooLarge(_)), bytes == large);
    }
    let file = vec![0; (medchain_vision::MAX_FILE_BYTES + 1) as usize];
    let there = decoder().greys(&file, None).unwrap_err();
    assert_eq!(there.to_string(), square(&file).unwrap_err().to_string());
}

#[test]
fn a_film_that_takes_too_much_memory_ends_its_process_alone() {
    let little = with(Limits { memory: 40 << 20, ..Limits::default() });
    let (small, large) = (grey(300), grey(5_000));
    assert!(little.greys(&small, None).is_ok());
    // The file fits, and what is made of it does not.
    let error = little.greys(&large, None).unwrap_err();
    assert!(matches!(&error, PredictorError::Ended(why) if why.contains("40 MiB")), "{error}");
    assert!(little.greys(&small, None).is_ok());
    assert!(decoder().greys(&large, None).is_ok());
}

#[test]
fn a_process_that_hangs_is_ended() {
    let patience = Duration::from_millis(200);
    let limits = Limits { patience, ..Limits::default() };
    // The first reads nothing, the second all of it, and the third leaves the pipes to another
    // process; none says anything.
    for script in
        ["exec sleep 600", "cat >/dev/null; exec sleep 600", "sleep 600 & cat >/dev/null; wait"]
    {
        let hanging = DecoderProcess::of("/bin/sh", &["-c", script], limits);
        let started = Instant::now();
        let error = hanging.greys(&grey(1_000), None).unwrap_err();
        assert!(matches!(&error, PredictorError::Ended(why) if why.contains("0.2 s")), "{error}");
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn another_program_is_no_fault_of_a_film() {
    // The last one is told to end, as all processes of a unit may be.
    for script in ["exit 1", "echo nonsense", "cat >/dev/null", "kill -TERM $$"] {
        let other = DecoderProcess::of("/bin/sh", &["-c", script], Limits::default());
        let error = other.greys(b"film", None).unwrap_err();
        assert!(matches!(error, PredictorError::Internal(_)), "{script}: {error}");
        assert!(other.probe().is_err());
    }
    let none = DecoderProcess::of("/nowhere/at/all", &[], Limits::default());
    assert!(matches!(none.greys(b"film", None), Err(PredictorError::Internal(_))));
}

/// What the kernel says that a process may have of something, at most.
fn most(process: u32, what: &str) -> Option<String> {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix(what))?;
    line.split_whitespace().nth(1).map(str::to_owned)
}

#[test]
fn what_takes_over_the_process_opens_and_starts_nothing() {
    let mut waiting = Command::new(PROGRAM)
        .args(["decode-film", env!("CARGO_PKG_VERSION"), "1000000000", "60"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It waits for a film once it is confined.
    let started = Instant::now();
    while most(waiting.id(), "Max open files").as_deref() != Some("0") {
        assert!(started.elapsed() < Duration::from_secs(60), "it is not confined");
        thread::sleep(Duration::from_millis(20));
    }
    for what in ["Max processes", "Max core file size"] {
        assert_eq!(most(waiting.id(), what).as_deref(), Some("0"), "{what}");
    }
    // Without a film it ends by itself.
    drop(waiting.stdin.take());
    assert!(waiting.wait().unwrap().success());
}

#[test]
fn the_process_inherits_neither_environment_nor_files() {
    let open = tempfile::NamedTempFile::new().unwrap();
    let name = open.path().file_name().unwrap().to_str().unwrap();
    // The signal says that both are as they should be.
    let script = format!(
        "test -z \"$CARGO_MANIFEST_DIR$HOME$USER\" || exit 1
        ls -l /proc/$$/fd | grep -q -F -e '{name}' && exit 2
        kill -SEGV $$"
    );
    let decoder = DecoderProcess::of("/bin/sh", &["-c", &script], Limits::default());
    let error = decoder.greys(b"film", None).unwrap_err();
    assert!(matches!(&error, PredictorError::Ended(why) if why.ends_with("signal 11")), "{error}");
}
