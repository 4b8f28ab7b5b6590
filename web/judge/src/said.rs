//! What the server says about events. It was verified before it comes here.

use countersign_web_kit::said;

said! {
    /// `event.list`.
    Invitations {
        /// Where this account's address is on the roster.
        events: Vec<Invitation>,
    }

    /// An event that somebody is asked to judge.
    Invitation {
        /// Its id.
        event: String,
        /// What people call it.
        title: String,
        /// When it begins, in milliseconds since 1970.
        starts_ms: u64,
        /// Who this account judges as.
        judge: String,
        /// The fingerprint of the key that is registered, in hex.
        key: Option<String>,
        /// The newest version that was published.
        bundle: Option<u32>,
    }
}
