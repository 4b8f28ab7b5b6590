//! Everything that a part of the league can be asked.

use crate::given;
use alloc::rc::Rc;
use core::hint::black_box;
use countersign::{Signature, Signer, SigningKey, VerifyingKey};
use countersign_league::device::Device;
use countersign_league::goal::Detector;
use countersign_league::pair::{Entropy, Slave};
use countersign_league::settlement;

/// A generator of random bytes.
#[derive(Clone)]
pub struct Random;

impl Entropy for Random {
    fn draw(&mut self) -> [u8; 32] {
        given()
    }
}

/// A key that link and game share.
#[derive(Clone)]
pub struct Key(Rc<SigningKey>);

impl Key {
    fn new() -> Self {
        Self(Rc::new(SigningKey::from_seed(&given())))
    }
}

impl Signer for Key {
    fn verifying_key(&self) -> &VerifyingKey {
        self.0.verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message)
    }
}

/// One signature made, one verified.
pub fn crypto() {
    let key = SigningKey::from_seed(&given());
    black_box(key.sign(given()));
    let other: Option<VerifyingKey> = VerifyingKey::from_bytes(given()).ok();
    black_box(other.map(|other| other.verify(given(), given()).is_ok()));
}

/// The southern goal: detector and link.
pub fn slave() {
    let slots: Option<(u16, &[u8])> = given();
    let mut slave = Slave::new(given(), Key::new(), given(), slots, given());
    let mut detector = Detector::new(given(), given(), given());
    while given() {
        detector.handle_input(given());
        detector.handle_timeout(given());
        black_box((detector.poll_output(), detector.poll_timeout()));
        slave.handle_input(given(), given(), &mut Random);
        slave.handle_timeout(given());
        black_box((slave.poll_output(), slave.poll_timeout()));
    }
}

/// The northern goal: detector, link, game, journal, evidence.
pub fn master() {
    let mut parts = given::<countersign_league::device::Parts<'_, Key, Random>>();
    parts.signer = Key::new();
    let Ok((mut device, boot)) = Device::start(parts, given()) else { return };
    black_box(boot);
    while given() {
        black_box(device.press(given()).is_ok());
        device.frame(given(), given());
        device.sense(given(), given());
        black_box(device.open_lobby(given()).is_ok());
        black_box(device.prove(given(), given()));
        black_box(device.join(given(), given(), given(), given()).is_ok());
        black_box(device.say(given(), given()).is_ok());
        black_box(device.seen(given(), given()));
        device.closed(given(), given());
        black_box(device.inbox(given(), given()).is_ok());
        device.handle_timeout(given());
        black_box((device.poll_output(), device.poll_timeout(), device.view(given())));
    }
}

/// The server's second look.
pub fn check() {
    if let Ok(bundle) = settlement::read(given()) {
        black_box(settlement::check(&bundle, &given(), given()).is_ok());
    }
}
