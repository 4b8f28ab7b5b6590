//! A frame in the making, field by field, so that each can also be made wrong.
//!
//! Written apart from the core on purpose: the core cannot write a wrong frame, and this is a second opinion on the right ones
//! (the tests compare the two byte for byte).

use countersign::{Fingerprint, Signer, payload};

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A number of this many bytes.
    Number(usize),
    /// Bytes, given in hexadecimal.
    Hex,
    /// `LP8` of text.
    Text,
    /// `LP8` of bytes, given in hexadecimal.
    Prefixed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: String,
    form: Form,
    bytes: Vec<u8>,
}

/// A frame that can be changed until it is signed.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    domain: String,
    fields: Vec<Field>,
    payload: Vec<u8>,
    append: Vec<u8>,
    signature: Option<Vec<u8>>,
    header_len: Option<u16>,
    sig_len: Option<u16>,
    context_key: Option<Vec<u8>>,
}

/// Who signs, for which realm. Neither has to be a possible one.
pub(super) struct Context<'a, S> {
    pub(super) app: &'a str,
    pub(super) audience: &'a str,
    pub(super) key: &'a S,
}

impl Draft {
    pub(super) fn new(domain: &str, kind: u8, flags: u16, payload: Vec<u8>) -> Self {
        let draft = Self {
            domain: domain.to_owned(),
            fields: Vec::new(),
            payload,
            append: Vec::new(),
            signature: None,
            header_len: None,
            sig_len: None,
            context_key: None,
        };
        draft.number("version", 1, 1).number("kind", 1, kind.into()).number(
            "flags",
            2,
            flags.into(),
        )
    }

    pub(super) fn number(self, name: impl Into<String>, width: usize, value: u64) -> Self {
        let bytes = value.to_be_bytes()[8 - width..].to_vec();
        self.field(name, Form::Number(width), bytes)
    }

    pub(super) fn hex(self, name: impl Into<String>, bytes: &[u8]) -> Self {
        self.field(name, Form::Hex, bytes.to_vec())
    }

    pub(super) fn text(self, name: impl Into<String>, text: &str) -> Self {
        self.field(name, Form::Text, prefixed(text.as_bytes()))
    }

    pub(super) fn prefixed(self, name: impl Into<String>, bytes: &[u8]) -> Self {
        self.field(name, Form::Prefixed, prefixed(bytes))
    }

    /// The hash of the payload as it is now.
    pub(super) fn payload_hash(self) -> Self {
        let hash = *payload::hash(&self.payload).as_bytes();
        self.hex("payload_hash", &hash)
    }

    /// The hash of a manifest at the front of the payload.
    pub(super) fn manifest_hash(self, hash: &[u8; 32]) -> Self {
        self.hex("payload_hash", hash)
    }

    fn field(mut self, name: impl Into<String>, form: Form, bytes: Vec<u8>) -> Self {
        self.fields.push(Field { name: name.into(), form, bytes });
        self
    }

    /// Changes one thing: `name=value`, or `name=hex:…` for the field's bytes as they are, length prefix and all.
    pub(super) fn set(&mut self, assignment: &str) -> Result<(), String> {
        let (name, value) = assignment
            .split_once('=')
            .ok_or_else(|| format!("'{assignment}' is not name=value"))?;
        let raw = || {
            let text = value.strip_prefix("hex:").unwrap_or(value);
            hex::decode(text).map_err(|e| format!("{name}: '{text}' is not hexadecimal: {e}"))
        };
        let length =
            || number(name, value, 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
        match name {
            "domain" => value.clone_into(&mut self.domain),
            "payload" => self.payload = raw()?,
            "append" => self.append = raw()?,
            "signature" => self.signature = Some(raw()?),
            "context_key" => self.context_key = Some(raw()?),
            "header_len" => self.header_len = Some(length()?),
            "sig_len" => self.sig_len = Some(length()?),
            _ => {
                let names = self.names();
                let unknown = || format!("there is no field '{name}'; there are {names}");
                let field = self.fields.iter_mut().find(|f| f.name == name).ok_or_else(unknown)?;
                field.bytes = match (value.starts_with("hex:"), field.form) {
                    (true, _) | (false, Form::Hex) => raw()?,
                    (false, Form::Number(width)) => number(name, value, width)?,
                    (false, Form::Text) => prefixed(value.as_bytes()),
                    (false, Form::Prefixed) => prefixed(&raw()?),
                };
            }
        }
        Ok(())
    }

    fn names(&self) -> String {
        let fields = self.fields.iter().map(|field| field.name.as_str());
        let other =
            ["payload", "append", "signature", "header_len", "sig_len", "domain", "context_key"];
        fields.chain(other).collect::<Vec<_>>().join(", ")
    }

    fn header(&self) -> Vec<u8> {
        let fields = self.fields.iter().flat_map(|field| &field.bytes);
        fields.chain(&self.append).copied().collect()
    }

    /// The frame.
    pub(super) fn sign(&self, context: &Context<'_, impl Signer>) -> Vec<u8> {
        let header = self.header();
        let fingerprint: &Fingerprint = context.key.verifying_key().fingerprint();
        let mut input = prefixed(format!("{}-{}-v1", context.app, self.domain).as_bytes());
        input.extend(prefixed(context.audience.as_bytes()));
        input.extend(self.context_key.as_deref().unwrap_or(fingerprint.as_bytes()));
        input.extend(&header);
        let signature = self.signature.clone().unwrap_or_else(|| context.key.sign(&input).to_vec());
        let length = |given: Option<u16>, bytes: &[u8]| given.unwrap_or(bytes.len() as u16);
        let mut frame = length(self.header_len, &header).to_be_bytes().to_vec();
        frame.extend(&header);
        frame.extend(length(self.sig_len, &signature).to_be_bytes());
        frame.extend(signature);
        frame.extend(&self.payload);
        frame
    }
}

/// `LP8`; of more than 255 bytes only the prefix is wrong, as whoever asks for it wants.
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![bytes.len() as u8];
    out.extend_from_slice(bytes);
    out
}

fn number(name: &str, text: &str, width: usize) -> Result<Vec<u8>, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    let value = parsed.map_err(|_| format!("{name}: '{text}' is not a number"))?;
    let bytes = value.to_be_bytes();
    let (above, kept) = bytes.split_at(8 - width);
    if above.iter().any(|byte| *byte != 0) {
        return Err(format!("{name}: {value} does not fit into {width} bytes"));
    }
    Ok(kept.to_vec())
}
