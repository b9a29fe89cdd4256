//! Decodes image files for another program. Python reads films through it, so that there is
//! one decoder (`docs/adr/0030-hospital-files.md`).
//!
//! `medchain-greys [--squares]` is a filter. It reads files, each after its length (8 bytes,
//! little-endian), and answers each at once:
//!
//! - 0 (one byte), width and height (4 bytes each), and the greys in rows; with `--squares`,
//!   those that the network sees;
//! - or 1, the length of a message (4 bytes), and the message, which says why it is refused.

use std::io::{self, ErrorKind, Read, Write};

use medchain_vision::{decode, square, DecodeError, MAX_FILE_BYTES, SQUARE_SIDE};

/// Width, height and greys.
type Greys = (u32, u32, Vec<u8>);

fn main() -> io::Result<()> {
    let read: fn(&[u8]) -> Result<Greys, DecodeError> = match std::env::args().nth(1).as_deref() {
        None => whole,
        Some("--squares") => seen,
        Some(_) => {
            let usage = "usage: medchain-greys [--squares]";
            return Err(io::Error::new(ErrorKind::InvalidInput, usage));
        }
    };
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    while let Some(length) = next_length(&mut input)? {
        let greys = next_file(&mut input, length)?.and_then(|file| read(&file));
        output.write_all(&answer(&greys))?;
        output.flush()?;
    }
    Ok(())
}

/// How long the next file is; `None` where the input ends before it.
fn next_length(input: &mut impl Read) -> io::Result<Option<u64>> {
    let mut bytes = Vec::new();
    input.take(8).read_to_end(&mut bytes)?;
    match bytes.first_chunk::<8>() {
        Some(length) => Ok(Some(u64::from_le_bytes(*length))),
        None if bytes.is_empty() => Ok(None),
        None => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// The next file. What is too large is passed over.
fn next_file(input: &mut impl Read, length: u64) -> io::Result<Result<Vec<u8>, DecodeError>> {
    let mut file = Vec::new();
    let mut rest = input.take(length);
    let (arrived, found) = if length > MAX_FILE_BYTES {
        let passed = io::copy(&mut rest, &mut io::sink())?;
        (passed, Err(DecodeError::FileTooLarge { bytes: length }))
    } else {
        (rest.read_to_end(&mut file)? as u64, Ok(file))
    };
    if arrived < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(found)
}

fn whole(file: &[u8]) -> Result<Greys, DecodeError> {
    let image = decode(file)?;
    Ok((image.width(), image.height(), image.pixels().to_vec()))
}

fn seen(file: &[u8]) -> Result<Greys, DecodeError> {
    let side = SQUARE_SIDE as u32;
    Ok((side, side, square(file)?.as_ref().to_vec()))
}

fn answer(greys: &Result<Greys, DecodeError>) -> Vec<u8> {
    match greys {
        Ok((width, height, greys)) => {
            [[0u8].as_slice(), &width.to_le_bytes(), &height.to_le_bytes(), greys].concat()
        }
        Err(error) => {
            let message = error.to_string();
            let length = message.len() as u32;
            [[1u8].as_slice(), &length.to_le_bytes(), message.as_bytes()].concat()
        }
    }
}
