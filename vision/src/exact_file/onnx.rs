//! The fields of an ONNX file that say what an exact network is.
//!
//! An ONNX file is a message of Protocol Buffers with messages in it. The few fields that are
//! read here have the names that `onnx.proto` gives them; all others are passed over.
//! Nothing is copied: texts and numbers are parts of the file.

/// The most entries of one list: a small file must not become large in memory.
const MOST: usize = 65_536;

const CUT: &str = "it ends within a field";
const KIND: &str = "a field has another type than ONNX says";

type Result<T> = std::result::Result<T, &'static str>;

/// The whole file.
#[derive(Debug, Default)]
pub(crate) struct File<'a> {
    pub(super) metadata_props: Vec<Entry<'a>>,
    pub(super) graph: Option<Graph<'a>>,
}

/// An entry of the metadata.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
}

#[derive(Debug, Default)]
pub(super) struct Graph<'a> {
    pub(super) node: Vec<Node<'a>>,
    pub(super) initializer: Vec<Tensor<'a>>,
    /// The names of its inputs.
    pub(super) input: Vec<&'a str>,
    /// The names of its outputs.
    pub(super) output: Vec<&'a str>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Node<'a> {
    pub(super) name: &'a str,
    pub(super) op_type: &'a str,
    pub(super) input: Vec<&'a str>,
    pub(super) output: Vec<&'a str>,
    pub(super) attribute: Vec<Attribute<'a>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    pub(super) ints: Vec<i64>,
}

#[derive(Debug, Default)]
pub(super) struct Tensor<'a> {
    pub(super) name: &'a str,
    pub(super) dims: Vec<i64>,
    pub(super) data_type: i32,
    pub(super) raw_data: &'a [u8],
}

impl<'a> File<'a> {
    /// Reads a file; otherwise says why it is none.
    pub(crate) fn read(onnx: &'a [u8]) -> Result<Self> {
        let mut file = Self::default();
        let mut fields = Fields(onnx);
        while let Some((field, value)) = fields.field()? {
            match field {
                7 if file.graph.is_some() => return Err("it has two graphs"),
                7 => file.graph = Some(Graph::read(value.bytes()?)?),
                14 => push(&mut file.metadata_props, Entry::read(value.bytes()?)?)?,
                _ => {}
            }
        }
        Ok(file)
    }
}

impl<'a> Entry<'a> {
    fn read(message: &'a [u8]) -> Result<Self> {
        let mut entry = Self::default();
        let mut fields = Fields(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => entry.key = value.text()?,
                2 => entry.value = value.text()?,
                _ => {}
            }
        }
        Ok(entry)
    }
}

impl<'a> Graph<'a> {
    fn read(message: &'a [u8]) -> Result<Self> {
        let mut graph = Self::default();
        let mut fields = Fields(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => push(&mut graph.node, Node::read(value.bytes()?)?)?,
                5 => push(&mut graph.initializer, Tensor::read(value.bytes()?)?)?,
                11 => push(&mut graph.input, name(value.bytes()?)?)?,
                12 => push(&mut graph.output, name(value.bytes()?)?)?,
                _ => {}
            }
        }
        Ok(graph)
    }
}

/// The name of an input or output of a graph.
fn name(message: &[u8]) -> Result<&str> {
    let mut name = "";
    let mut fields = Fields(message);
    while let Some((field, value)) = fields.field()? {
        if field == 1 {
            name = value.text()?;
        }
    }
    Ok(name)
}

impl<'a> Node<'a> {
    fn read(message: &'a [u8]) -> Result<Self> {
        let mut node = Self::default();
        let mut fields = Fields(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => push(&mut node.input, value.text()?)?,
                2 => push(&mut node.output, value.text()?)?,
                3 => node.name = value.text()?,
                4 => node.op_type = value.text()?,
                5 => push(&mut node.attribute, Attribute::read(value.bytes()?)?)?,
                _ => {}
            }
        }
        Ok(node)
    }
}

impl<'a> Attribute<'a> {
    fn read(message: &'a [u8]) -> Result<Self> {
        let mut attribute = Self::default();
        let mut fields = Fields(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => attribute.name = value.text()?,
                8 => value.numbers(&mut attribute.ints)?,
                _ => {}
            }
        }
        Ok(attribute)
    }
}

impl<'a> Tensor<'a> {
    fn read(message: &'a [u8]) -> Result<Self> {
        let mut tensor = Self::default();
        let mut fields = Fields(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => value.numbers(&mut tensor.dims)?,
                2 => tensor.data_type = value.number()? as i32,
                8 => tensor.name = value.text()?,
                9 => tensor.raw_data = value.bytes()?,
                _ => {}
            }
        }
        Ok(tensor)
    }
}

fn push<T>(list: &mut Vec<T>, entry: T) -> Result<()> {
    if list.len() >= MOST {
        return Err("a list in it has too many entries");
    }
    list.push(entry);
    Ok(())
}

/// What is left of a message.
struct Fields<'a>(&'a [u8]);

/// What a field holds.
enum Value<'a> {
    Number(u64),
    /// A text, a message, bytes or a list of numbers.
    Bytes(&'a [u8]),
    /// Four or eight bytes: no field that is read here.
    Other,
}

impl<'a> Fields<'a> {
    /// The next field's number and value.
    fn field(&mut self) -> Result<Option<(u64, Value<'a>)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.number()?;
        let field = key >> 3;
        if field == 0 || key > u64::from(u32::MAX) {
            return Err("a field has a number that none can have");
        }
        let value = match key & 7 {
            0 => Value::Number(self.number()?),
            1 => self.take(8).map(|_| Value::Other)?,
            2 => {
                let length = self.number()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Other)?,
            _ => return Err("a field has a type that ONNX does not use"),
        };
        Ok(Some((field, value)))
    }

    /// Seven bits a byte, the lowest first; the highest bit says that another byte follows.
    fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64u32).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(CUT)?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift == 63 && *byte > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("a number in it has more than 64 bits")
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let length = usize::try_from(length).map_err(|_| CUT)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }
}

impl<'a> Value<'a> {
    fn bytes(self) -> Result<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Number(_) | Self::Other => Err(KIND),
        }
    }

    fn text(self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "a text in it is not UTF-8")
    }

    fn number(self) -> Result<u64> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Bytes(_) | Self::Other => Err(KIND),
        }
    }

    /// Adds the numbers of a list, which a file may have in one field or in a field for each.
    fn numbers(self, to: &mut Vec<i64>) -> Result<()> {
        match self {
            Self::Number(number) => push(to, number as i64),
            Self::Bytes(bytes) => {
                let mut list = Fields(bytes);
                while !list.0.is_empty() {
                    push(to, list.number()? as i64)?;
                }
                Ok(())
            }
            Self::Other => Err(KIND),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_model(path: &str) -> Vec<u8> {
        let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/");
        std::fs::read(format!("{models}{path}")).unwrap()
    }

    /// What tract's library for Protocol Buffers reads is what is read here.
    #[test]
    #[cfg(feature = "network")]
    fn the_fields_are_those_of_another_reader() {
        use tract_onnx::prelude::Framework;

        for path in ["shipped/medchain-vgg16.onnx", "fixtures/float/small.onnx"] {
            let bytes = read_model(path);
            let theirs =
                tract_onnx::onnx().proto_model_for_read(&mut std::io::Cursor::new(&bytes)).unwrap();
            let ours = File::read(&bytes).unwrap();
            assert_eq!(ours.metadata_props.len(), theirs.metadata_props.len(), "{path}");
            for (ours, theirs) in ours.metadata_props.iter().zip(&theirs.metadata_props) {
                assert_eq!((ours.key, ours.value), (theirs.key.as_str(), theirs.value.as_str()));
            }
            let (ours, theirs) = (ours.graph.unwrap(), theirs.graph.unwrap());
            assert_eq!(
                ours.input,
                theirs.input.iter().map(|i| i.name.as_str()).collect::<Vec<_>>()
            );
            assert_eq!(
                ours.output,
                theirs.output.iter().map(|output| output.name.as_str()).collect::<Vec<_>>()
            );
            assert_eq!(ours.node.len(), theirs.node.len(), "{path}");
            for (ours, theirs) in ours.node.iter().zip(&theirs.node) {
                assert_eq!(
                    (ours.name, ours.op_type),
                    (theirs.name.as_str(), theirs.op_type.as_str())
                );
                assert_eq!(ours.input, theirs.input);
                assert_eq!(ours.output, theirs.output);
                assert_eq!(ours.attribute.len(), theirs.attribute.len(), "{}", ours.name);
                for (ours, theirs) in ours.attribute.iter().zip(&theirs.attribute) {
                    assert_eq!((ours.name, &ours.ints), (theirs.name.as_str(), &theirs.ints));
                }
            }
            assert_eq!(ours.initializer.len(), theirs.initializer.len(), "{path}");
            for (ours, theirs) in ours.initializer.iter().zip(&theirs.initializer) {
                assert_eq!((ours.name, &ours.dims), (theirs.name.as_str(), &theirs.dims));
                assert_eq!(ours.data_type, theirs.data_type, "{}", ours.name);
                assert!(ours.raw_data == theirs.raw_data, "{}", ours.name);
            }
        }
    }

    #[test]
    fn fails_when_a_file_is_cut_or_is_none() {
        let cases: &[(&[u8], &str)] = &[
            (b"not a network", "type that ONNX does not use"),
            // A graph of five bytes, of which there are two.
            (&[0x3a, 5, 0x0a, 0], "ends within"),
            (&[0x3a], "ends within"),
            (&[0x3a, 0, 0x3a, 0], "two graphs"),
            // A graph that is a number.
            (&[0x38, 1], "another type"),
            (&[0x02, 0], "number that none can have"),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02], "64 bits"),
            (&[0xff; 11], "64 bits"),
            // A length of 2^63.
            (&[0x3a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], "ends within"),
            // A key of the metadata that is no text.
            (&[0x72, 3, 0x0a, 1, 0xff], "not UTF-8"),
        ];
        for (bytes, words) in cases {
            let error = File::read(bytes).unwrap_err();
            assert!(error.contains(words), "{bytes:x?}: {error}");
        }
        let small = read_model("fixtures/float/small.onnx");
        let read = (0..small.len()).filter(|length| File::read(&small[..*length]).is_ok()).count();
        // Only between two of the outermost fields.
        assert!(read < 20, "{read} of {} beginnings are files", small.len());
    }

    #[test]
    fn lists_of_numbers_are_read_in_both_forms_and_bounded() {
        let (packed, single) = ([0x42, 3, 1, 0x80, 1], [0x40, 1, 0x40, 0x80, 1]);
        assert_eq!(Attribute::read(&packed).unwrap().ints, [1, 128]);
        assert_eq!(Attribute::read(&single).unwrap().ints, [1, 128]);
        assert_eq!(Attribute::read(&[0x45, 0, 0, 0, 0]).unwrap_err(), KIND);
        let many = [0x40, 1].repeat(MOST + 1);
        assert!(Attribute::read(&many[..2 * MOST]).is_ok());
        assert!(Attribute::read(&many).unwrap_err().contains("too many"));
    }

    /// Whatever is broken in a file, it is read or refused.
    #[test]
    fn a_byte_that_is_another_is_no_panic() {
        let small = read_model("fixtures/float/small.onnx");
        for place in (0..small.len()).step_by(small.len() / 500 + 1).chain(0..small.len().min(600))
        {
            for byte in [0, 0x7f, 0x80, 0xff] {
                let mut broken = small.clone();
                broken[place] = byte;
                let _ = File::read(&broken);
            }
        }
    }
}
