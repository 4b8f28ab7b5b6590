//! The commands as an operator types them.

use super::{OpsCommand, perform};
use clap::{CommandFactory, Parser};
use countersign::{Fingerprint, LoginId, SessionId, Signer, SigningKey, Timestamp, UserId};
use countersign_store::{
    Attempt, AttemptedCode, Channel, CodeMac, LoginLimits, NewCode, NewLogin, NewMessage,
    NewSession, Store,
};
use countersign_store_sqlite::SqliteStore;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug, Parser)]
struct Program {
    #[command(subcommand)]
    command: OpsCommand,
}

/// A server's folder, and the words that an operator types.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Words with `@/` for the temporary folder; `Err` is what the operator reads.
    fn at(&self, now: Timestamp, words: &str) -> Result<(ExitCode, String), String> {
        let here = format!("{}/", self.0.path().display());
        let words = words.replace("@/", &here);
        let parsed = Program::try_parse_from(["countersign"].into_iter().chain(words.split(' ')));
        let parsed = parsed.map_err(|error| error.to_string())?;
        let mut written = Vec::new();
        let code = perform(parsed.command, now, &mut written).map_err(|error| error.to_string())?;
        Ok((code, String::from_utf8(written).unwrap()))
    }

    fn run(&self, words: &str) -> String {
        self.at(NOW, words).unwrap().1
    }

    fn fails(&self, words: &str) -> String {
        self.at(NOW, words).unwrap_err()
    }

    fn shown(&self) -> Value {
        serde_json::from_str(&self.run("keys --dir @/data/keys show --json")).unwrap()
    }

    fn init(&self) {
        self.run("keys init --app league --audience league.example.org --dir @/data/keys --root @/root.key");
    }

    /// Id of the key in this place of the set.
    fn key(&self, index: usize) -> String {
        self.shown()["keys"][index]["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn the_grammar_is_sound() {
    Program::command().debug_assert();
}

#[test]
fn a_year_of_keys() {
    let machine = Machine::new();
    machine.init();
    let keys = "--dir @/data/keys --root @/root.key";
    let said = machine.run(&format!("keys prepare --starts-in 0s {keys}"));
    assert!(said.contains("Version 2"), "{said}");
    let (old, new) = (machine.key(0), machine.key(1));
    machine.run(&format!("keys activate {new} {keys}"));
    let shown = machine.shown();
    assert_eq!(shown["signing"], new.as_str());
    assert_eq!(shown["keys"][0]["state"], "retired");
    assert_eq!(shown["keys"][1]["file_present"], true);
    let refused = machine.fails(&format!("keys activate {old} {keys}"));
    assert!(refused.contains("no key comes back; prepare a new one"), "{refused}");
    machine.run(&format!("keys taint {old} {keys}"));
    machine.run(&format!("keys renew --life 90d {keys}"));
    let refused = machine.fails(&format!("keys revoke {new} {keys}"));
    assert!(refused.contains("the only key that signs now"), "{refused}");
    let text = machine.run("keys show --dir @/data/keys");
    assert!(text.contains("expires  2026-04-01T00:00:00Z") && text.contains("tainted"), "{text}");
}

#[test]
fn the_root_never_comes_near_the_server() {
    let machine = Machine::new();
    machine.init();
    let refused = machine.fails("keys renew --dir @/data/keys");
    assert!(refused.contains("export-unsigned"), "{refused}");
    machine.run("keys export-unsigned @/next.txt prepare --starts-in 0s --dir @/data/keys");
    assert_eq!(machine.shown()["version"], 1);
    let review = machine.run("keys sign @/next.txt");
    assert!(
        review.contains("version 2 for league at league.example.org")
            && review.contains("Not signed")
    );
    machine.run("keys sign @/next.txt --root @/root.key --out @/next.frame");
    machine.run("keys install @/next.frame --dir @/data/keys");
    assert_eq!(machine.shown()["keys"][1]["state"], "prepared");
    let refused = machine.fails("keys install @/next.frame --dir @/data/keys");
    assert!(refused.contains("version 2 is in place"), "{refused}");
}

#[test]
fn a_new_root_and_pins() {
    let machine = Machine::new();
    machine.init();
    machine.run("keys new-root @/new-root.key");
    let new_root = key_of(&machine.path("new-root.key"));
    let hex: String = hex::encode(new_root.verifying_key().as_bytes());
    machine.run(&format!("keys change-root {hex} --dir @/data/keys --root @/root.key"));
    machine.run(&format!("keys change-root {hex} --drop-old --dir @/data/keys --root @/root.key"));
    let refused = machine.fails("keys renew --dir @/data/keys --root @/root.key");
    assert!(refused.contains("is not trusted by the current key set"), "{refused}");
    let pin = |digit: &str| digit.repeat(64);
    let renewed = "--dir @/data/keys --root @/new-root.key";
    machine.run(&format!("keys pins {} {} {renewed}", pin("a"), pin("b")));
    assert_eq!(machine.shown()["pins"].as_array().unwrap().len(), 2);
    assert!(machine.fails(&format!("keys pins {} {renewed}", pin("a"))).contains("one pin alone"));
    assert!(machine.fails(&format!("keys pins {renewed}")).contains("--none"));
    machine.run(&format!("keys pins --none {renewed}"));
    assert_eq!(machine.shown()["pins"].as_array().unwrap().len(), 0);
}

#[test]
fn a_pin_from_a_certificate() {
    let machine = Machine::new();
    machine.init();
    let mut words = "keys pins --dir @/data/keys --root @/root.key".to_owned();
    for name in ["one.pem", "two.pem"] {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(machine.path(name), made.cert.pem()).unwrap();
        words += &format!(" --certificate @/{name}");
    }
    machine.run(&words);
    assert_eq!(machine.shown()["pins"].as_array().unwrap().len(), 2);
    std::fs::write(machine.path("no.pem"), "no certificate").unwrap();
    let refused =
        machine.fails("keys pins --certificate @/no.pem --dir @/data/keys --root @/root.key");
    assert!(refused.contains("no.pem is no certificate"), "{refused}");
}

#[test]
fn accounts_backups_and_the_audit_log() {
    let machine = Machine::new();
    let refused = machine.fails("user show ana@example.org --data @/data");
    assert!(refused.contains("there is no database"), "{refused}");
    assert!(!machine.path("data").exists());
    std::fs::create_dir(machine.path("data")).unwrap();
    register(&machine.path("data/countersign.db"), "ana@example.org");
    let said = machine.run("user grant ana@EXAMPLE.org referee admin --data @/data");
    assert_eq!(said, "ana@example.org has the scopes: admin referee user\n");
    machine.run("backup @/copy.db --data @/data");
    machine.run("user revoke-scope ana@example.org user admin --data @/data");
    let shown = machine.run("user show ana@example.org --data @/data");
    assert!(
        shown.contains("scopes   referee\n") && shown.contains("\"Ana's phone\" on cli"),
        "{shown}"
    );
    let listed = machine.run("user list --data @/data");
    assert!(listed.contains("2026-01-01T00:00:00Z  ana@example.org  referee\n"), "{listed}");
    assert!(machine.run("user list --limit 1 --data @/data").contains("--after ana@example.org"));
    assert_eq!(machine.run("user list --after ana@example.org --json --data @/data"), "[]\n");
    assert!(machine.fails("user show bob@example.org --data @/data").contains("no account has"));
    assert!(machine.fails("user grant ana@example.org A --data @/data").contains("is no scope"));
    let log: Value = serde_json::from_str(&machine.run("audit --json --data @/data")).unwrap();
    let last = log.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["action"], &last["detail"]["after"][0]),
        (&"user.revoke-scope".into(), &"referee".into())
    );
    assert!(machine.run("audit --limit 1 --data @/data").contains("--after 1"));

    assert!(machine.fails("restore @/copy.db --data @/data").contains("is not empty"));
    machine.run("restore @/copy.db --data @/data --force");
    let shown = machine.run("user show ana@example.org --data @/data");
    assert!(shown.contains("scopes   admin referee user\n"), "{shown}");
}

#[test]
fn what_a_doctor_finds() {
    let machine = Machine::new();
    machine.init();
    register(&machine.path("data/countersign.db"), "ana@example.org");
    let config = "[realm]\napp = \"league\"\naudience = \"league.example.org\"\n";
    std::fs::write(machine.path("c.toml"), config).unwrap();
    let doctor = |now: Timestamp, more: &str| {
        let words = format!("doctor --config @/c.toml --data @/data --json{more}");
        let (code, text) = machine.at(now, &words).unwrap();
        let found: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(found["ok"] == true, code == ExitCode::SUCCESS, "{text}");
        (found["ok"] == true, text)
    };
    let (sound, text) = doctor(NOW, "");
    assert!(sound && text.contains("nobody can log in"), "{text}");
    // Otherwise the schema was not recognised as current, and the mark was not asked for.
    assert!(text.contains("not behind what the server has seen"), "{text}");
    let (sound, text) = doctor(NOW.minus(DAY), "");
    assert!(!sound && text.contains("but the key set was issued"), "{text}");
    assert!(text.contains("but the server has seen 2026-01-01T00:00:00Z"), "{text}");
    let (sound, text) = doctor(NOW.plus(DAY * 170), "");
    assert!(sound && text.contains("in 10 days; run `keys renew`"), "{text}");
    let (sound, text) = doctor(NOW.plus(DAY * 180), "");
    assert!(!sound && text.contains("clients refuse it"), "{text}");
    let (sound, text) = doctor(NOW, " --set realm.audience=other.example.org");
    assert!(
        !sound && text.contains("league.example.org, not for league and other.example.org"),
        "{text}"
    );
    let (sound, text) = doctor(NOW, " --set limits.frame_maxx=1");
    assert!(!sound && text.contains("frame_maxx"), "{text}");
    let (sound, text) = doctor(NOW, " --set email.mode=starttls");
    assert!(!sound && text.contains("email.host or email.from is missing"), "{text}");
    let plain = machine.run("doctor --config @/c.toml --data @/data");
    assert!(plain.ends_with("Nothing is wrong.\n"), "{plain}");
}

#[test]
fn a_doctor_tells_when_the_certificate_ends() {
    let machine = Machine::new();
    machine.init();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2026, 3, 1);
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(machine.path("chain.pem"), certificate.pem()).unwrap();
    std::fs::write(machine.path("key.pem"), key.serialize_pem()).unwrap();
    let other = rcgen::KeyPair::generate().unwrap();
    std::fs::write(machine.path("other.pem"), other.serialize_pem()).unwrap();
    let with = |now: Timestamp, key: &str| {
        let set = "--set realm.app=league --set realm.audience=league.example.org";
        let tls = format!("--set server.tls.certificate=@/chain.pem --set server.tls.key=@/{key}");
        let (code, text) = machine.at(now, &format!("doctor --data @/data {set} {tls}")).unwrap();
        let line = text.lines().find(|line| line.contains("  tls ")).unwrap().to_owned();
        (code == ExitCode::SUCCESS, line)
    };
    // NOW is 59 days before.
    for (days, sound, expected) in [
        (0, true, "ok       tls           the certificate ends at 2026-03-01T00:00:00Z"),
        (44, true, "ok       tls           the certificate ends at 2026-03-01T00:00:00Z"),
        (
            45,
            true,
            "warning  tls           the certificate ends at 2026-03-01T00:00:00Z, in 14 days",
        ),
        (59, false, "it has expired, and clients refuse it"),
    ] {
        let (found, line) = with(NOW.plus(DAY * days), "key.pem");
        assert!(found == sound && line.ends_with(expected), "{days}: {line}");
    }
    let (sound, line) = with(NOW, "other.pem");
    assert!(!sound && line.starts_with("bad"), "{line}");
}

#[test]
fn nothing_private_is_ever_written_out() {
    let machine = Machine::new();
    machine.init();
    let seed =
        |path: &Path| std::fs::read_to_string(path).unwrap().lines().nth(1).unwrap().to_owned();
    let online = machine.path(&format!("data/keys/online-{}.key", machine.key(0)));
    let seeds = [seed(&machine.path("root.key")), seed(&online)];
    // A root where an online key is expected, a damaged file, and every kind of output.
    let keys = "--dir @/data/keys --root @/root.key";
    let mut said = machine.run("keys show --dir @/data/keys");
    said += &machine.run(&format!("keys renew {keys}"));
    said += &machine.run("keys export-unsigned @/next.txt renew --dir @/data/keys");
    said += &machine
        .run("doctor --data @/data --set realm.app=league --set realm.audience=league.example.org");
    let wrong = online.display().to_string();
    said += &machine.fails(&format!("keys renew --dir @/data/keys --root {wrong}"));
    std::fs::write(machine.path("root.key"), format!("no header\n{}\n", seeds[0])).unwrap();
    said += &machine.fails(&format!("keys renew {keys}"));
    said += &std::fs::read_to_string(machine.path("next.txt")).unwrap();
    for seed in seeds {
        assert!(seed.len() == 64 && !said.contains(&seed[..16]), "{said}");
    }
}

/// An account with one session, and a clock mark of now.
fn register(database: &Path, address: &str) {
    let store = SqliteStore::open(database).unwrap();
    let fingerprint = Fingerprint::from_bytes([3; 32]);
    let id = LoginId::from_bytes([4; 16]);
    let limits = LoginLimits {
        code_life: DAY,
        attempts: 5,
        resend_after: Duration::ZERO,
        per_hour: 3,
        per_day: 10,
    };
    let (address, channel) = (address.to_owned(), Channel::Email);
    let message = NewMessage {
        channel,
        user: None,
        to: address.clone(),
        subject: "Your code".into(),
        body: "7K3M9QXA".into(),
        expires: NOW.plus(DAY),
    };
    let mac = CodeMac([5; 32]);
    let session = NewSession {
        id: SessionId::from_bytes([6; 16]),
        user_if_new: UserId::from_bytes([7; 16]),
        scopes_if_new: vec!["user".into()],
        public_key: [8; 32],
        fingerprint,
        name: "Ana's phone".into(),
        platform: "cli".into(),
        max_per_user: 20,
    };
    let login = NewLogin { id, address, channel, fingerprint, pow: None, limits, now: NOW };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        store.open_login(login).await.unwrap();
        store.issue_code(id, NewCode { mac, message }, limits, NOW).await.unwrap();
        let attempt = store.claim_login_attempt(id, AttemptedCode { mac }, session, NOW).await;
        assert!(matches!(attempt, Ok(Attempt::Registered(_))));
        store.advance_clock(NOW, Duration::ZERO).await.unwrap();
    });
}

fn key_of(path: &Path) -> SigningKey {
    countersign_keys::key_file::read(path, countersign_keys::Role::Root).unwrap()
}
