//! What a chip reads before it believes anything: the plaintext of its record, and the content of a release.

use countersign::evidence::Artefact;
use countersign::{Realm, Signer, SigningKey};
use countersign_boot::{Chip, SecureVersion};
use countersign_chip::update::{ImageKind, Release};
use countersign_chip::{AccessPoint, Content, Half};
use std::net::Ipv4Addr;

/// Good inputs to begin with.
pub fn good(target: &str) -> Vec<Vec<u8>> {
    match target {
        "chip_record" => {
            [Half::Master, Half::Slave].map(|half| content(half).encode().to_vec()).to_vec()
        }
        _ => [1, 25].map(|blocks| release(blocks).encode()).to_vec(),
    }
}

/// What is read is what was written, and nothing that is read has more in it than its bytes.
pub fn chip_record(data: &[u8]) {
    if let Ok(content) = Content::decode(data) {
        assert_eq!(content.encode()[..], *data);
    }
}

/// The same.
pub fn chip_release(data: &[u8]) {
    if let Ok(release) = Release::decode(data) {
        assert_eq!(release.encode(), data);
    }
}

fn content(half: Half) -> Content {
    let key = |seed| SigningKey::from_seed(&[seed; 32]).verifying_key().clone();
    let point = AccessPoint {
        name: "Goal teal 07".into(),
        passphrase: zeroize::Zeroizing::new("correct horse".into()),
        address: Ipv4Addr::new(192, 168, 4, 1),
        http: 80,
        https: 443,
        host: "dede.glt.example.org".into(),
    };
    Content {
        half,
        realm: Realm::new("league", "league.example.org").unwrap(),
        server: "https://league.example.org".into(),
        roots: vec![key(1), key(2)],
        factory: key(3),
        ruleset: "official".into(),
        pair: vec![0xaa; 40],
        keyset: vec![0xbb; 60],
        access_point: (half == Half::Master).then_some(point),
    }
}

fn release(blocks: u8) -> Release {
    Release {
        kind: ImageKind::Slave,
        chip: Chip::Esp32C6,
        version: 8,
        secure_version: SecureVersion::ZERO,
        length: u32::from(blocks) * 65_536,
        hash: [7; 32],
        blocks: vec![[8; 32]; blocks.into()],
    }
}
