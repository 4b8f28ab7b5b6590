//! Records in memory.

use super::State;
use crate::record::{NewRecord, RecordOutcome, StoredRecord};
use countersign::{RecordId, UserId};

impl State {
    pub(super) fn append_record(&mut self, new: NewRecord) -> RecordOutcome {
        let known = self.record_ids.get(&new.id).and_then(|&index| self.records.get(index));
        if let Some(first) = known {
            return match first.digest == new.digest {
                true => RecordOutcome::AlreadyStored { seq: first.seq, received: first.received },
                false => RecordOutcome::IdTaken,
            };
        }
        let index = self.records.len();
        let seq = index as u64 + 1;
        if self.sessions.contains_key(&new.session) && !self.erasures.contains_key(&new.user) {
            self.signers.insert(new.session);
        }
        self.record_ids.insert(new.id, index);
        self.records.push(StoredRecord {
            seq,
            user: Some(new.user).filter(|user| !self.erasures.contains_key(user)),
            id: new.id,
            signer: new.signer,
            record_type: new.record_type,
            digest: new.digest,
            frame: new.frame,
            received: new.received,
        });
        RecordOutcome::Appended { seq }
    }

    pub(super) fn find_record(&self, user: UserId, id: RecordId) -> Option<StoredRecord> {
        let record = self.records.get(*self.record_ids.get(&id)?)?;
        (record.user == Some(user)).then(|| record.clone())
    }

    pub(super) fn records_after(&self, after: u64, limit: u32) -> Vec<StoredRecord> {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        self.records.iter().skip(skip).take(limit as usize).cloned().collect()
    }
}
