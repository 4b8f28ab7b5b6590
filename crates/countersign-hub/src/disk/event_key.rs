//! `event.key`: the code of the event's QR, and which of the event's keys it is.

use super::secret::SecretError;
use countersign_keys::disk::{self, Access};
use countersign_keys::key_file;
use countersign_mesh::{EventCode, KeyEpoch};
use std::path::Path;
use zeroize::Zeroizing;

const FORMAT: &str = "countersign-event-code-v1";

/// The event's present key.
#[derive(Debug, Clone)]
pub(crate) struct CurrentCode {
    /// Counted from 0, one more after every re-keying.
    pub(crate) epoch: KeyEpoch,
    /// What the QR says.
    pub(crate) code: EventCode,
}

/// Reads it; `None` if there is none yet.
pub(super) fn read(path: &Path) -> Result<Option<CurrentCode>, SecretError> {
    let Some(file) = disk::read(path)? else { return Ok(None) };
    key_file::check_mode(path, &file.file)?;
    let wrong = || SecretError::Format { path: path.to_owned(), what: FORMAT.to_owned() };
    parse(&file.content).map(Some).ok_or_else(wrong)
}

/// Writes it in place of the one before.
pub(super) fn write(path: &Path, current: &CurrentCode) -> Result<(), SecretError> {
    let text = current.code.to_text();
    let mut content = Zeroizing::new(Vec::with_capacity(256));
    content.extend_from_slice(format!("{FORMAT} {}\n", current.epoch.get()).as_bytes());
    content.extend_from_slice(text.as_bytes());
    content.push(b'\n');
    Ok(disk::replace(path, &content, Access::Private)?)
}

fn parse(content: &[u8]) -> Option<CurrentCode> {
    let mut lines = core::str::from_utf8(content).ok()?.lines();
    let epoch = lines.next()?.strip_prefix(FORMAT)?.strip_prefix(' ')?.parse().ok()?;
    let code = lines.next()?.parse().ok()?;
    lines.next().is_none().then_some(CurrentCode { epoch: KeyEpoch::new(epoch), code })
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::EventId;
    use countersign_mesh::{BleUuid, EventKey};

    #[test]
    fn code_and_epoch_are_kept_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.key");
        assert!(read(&path).unwrap().is_none());
        let code = EventCode {
            event: EventId::new("FAIR").unwrap(),
            key: EventKey::from_bytes([0x5e; 32]),
            ble: BleUuid::from_bytes([7; 16]),
        };
        let current = CurrentCode { epoch: KeyEpoch::new(3), code };
        write(&path, &current).unwrap();
        let found = read(&path).unwrap().unwrap();
        assert_eq!((found.epoch, found.code.to_text()), (current.epoch, current.code.to_text()));
        std::fs::write(&path, "countersign-event-code-v1 3\n").unwrap();
        assert!(matches!(read(&path), Err(SecretError::Format { .. })));
    }
}
