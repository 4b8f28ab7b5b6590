//! Whether what lies at a station is what it made.

use crate::batch::{ASIDE, Batch, MANIFEST_FILE, SHEET_FILE, text};
use crate::factory::Factory;
use crate::html;
use crate::label::Label;
use crate::plan::Secrets;
use countersign::RecordDigest;
use countersign_keys::disk::{self, Access};
use countersign_keys::key_file;
use countersign_league::evidence::{PairCertificate, Signed};
use countersign_provision::{Half, Provision, SecretPlace, key_file_name};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Most findings that are kept; the rest is counted.
const FINDINGS_MAX: usize = 200;
/// Most bytes of a page.
const PAGE_MAX: usize = 1024 * 1024;

/// What was looked at, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Batches that were looked at.
    pub batches: usize,
    /// Pairs that were looked at.
    pub pairs: usize,
    /// Sentences about what is wrong: the first 200.
    pub findings: Vec<String>,
    /// How many more there were.
    pub more: usize,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, place: &Path, what: impl std::fmt::Display) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(format!("{}: {what}", place.display()));
        } else {
            self.more += 1;
        }
    }
}

/// Checks batches of a station: signatures, manifests, folders, labels, file modes, and that no key, id or serial is used twice in
/// any of them. `progress` hears how many pairs of how many were looked at.
pub fn verify(
    factory: &Factory,
    batches: &[Batch],
    progress: &mut dyn FnMut(usize, usize),
) -> Report {
    let total = batches.iter().map(|batch| batch.plan.count).sum();
    let mut check =
        Check { factory, report: Report::default(), used: HashMap::new(), total, progress };
    if factory.path().join("factory.key").symlink_metadata().is_ok()
        && let Err(error) = factory.key()
    {
        check.report.add(factory.path(), error);
    }
    for batch in batches {
        check.batch(batch);
    }
    check.report
}

struct Check<'a> {
    factory: &'a Factory,
    report: Report,
    /// What must not be used twice, and who uses it.
    used: HashMap<String, String>,
    total: usize,
    progress: &'a mut dyn FnMut(usize, usize),
}

impl Check<'_> {
    fn batch(&mut self, batch: &Batch) {
        self.report.batches += 1;
        self.once(&batch.folder, "batch id", &batch.plan.batch.to_string(), &batch.name());
        let finished = batch.is_finished();
        let planned: Vec<String> = match finished {
            true => batch.serials().collect(),
            false => batch.made().collect(),
        };
        if finished {
            self.strangers(batch);
        } else {
            let (made, count) = (planned.len(), batch.plan.count);
            let what =
                format!("{made} of {count} pairs are made; run `countersign factory make` again");
            self.report.add(&batch.folder, what);
        }
        let (mut digests, mut pairs) = (Vec::new(), Vec::new());
        for serial in planned {
            if let Some(pair) = self.pair(batch, &serial) {
                digests.push(pair.digest);
                pairs.push(pair.value);
            }
            self.report.pairs += 1;
            (self.progress)(self.report.pairs, self.total);
        }
        if !finished {
            return;
        }
        self.manifest(batch, digests);
        if pairs.len() == batch.plan.count {
            let sheet = html::sheet(&batch.plan, &pairs);
            self.same(&batch.folder.join(SHEET_FILE), &sheet, Access::Public);
        }
    }

    /// Whatever lies in a batch without being part of it.
    fn strangers(&mut self, batch: &Batch) {
        let names = match disk::names(&batch.folder) {
            Ok(names) => names,
            Err(error) => return self.report.add(&batch.folder, error),
        };
        let planned: HashSet<String> = batch.serials().collect();
        for name in names {
            let place = batch.folder.join(&name);
            if name.starts_with(ASIDE) {
                self.report.add(&place, "left over from an interrupted run; make removes it");
            } else if place.is_dir() && !planned.contains(&name) {
                self.report.add(&place, "no pair of this batch's plan");
            }
        }
    }

    fn pair(&mut self, batch: &Batch, serial: &str) -> Option<Signed<PairCertificate>> {
        let place = batch.folder.join(serial);
        let (realm, key) = (&self.factory.realm, &self.factory.config.key);
        let signed = match batch.certificate(serial, realm, key) {
            Ok(signed) => signed,
            Err(error) => {
                self.report.add(&place, error);
                return None;
            }
        };
        let pair = &signed.value;
        let (plan, by) = (&batch.plan, format!("{} of {}", serial, batch.name()));
        if (&*pair.serial, pair.batch, pair.max_players) != (serial, plan.batch, plan.max_players) {
            self.report.add(&place, "the certificate is of another pair, batch or capacity");
        }
        self.once(&place, "serial", &pair.serial, &by);
        self.once(&place, "device id", &pair.device.to_string(), &by);
        self.once(&place, "mark", &format!("{} in {}", pair.mark, batch.name()), &by);
        for key in [&pair.master, &pair.slave] {
            self.once(&place, "key", &hex::encode(key.as_bytes()), &by);
        }
        self.halves(&place, &signed, plan.secret);
        Some(signed)
    }

    /// Both folders, and the label, which says the same as the master's.
    fn halves(&mut self, place: &Path, pair: &Signed<PairCertificate>, secrets: Secrets) {
        let mut networks = Vec::new();
        for half in Half::BOTH {
            let (folder, secret) = (place.join(half.as_str()), secrets.of(half));
            let read = match Provision::read(&folder) {
                Ok(read) => read,
                Err(error) => {
                    self.report.add(&folder, error);
                    continue;
                }
            };
            if read.config.role != half || read.pair.digest != pair.digest {
                self.report.add(&folder, "it is another half, or of another pair");
            }
            if read.config.keys.factory != self.factory.config.key {
                self.report.add(&folder, "it believes another factory");
            }
            if read.config.keys.secret != secret {
                self.report.add(&folder, "the plan says that its secret key is elsewhere");
            }
            let has_file = folder.join(key_file_name(half)).symlink_metadata().is_ok();
            if has_file && secret == SecretPlace::Chip {
                self.report.add(&folder, "there is a secret key, which should be in the chip only");
            }
            if half == Half::Master {
                self.label(place, &Label::of(&read.config));
            }
            networks.push((read.config.wifi, read.config.realm, read.config.server));
        }
        if networks.windows(2).any(|two| two[0] != two[1]) {
            self.report.add(place, "master and slave differ in Wi-Fi, realm or server");
        }
    }

    fn label(&mut self, place: &Path, label: &Label) {
        match label.files() {
            Ok(files) => files.iter().for_each(|file| {
                self.same(&place.join(file.name), &file.content, file.access);
            }),
            Err(error) => self.report.add(place, error),
        }
    }

    fn manifest(&mut self, batch: &Batch, mut digests: Vec<RecordDigest>) {
        let place = batch.folder.join(MANIFEST_FILE);
        let (realm, key) = (&self.factory.realm, &self.factory.config.key);
        let manifest = match batch.manifest(realm, key) {
            Ok(signed) => signed.value,
            Err(error) => return self.report.add(&place, error),
        };
        digests.sort_unstable();
        if manifest.pairs != digests {
            self.report.add(&place, "it lists other certificates than those that are there");
        }
        if (manifest.batch, &manifest.station) != (batch.plan.batch, &batch.plan.station) {
            self.report.add(&place, "it is of another batch or station than the plan");
        }
    }

    /// A file that can be made again has to be the same.
    fn same(&mut self, path: &Path, expected: &str, access: Access) {
        match text(path, PAGE_MAX) {
            Ok(Some(found)) if found == expected => {}
            Ok(Some(_)) => self.report.add(path, "it says something else than the devices"),
            Ok(None) => self.report.add(path, "it is missing"),
            Err(error) => self.report.add(path, error),
        }
        if access == Access::Private
            && let Ok(file) = std::fs::File::open(path)
            && let Err(error) = key_file::check_mode(path, &file)
        {
            self.report.add(path, error);
        }
    }

    fn once(&mut self, place: &Path, kind: &str, value: &str, by: &str) {
        if let Some(other) = self.used.insert(format!("{kind} {value}"), by.to_owned()) {
            self.report.add(place, format_args!("the {kind} {value} is used by {other} too"));
        }
    }
}
