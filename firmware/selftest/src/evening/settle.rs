//! The server's second look, on the chip as well: the result is what was played.

use super::keys::{EVENING, Key, realm};
use super::{Evening, pair};
use countersign::verify::SnapshotStream;
use countersign::{Fingerprint, Frame, PushHeader, Signer, StreamId, Timestamp, VerifyingKey};
use countersign_league::evidence::{DeviceStatus, MatchResult, Outcome};
use countersign_league::game::View;
use countersign_league::settlement::{Context, KnownDevice, KnownRules, check, read};
use countersign_league::{Artefact, End};

/// The checked result: final, with a goal in the north and two in the south.
pub(crate) fn settled(evening: &Evening) -> MatchResult {
    let Some((_, bundle)) = &evening.disk.bundle else { panic!("there is no bundle") };
    let Ok(bundle) = read(bundle) else { panic!("the bundle cannot be read") };
    let pair = pair();
    let device = KnownDevice {
        device: pair.device,
        master: pair.master,
        slave: pair.slave,
        status: DeviceStatus::Active,
        max_players: 22,
    };
    let server = |fingerprint: &Fingerprint, _: Timestamp| -> Option<VerifyingKey> {
        let key = Key::server().verifying_key().clone();
        (key.fingerprint() == fingerprint).then_some(key)
    };
    let rules = [KnownRules { params: evening.params.clone(), rated: true }];
    let realm = realm();
    let context =
        Context { realm: &realm, device: Some(&device), server_key: &server, rules: &rules };
    let now = Timestamp::from_millis(EVENING.as_millis() + 3_000_000);
    let checked = match check(&bundle, &context, now) {
        Ok(checked) => checked,
        Err(refusal) => panic!("the result is refused: {refusal}"),
    };
    assert!(checked.objections.is_empty(), "{:?}", checked.objections);
    let result = checked.result.value;
    assert_eq!(result.outcome, Outcome::Final);
    let at = |end| result.goals.iter().filter(|goal| goal.end == end).count();
    assert_eq!((at(End::North), at(End::South)), (1, 2), "goals at both ends");
    result
}

/// The newest view as a phone reads it.
pub(crate) fn read_view(evening: &Evening) -> View {
    let header = Frame::split(&evening.view).and_then(|frame| PushHeader::decode(frame.header));
    let Ok(header) = header else { panic!("the device pushes what is no push") };
    let mut stream = SnapshotStream::new(StreamId::from_bytes(*header.stream.as_bytes()));
    let key = Key::master();
    let event = stream.accept(&realm(), key.verifying_key(), &evening.view);
    let Ok(event) = event else { panic!("the view is refused") };
    let Ok(view) = View::decode(event.content) else { panic!("the view cannot be read") };
    view
}
