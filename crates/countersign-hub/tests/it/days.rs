//! What happens in a day: judges vote, change their minds, lose phones; hubs merge, restart, export.

use crate::judge::Judge;
use crate::sample;
use crate::venue::Venue;
use countersign::Timestamp;
use countersign_hub::{Command, Hub, HubError, export};
use countersign_judging::log::{Chain, Reader};
use countersign_mesh::{Action, ReceiptStatus};

fn root_in(text: &str) -> &str {
    text.split("ballot root ").nth(1).unwrap().get(..64).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_is_welcome_votes_changes_his_mind_and_everything_can_be_counted_again() {
    let venue = Venue::new(1);
    let hub = venue.start(0).await;
    let mut judge = Judge::new(0, &venue.package, hub.code(), hub.addr);
    // A clock that is a day behind.
    let wrong = Timestamp::from_millis(sample::now().as_millis() - 86_400_000);
    let welcome = judge.introduce(wrong).await;
    assert_eq!((welcome.left, welcome.bundle_version), (3, 1));
    assert!((welcome.offset_ms(wrong) - 86_400_000).abs() < 60_000);

    let first = judge.vote(0, 1, &[3, 4]);
    assert_eq!(judge.say(&first).await, ReceiptStatus::Accepted);
    assert_eq!(judge.say(&first).await, ReceiptStatus::Duplicate);
    let stale = sample::vote(0, 1, 1, &[1, 1], wrong);
    assert_eq!(judge.say(&stale).await, ReceiptStatus::Stale);
    let better = judge.vote(0, 2, &[9, 9]);
    assert_eq!(judge.say(&better).await, ReceiptStatus::Accepted);
    let older = sample::vote(0, 0, 1, &[5, 5], sample::now());
    assert_eq!(judge.say(&older).await, ReceiptStatus::Superseded);
    let other = Judge::new(1, &venue.package, hub.code(), hub.addr);
    let mut other = other;
    for (project, points) in [(0, [8, 8]), (1, [2, 3])] {
        let vote = other.vote(project, 1, &points);
        assert_eq!(other.say(&vote).await, ReceiptStatus::Accepted);
    }

    let tally = hub.obey(Command::Tally).await;
    assert!(tally.ok && tally.text.contains("P0"), "{}", tally.text);
    let sealed = hub.obey(Command::Seal).await;
    assert!(sealed.ok, "{}", sealed.text);
    let late = judge.vote(2, 1, &[1, 1]);
    assert_eq!(judge.say(&late).await, ReceiptStatus::Closed);
    let out = venue.out("export");
    let exported = hub.obey(Command::Export { out: out.clone() }).await;
    assert!(exported.ok, "{}", exported.text);
    hub.stop().await.unwrap();

    let trust = venue.deployment.trust();
    let report = export::verify(&out, &trust).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert!(report.tally.contains("P0"));
    // Each changed file is a fault of its own.
    for (file, id) in [
        ("votes.csv", "tables"),
        ("results-1-IDEA.csv", "tables"),
        ("log.bin", "log"),
        ("log.head", "log"),
        ("packages/0000000001.package", "bundles"),
    ] {
        let path = out.join(file);
        let whole = std::fs::read(&path).unwrap();
        let mut changed = whole.clone();
        let last = changed.len() - 40;
        changed[last] ^= 1;
        std::fs::write(&path, changed).unwrap();
        let report = export::verify(&out, &trust).unwrap();
        let fault = report.findings.iter().find(|it| it.fault.is_some()).unwrap();
        assert!(!report.is_sound() && fault.id == id, "{file}: {report:?}");
        std::fs::write(&path, whole).unwrap();
    }
    assert!(export::verify(&out, &trust).unwrap().is_sound());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hubs_of_one_event_merge_to_the_same_ballot_root() {
    let venue = Venue::new(2);
    let first = venue.start(0).await;
    let second = venue.start_second(1, first.code()).await;
    let mut here = Judge::new(0, &venue.package, first.code(), first.addr);
    let mut there = Judge::new(1, &venue.package, second.code(), second.addr);
    let vote = here.vote(0, 1, &[7, 7]);
    assert_eq!(here.say(&vote).await, ReceiptStatus::Accepted);
    // The same vote got to both.
    let mut also = Judge::new(0, &venue.package, second.code(), second.addr);
    assert_eq!(also.say(&vote).await, ReceiptStatus::Accepted);
    let vote = there.vote(1, 1, &[2, 9]);
    assert_eq!(there.say(&vote).await, ReceiptStatus::Accepted);
    // Sealed to the other hub: this one says nothing, the other takes it.
    let secret = there.vote(2, 1, &[1, 2]);
    let sealed_to = |judge: &Judge, number: usize| {
        let opened = venue.package.open(&venue.deployment.trust()).unwrap();
        let names = [&first, &second].map(|hub| hub.name().to_owned());
        assert_eq!(names[0], names[1]);
        let mine = venue.dir(number);
        let key = countersign_hub::Folder::open(&mine);
        assert!(key.is_err(), "it runs");
        let hubs = &opened.bundle.value.hubs;
        (0..hubs.len()).map(|at| judge.packet_for_hub(&secret, at)).collect::<Vec<_>>()
    };
    let mut accepted = 0;
    for packet in sealed_to(&there, 1) {
        let short = there.send(packet).await;
        let wait = tokio::time::timeout(std::time::Duration::from_secs(3), there.receipt(short));
        accepted += usize::from(wait.await.is_ok_and(|status| status == ReceiptStatus::Accepted));
    }
    assert_eq!(accepted, 1);
    assert!(second.obey(Command::Revoke { judge: "J2".into() }).await.ok);

    let log = |number: usize| venue.dir(number).join("log.bin");
    let one = first.obey(Command::Merge { log: log(1) }).await;
    let two = second.obey(Command::Merge { log: log(0) }).await;
    assert!(one.ok && two.ok, "{one:?} {two:?}");
    assert_eq!(root_in(&one.text), root_in(&two.text));
    let again = first.obey(Command::Merge { log: log(1) }).await;
    assert_eq!(root_in(&again.text), root_in(&one.text));
    let itself = first.obey(Command::Merge { log: log(0) }).await;
    assert!(!itself.ok && itself.text.contains("own"), "{}", itself.text);
    first.stop().await.unwrap();
    second.stop().await.unwrap();
    let status = venue.command(0, Command::Status).await;
    assert_eq!(root_in(&status.text), root_in(&one.text));
    assert!(status.text.contains("1 revoked"), "{}", status.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_judge_and_an_old_event_key_are_out_at_once() {
    let venue = Venue::new(1);
    let hub = venue.start(0).await;
    let mut lost = Judge::new(0, &venue.package, hub.code(), hub.addr);
    let before = lost.vote(0, 1, &[1, 1]);
    assert_eq!(lost.say(&before).await, ReceiptStatus::Accepted);
    let revoked = hub.obey(Command::Revoke { judge: "J0".into() }).await;
    assert!(revoked.ok, "{}", revoked.text);
    assert!(matches!(lost.order().await, Action::Round { .. } | Action::Revoke { .. }));
    let after = lost.vote(1, 1, &[1, 1]);
    assert_eq!(lost.say(&after).await, ReceiptStatus::Revoked);
    let again = hub.obey(Command::Revoke { judge: "J0".into() }).await;
    assert!(!again.ok && again.text.contains("already"), "{}", again.text);

    let old_code = hub.code().to_owned();
    let mut kept = Judge::new(1, &venue.package, &old_code, hub.addr);
    let rekeyed = hub.obey(Command::Rekey).await;
    assert!(rekeyed.ok, "{}", rekeyed.text);
    let unread = kept.vote(0, 1, &[5, 5]);
    let scanned = hub.obey(Command::Scan { text: kept.code_of(&unread) }).await;
    assert!(!scanned.ok && scanned.text.contains("old event key"), "{}", scanned.text);
    let packet = kept.send(kept.packet(&unread)).await;
    let silence = tokio::time::timeout(std::time::Duration::from_secs(3), kept.receipt(packet));
    assert!(silence.await.is_err(), "what an old key sealed is not read");
    hub.stop().await.unwrap();

    // The new key is there after a restart.
    let hub = venue.start(0).await;
    assert_ne!(hub.code(), old_code);
    let mut kept = Judge::new(1, &venue.package, hub.code(), hub.addr);
    assert_eq!(kept.say(&unread).await, ReceiptStatus::Accepted);
    hub.stop().await.unwrap();
    let status = venue.command(0, Command::Status).await;
    assert!(status.text.contains("1 votes in quarantine"), "{}", status.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_shown_as_a_code_counts_with_a_hub_that_runs_and_with_one_that_does_not() {
    let venue = Venue::new(1);
    let hub = venue.start(0).await;
    let judge = Judge::new(0, &venue.package, hub.code(), hub.addr);
    let text = judge.code_of(&judge.vote(0, 1, &[4, 4]));
    let scanned = hub.obey(Command::Scan { text: text.clone() }).await;
    assert!(scanned.ok && scanned.text.starts_with("Accepted"), "{}", scanned.text);
    hub.stop().await.unwrap();
    // What the judge is told can be found in the log, and still when it has grown.
    let words: Vec<&str> = scanned.text.trim_end_matches('.').split(' ').collect();
    let after = |word: &str| words[words.iter().position(|it| *it == word).unwrap() + 1];
    let told: (u64, u64, &str) = (
        after("entry").parse().unwrap(),
        after("of").trim_end_matches(',').parse().unwrap(),
        after("root"),
    );
    let again = venue.command(0, Command::Scan { text: format!(" {text}\n") }).await;
    assert!(again.ok && again.text.starts_with("Was here before"), "{}", again.text);
    let text = judge.code_of(&judge.vote(1, 1, &[4, 4]));
    assert!(venue.command(0, Command::Scan { text }).await.ok);
    assert_eq!(venue.logged(0).len(), 2);
    let (log, mut chain) = (std::fs::read(venue.dir(0).join("log.bin")).unwrap(), Chain::new());
    let mut entries = Reader::new(&log);
    while let Some(entry) = entries.next_entry().unwrap() {
        chain.append(&entry).unwrap();
    }
    let (position, of, root) = told;
    assert_eq!((position + 1, chain.root_at(of).unwrap().to_string().as_str()), (of, root));
    assert!(chain.entries() > of);
    for text in ["", "NODUS-VOTE:AAAA", "https://example.org"] {
        assert!(!venue.command(0, Command::Scan { text: text.into() }).await.ok, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_tail_is_cut_and_a_changed_log_is_refused() {
    let venue = Venue::new(1);
    let hub = venue.start(0).await;
    let mut judge = Judge::new(0, &venue.package, hub.code(), hub.addr);
    for project in 0..3 {
        let vote = judge.vote(project, 1, &[4, 4]);
        assert_eq!(judge.say(&vote).await, ReceiptStatus::Accepted);
    }
    hub.stop().await.unwrap();
    let path = venue.dir(0).join("log.bin");
    let whole = std::fs::read(&path).unwrap();
    for torn in [1, 30, 100] {
        std::fs::write(&path, [&whole[..], &whole[whole.len() - torn..]].concat()).unwrap();
        assert!(venue.command(0, Command::Status).await.ok);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }
    for at in [10, whole.len() / 2] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        let refused = Hub::start(venue.options(0)).await;
        assert!(matches!(refused, Err(HubError::LogLost { .. })), "byte {at}");
        // A folder from before `log.durable`.
        let durable = std::fs::read(venue.dir(0).join("log.durable")).unwrap();
        std::fs::remove_file(venue.dir(0).join("log.durable")).unwrap();
        let refused = Hub::start(venue.options(0)).await;
        assert!(matches!(refused, Err(HubError::Log(_))), "byte {at}");
        assert_eq!(std::fs::read(&path).unwrap(), changed, "nothing is cut");
        std::fs::write(venue.dir(0).join("log.durable"), durable).unwrap();
    }
    // What has its receipt is not cut either when nothing follows it.
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let refused = Hub::start(venue.options(0)).await;
    assert!(matches!(refused, Err(HubError::LogLost { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_starts_only_an_event_that_names_it_and_only_one() {
    let (venue, other) = (Venue::new(1), Venue::new(1));
    let mut options = other.options(0);
    options.package = Some((venue.package.clone(), venue.deployment.trust()));
    assert!(matches!(Hub::start(options).await, Err(HubError::Begin(_))));
    let mut options = other.options(0);
    options.package = None;
    assert!(matches!(Hub::start(options).await, Err(HubError::NoEvent)));
    let hub = venue.start(0).await;
    let twice = Hub::start(venue.options(0)).await;
    assert!(matches!(twice, Err(HubError::Folder(_))));
    hub.stop().await.unwrap();
}
