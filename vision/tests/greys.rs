//! The program that Python reads films through answers what the library decodes.

use std::{
    io::{Read, Write},
    process::{Command, Stdio},
};

use medchain_vision::{decode, square, synthetic_radiograph_png, MAX_FILE_BYTES};

/// What the program answers to files, and whether it ends well.
fn answers(options: &[&str], input: Vec<u8>) -> (Vec<u8>, bool) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_medchain-greys"))
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may end before it has read everything.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let mut output = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut output).unwrap();
    writer.join().unwrap();
    (output, child.wait().unwrap().success())
}

fn asked(file: &[u8]) -> Vec<u8> {
    [(file.len() as u64).to_le_bytes().as_slice(), file].concat()
}

fn refusal(message: &str) -> Vec<u8> {
    [[1u8].as_slice(), &(message.len() as u32).to_le_bytes(), message.as_bytes()].concat()
}

fn picture(side: (u32, u32), greys: &[u8]) -> Vec<u8> {
    [[0u8].as_slice(), &side.0.to_le_bytes(), &side.1.to_le_bytes(), greys].concat()
}

#[test]
fn each_file_is_answered_in_turn() {
    let film = synthetic_radiograph_png(5);
    let pdf = b"%PDF-1.7 x";
    let input = [asked(&film), asked(pdf), asked(b""), asked(&film)].concat();
    let refused = |bytes: &[u8]| refusal(&decode(bytes).unwrap_err().to_string());

    let image = decode(&film).unwrap();
    let read = picture((image.width(), image.height()), image.pixels());
    let expected = [read.clone(), refused(pdf), refused(b""), read].concat();
    assert!(answers(&[], input.clone()) == (expected, true));

    let seen = picture((224, 224), square(&film).unwrap().as_ref());
    let expected = [seen.clone(), refused(pdf), refused(b""), seen].concat();
    assert!(answers(&["--squares"], input) == (expected, true));
}

#[test]
fn a_file_that_is_too_large_is_refused_and_the_next_is_read() {
    let film = synthetic_radiograph_png(5);
    let large = vec![0; MAX_FILE_BYTES as usize + 1];
    let (output, is_well) = answers(&[], [asked(&large), asked(&film)].concat());
    let refused = refusal(&decode(&large).unwrap_err().to_string());
    assert!(is_well && output.starts_with(&refused));
    assert_eq!(output.len(), refused.len() + 9 + 512 * 512);
}

#[test]
fn fails_when_the_input_ends_within_a_file() {
    for input in [vec![9, 0, 0], asked(b"1234")[..10].to_vec()] {
        assert_eq!(answers(&[], input), (Vec::new(), false));
    }
    assert_eq!(answers(&["--help"], Vec::new()), (Vec::new(), false));
}
