//! The routes of the league that have names of their own: each takes the signed request that `/x` takes, of one type.

/// Path, and the message type that it takes.
pub(super) const ALIASES: [(&str, &str); 7] = [
    ("/device_registration", "factory.register"),
    ("/device_verify", "league.device_verify"),
    ("/device_verify_user", "league.ticket"),
    ("/device_send_match_result", "league.settle"),
    ("/rank", "league.rank"),
    ("/update_profile", "league.profile_update"),
    ("/search", "league.search"),
];
