//! What the slave saw: its reports, each once and in order, and its seal under them.

use super::{Master, Output, Sighting};
use crate::evidence::SlaveSeal;
use crate::pair::control::{match_of, short_of};
use crate::pair::{BadPeer, Phase, Report, ReportKind};
use countersign::Signer;

impl<S: Signer> Master<S> {
    /// In order only: what comes too early comes again.
    pub(super) fn handle_report(&mut self, bytes: &[u8], now: u64) {
        if !self.is_up() {
            return;
        }
        let Ok((claimed, _)) = Report::read(bytes) else { return };
        if claimed.seq > self.record.seq.saturating_add(1) {
            return;
        }
        if claimed.seq > self.record.seq {
            let is_possible = claimed.epoch <= self.record.epoch;
            match Report::open(&self.pair, bytes) {
                Ok(report) if is_possible => self.deliver(report, bytes, now),
                Ok(_) | Err(_) => return self.emit(Output::BadPeer(BadPeer::Report)),
            }
        }
        self.send_control(now);
    }

    fn deliver(&mut self, report: Report, bytes: &[u8], now: u64) {
        self.record.seq = report.seq;
        let match_id8 = short_of(match_of(self.record.match_id));
        let is_stray = report.match_id8 != [0; 8] && report.match_id8 != match_id8;
        let is_goal = report.kind == ReportKind::Goal && !is_stray;
        if is_goal {
            self.record.chain = self.record.chain.with(bytes);
        }
        if report.kind == ReportKind::Boot {
            self.record.boot = report.boot;
            self.known_heard = Some(now);
        }
        let at = self.clocks.map(report.boot, report.ticks);
        let sighting = Sighting { report, bytes: bytes.to_vec(), at };
        if !is_stray {
            self.emit(match report.kind {
                ReportKind::Goal => Output::Goal(sighting),
                ReportKind::Touch => Output::Touch(sighting),
                ReportKind::Check => Output::Checked(sighting),
                ReportKind::Disarmed => Output::Disarmed(sighting),
                ReportKind::Rearmed => Output::Rearmed(sighting),
                ReportKind::Boot => Output::SlaveRebooted { gap: report.duration, sighting },
            });
        }
        self.persist();
    }

    pub(super) fn handle_seal(&mut self, seal: SlaveSeal, now: u64) {
        let Some(match_id) = match_of(self.record.match_id) else { return };
        if self.phase != Phase::Drain || seal.last_seq > self.record.seq {
            return;
        }
        let message = seal.message(&self.pair.device, &match_id);
        if self.pair.slave.verify(&message, &seal.signature).is_err() {
            return self.emit(Output::BadPeer(BadPeer::Seal));
        }
        let ours = self.record.chain;
        self.emit(match (seal.head, seal.goals) == (ours.head, ours.goals) {
            true => Output::Drained(seal),
            false => Output::SealRefused(seal),
        });
        self.phase = Phase::Sealed;
        self.want(now);
    }
}
