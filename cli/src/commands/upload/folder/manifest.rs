//! The list of a folder's files: whose each is, and what is to be done with it.

use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
};

use anyhow::{bail, Context as _, Result};
use csv::{ReaderBuilder, StringRecord, Trim};
use medchain_client::AccountId32;
use medchain_primitives::{ModelId, RecordKind};

use crate::files;

/// The largest list, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// How many faults are named.
const SHOWN: usize = 10;

/// A file of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The line of the list.
    pub(super) line: u64,
    /// The name in the list.
    pub(super) name: String,
    /// The file.
    pub(super) path: PathBuf,
    /// The patient.
    pub(super) patient: AccountId32,
    /// What it is.
    pub(super) kind: RecordKind,
    /// The model of which a verdict is ordered.
    pub(super) model: Option<ModelId>,
}

/// Reads a list of files in `folder`; `account` reads an account.
///
/// All faults are found before anything is done, each with line and column.
pub(super) fn read(
    list: &Path,
    folder: &Path,
    account: &dyn Fn(&str) -> Result<AccountId32>,
) -> Result<Vec<Row>> {
    if !folder.is_dir() {
        bail!("{} is no folder; with --manifest, name the folder of its files", folder.display());
    }
    let bytes = files::read_piped(list, "the list", MAX_BYTES)?;
    let shown = list.display();
    parse(&bytes, folder, account).with_context(|| format!("{shown} cannot be used"))
}

fn parse(
    bytes: &[u8],
    folder: &Path,
    account: &dyn Fn(&str) -> Result<AccountId32>,
) -> Result<Vec<Row>> {
    // Spreadsheets write one.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader =
        ReaderBuilder::new().trim(Trim::Headers).delimiter(delimiter(bytes)).from_reader(bytes);
    let mut lines = Lines { bytes, at: 0, number: 1 };
    let columns = Columns::of(reader.headers().map_err(|error| plain(&error, &mut lines))?)?;
    let (mut rows, mut faults, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for record in reader.records() {
        let found = record.map_err(|error| plain(&error, &mut lines)).and_then(|record| {
            let line = lines.of(record.position());
            let row = columns.row(line, &record, folder, account)?;
            if !seen.insert((row.path.clone(), row.patient)) {
                bail!(
                    "line {}, column {}: {} is listed for this patient before",
                    row.line,
                    columns.file + 1,
                    row.name
                );
            }
            Ok(row)
        });
        match found {
            Ok(row) => rows.push(row),
            Err(fault) => faults.push(format!("{fault:#}")),
        }
    }
    if !faults.is_empty() {
        let more = faults.len().saturating_sub(SHOWN);
        faults.truncate(SHOWN);
        let more = if more > 0 { format!("; and {more} more faults") } else { String::new() };
        bail!("{}{more}; nothing was begun", faults.join("; "));
    }
    if rows.is_empty() {
        bail!("it lists no file");
    }
    Ok(rows)
}

/// What stands between the values: the comma, unless the first line has semicolons alone, as
/// spreadsheets write where the comma is a decimal sign.
fn delimiter(bytes: &[u8]) -> u8 {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match first.contains(&b';') && !first.contains(&b',') {
        true => b';',
        false => b',',
    }
}

/// Counts lines, on from the place that was asked for last: from the first byte each time, a list
/// of a million files takes minutes.
struct Lines<'a> {
    bytes: &'a [u8],
    /// The place that was asked for last.
    at: usize,
    /// The line that it is in, from 1.
    number: u64,
}

impl Lines<'_> {
    /// The line on which a record begins. The reader's own count is short by one where lines end
    /// with two characters.
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.and_then(|position| usize::try_from(position.byte()).ok());
        let start = start.unwrap_or_default().min(self.bytes.len());
        if start < self.at {
            (self.at, self.number) = (0, 1);
        }
        let ends = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.number += ends(self.bytes.get(self.at..start).unwrap_or_default());
        self.at = start;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.number + ends(rest.get(..blank).unwrap_or_default())
    }
}

/// An error of the reader, with line and column where it knows them.
fn plain(error: &csv::Error, lines: &mut Lines<'_>) -> anyhow::Error {
    let line = lines.of(error.position());
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => anyhow::anyhow!(
            "line {line}, column {}: it has {len} values, and the first line {expected_len}",
            len.min(expected_len) + 1
        ),
        csv::ErrorKind::Utf8 { err, .. } => {
            anyhow::anyhow!("line {line}, column {}: it is no UTF-8 text", err.field() + 1)
        }
        _ => anyhow::anyhow!("line {line}: {error}"),
    }
}

/// Where the values are in a line.
struct Columns {
    file: usize,
    patient: usize,
    model: Option<usize>,
    kind: Option<usize>,
}

impl Columns {
    fn of(names: &StringRecord) -> Result<Self> {
        const KNOWN: [&str; 4] = ["file", "patient", "model", "kind"];
        let mut found = [None; 4];
        for (column, name) in names.iter().enumerate() {
            let known = KNOWN.iter().position(|known| name.eq_ignore_ascii_case(known));
            let place = known.and_then(|place| found.get_mut(place));
            let place = place.with_context(|| {
                format!(
                    "line 1, column {}: `{name}` is no column of it; the columns are file and \
                     patient, and perhaps model and kind",
                    column + 1
                )
            })?;
            if place.replace(column).is_some() {
                bail!("line 1, column {}: `{name}` is there twice", column + 1);
            }
        }
        let [file, patient, model, kind] = found;
        let needed = |column: Option<usize>, name: &str| {
            column.with_context(|| {
                format!("line 1 names no column `{name}`; it must name file and patient")
            })
        };
        Ok(Self { file: needed(file, "file")?, patient: needed(patient, "patient")?, model, kind })
    }

    fn row(
        &self,
        line: u64,
        record: &StringRecord,
        folder: &Path,
        account: &dyn Fn(&str) -> Result<AccountId32>,
    ) -> Result<Row> {
        let at = |column: usize| format!("line {line}, column {}", column + 1);
        let value = |column: usize| record.get(column).unwrap_or_default();
        let optional = |column: Option<usize>| {
            column.map(|column| (column, value(column).trim())).filter(|(_, text)| !text.is_empty())
        };
        // As it is: a name may begin or end with a space, and be another file's without.
        let name = value(self.file).to_owned();
        let path = inside(folder, &name).with_context(|| at(self.file))?;
        let patient = match value(self.patient).trim() {
            "" => bail!("{}: it names no patient", at(self.patient)),
            text => account(text).with_context(|| at(self.patient))?,
        };
        let kind = match optional(self.kind) {
            None => RecordKind::ChestXray,
            Some((column, text)) => text.parse().ok().with_context(|| {
                let known = RecordKind::ALL.map(RecordKind::as_str).join(", ");
                format!("{}: `{text}` is no kind of record; give {known}", at(column))
            })?,
        };
        let model = match optional(self.model) {
            None => None,
            Some((column, text)) => {
                let model = text.parse().ok().with_context(|| {
                    format!(
                        "{}: `{text}` is no model number; see `medchain model list`",
                        at(column)
                    )
                })?;
                if kind != RecordKind::ChestXray {
                    bail!("{}: no model runs on a {kind}", at(column));
                }
                Some(model)
            }
        };
        Ok(Row { line, name, path, patient, kind, model })
    }
}

/// The file of this name in a folder. What leads out of it is refused, also by a link; that is
/// asked again of what is opened in the end.
fn inside(folder: &Path, name: &str) -> Result<PathBuf> {
    if name.is_empty() {
        bail!("it names no file");
    }
    let named = Path::new(name);
    if named.components().any(|part| part == Component::ParentDir) {
        bail!("`{name}` leads out of the folder by `..`");
    }
    let path = folder.join(named);
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if !absolute(&path).starts_with(absolute(folder)) {
        bail!("`{name}` is not in the folder {}", folder.display());
    }
    // One that is not there is told when it is its turn: the others are uploaded all the same.
    if let (Ok(real), Ok(within)) = (path.canonicalize(), folder.canonicalize())
        && !real.starts_with(&within)
    {
        bail!("`{name}` is a link to {}, which is not in the folder", real.display());
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(text: &str) -> Result<AccountId32> {
        match text.strip_prefix("acc") {
            Some(number) => Ok(AccountId32([number.parse()?; 32])),
            None => bail!("`{text}` is no account"),
        }
    }

    fn read(text: &str) -> Result<Vec<Row>> {
        read_bytes(text.as_bytes())
    }

    fn read_bytes(bytes: &[u8]) -> Result<Vec<Row>> {
        let folder = tempfile::tempdir().unwrap();
        parse(bytes, folder.path(), &account)
    }

    fn fault(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn columns_come_in_any_order_and_may_be_left_out() {
        let rows = read("patient,file\nacc1,a.png\nacc2,sub/b.dcm\n").unwrap();
        let short: Vec<_> = rows.iter().map(|row| (row.line, row.name.as_str())).collect();
        assert_eq!(short, [(2, "a.png"), (3, "sub/b.dcm")]);
        assert_eq!(rows[1].patient, AccountId32([2; 32]));
        assert_eq!((rows[0].kind, rows[0].model), (RecordKind::ChestXray, None));
        let rows = read("file,patient,model,kind\na.png,acc1,3,\nb.pdf,acc1,,report\n").unwrap();
        assert_eq!((rows[0].model, rows[0].kind), (Some(ModelId(3)), RecordKind::ChestXray));
        assert_eq!((rows[1].model, rows[1].kind), (None, RecordKind::Report));
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        // A byte order mark, lines that end as on Windows, quotes, spaces.
        let rows = read("\u{feff}file,patient\r\n\"a, \"\"b\"\".png\", acc1 \r\n\r\n").unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].name.as_str(), rows[0].line), ("a, \"b\".png", 2));
        // A name is what it is; around everything else, spaces mean nothing.
        let rows = read("file , patient\n\" x.png\", acc1 \n").unwrap();
        assert_eq!(rows[0].name, " x.png");
        assert_eq!(read("File;Patient\na,b.png;acc1").unwrap()[0].name, "a,b.png");
        // A value over two lines: the line is the one on which it begins.
        let rows = read("file,patient\n\"a\nb.png\",acc1\nc.png,acc2\n").unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn a_long_list_is_read_once() {
        let rows = 200_000;
        let mut text = "file,patient\r\n".to_owned();
        for number in 0..rows {
            text.push_str(&format!("{number}.png,acc1\r\n\r\n"));
        }
        let started = std::time::Instant::now();
        let mut lines = Lines { bytes: text.as_bytes(), at: 0, number: 1 };
        let mut reader = ReaderBuilder::new().from_reader(text.as_bytes());
        let mut last = 0;
        for record in reader.records() {
            last = lines.of(record.unwrap().position());
        }
        assert_eq!(last, 2 * rows);
        // Counted from the first byte for each row, it takes minutes.
        assert!(started.elapsed() < std::time::Duration::from_secs(20));
        // Back, too.
        let mut start = csv::Position::new();
        start.set_byte(14);
        assert_eq!(lines.of(Some(&start)), 2);
    }

    #[test]
    fn a_fault_is_named_with_line_and_column() {
        for (text, words) in [
            ("file,doctor\na.png,acc1\n", "line 1, column 2: `doctor` is no column"),
            ("file,file,patient\n", "line 1, column 2: `file` is there twice"),
            ("file,model\na.png,1\n", "names no column `patient`"),
            ("file,patient\na.png,5F\n", "line 2, column 2: `5F` is no account"),
            ("file,patient\na.png,\n", "line 2, column 2: it names no patient"),
            ("file,patient\n,acc1\n", "line 2, column 1: it names no file"),
            ("file,patient\na.png\n", "line 2, column 2: it has 1 values, and the first line 2"),
            ("file,patient\na.png,acc1,x\n", "line 2, column 3: it has 3 values"),
            ("file,patient,model\na.png,acc1,vgg\n", "line 2, column 3: `vgg` is no model"),
            ("file,patient,kind\na.png,acc1,film\n", "line 2, column 3: `film` is no kind"),
            ("file,patient,kind,model\na.p,acc1,report,1\n", "column 4: no model runs on a report"),
            ("file,patient\na.png,acc1\na.png,acc1\n", "line 3, column 1: a.png is listed"),
            ("file,patient\n", "it lists no file"),
        ] {
            let said = fault(text);
            assert!(said.contains(words), "{text:?}: {said}");
        }
        let wrong = read_bytes(b"file,patient\na.png,acc1\nb\xff.png,acc1\n");
        let said = wrong.unwrap_err().to_string();
        assert!(said.contains("line 3, column 1: it is no UTF-8 text"), "{said}");
        assert!(read("file,patient\na.png,acc1\na.png,acc2\n").is_ok());
    }

    #[test]
    fn all_faults_are_named_up_to_ten() {
        let text = format!("file,patient\n{}", "a.png,nobody\n".repeat(12));
        let said = fault(&text);
        assert!(said.contains("line 2,") && said.contains("line 11,"), "{said}");
        assert!(!said.contains("line 12,") && said.contains("and 2 more faults"), "{said}");
        assert!(said.ends_with("nothing was begun"), "{said}");
    }

    #[test]
    fn what_leads_out_of_the_folder_is_refused() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("films");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(outer.path().join("secret.png"), b"x").unwrap();
        std::fs::write(folder.join("a.png"), b"x").unwrap();
        let refused = |name: &str, words: &str| {
            let error = inside(&folder, name).unwrap_err().to_string();
            assert!(error.contains(words), "{name}: {error}");
        };
        refused("../secret.png", "`..`");
        refused("sub/../../secret.png", "`..`");
        refused("/etc/passwd", "not in the folder");
        assert_eq!(inside(&folder, "a.png").unwrap(), folder.join("a.png"));
        let absolute = folder.join("a.png").display().to_string();
        assert_eq!(inside(&folder, &absolute).unwrap(), folder.join("a.png"));
        assert!(inside(&folder, "./missing.png").is_ok());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outer.path().join("secret.png"), folder.join("link.png"))
                .unwrap();
            refused("link.png", "is a link to");
        }
    }
}
