//! `event.key`: the present code of the event's QR.

use super::secret::SecretError;
use countersign_keys::disk::{self, Access};
use countersign_keys::key_file;
use countersign_mesh::EventCode;
use std::path::Path;
use zeroize::Zeroizing;

const FORMAT: &str = "countersign-event-code-v1";

/// Reads it; `None` if there is none yet.
pub(super) fn read(path: &Path) -> Result<Option<EventCode>, SecretError> {
    let Some(file) = disk::read(path)? else { return Ok(None) };
    key_file::check_mode(path, &file.file)?;
    let wrong = || SecretError::Format { path: path.to_owned(), what: FORMAT.to_owned() };
    parse(&file.content).map(Some).ok_or_else(wrong)
}

/// Writes it in place of the one before.
pub(super) fn write(path: &Path, code: &EventCode) -> Result<(), SecretError> {
    let text = code.to_text();
    let mut content = Zeroizing::new(Vec::with_capacity(256));
    content.extend_from_slice(FORMAT.as_bytes());
    content.push(b'\n');
    content.extend_from_slice(text.as_bytes());
    content.push(b'\n');
    Ok(disk::replace(path, &content, Access::Private)?)
}

fn parse(content: &[u8]) -> Option<EventCode> {
    let mut lines = core::str::from_utf8(content).ok()?.lines();
    lines.next().filter(|format| *format == FORMAT)?;
    let code = lines.next()?.parse().ok()?;
    lines.next().is_none().then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::EventId;
    use countersign_mesh::{BleUuid, EventKey};

    #[test]
    fn the_code_is_kept_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.key");
        assert!(read(&path).unwrap().is_none());
        let code = EventCode {
            event: EventId::new("FAIR").unwrap(),
            key: EventKey::from_bytes([0x5e; 32]),
            ble: BleUuid::from_bytes([7; 16]),
        };
        write(&path, &code).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().to_text(), code.to_text());
        std::fs::write(&path, "countersign-event-code-v1\n").unwrap();
        assert!(matches!(read(&path), Err(SecretError::Format { .. })));
    }
}
