//! What the server says to operators, as JSON. It was verified before it comes here; members that are not shown are not read.

use countersign_web_kit::said;
use countersign_web_kit::said::Read;
pub use countersign_web_kit::said::Value;

/// The rows of a list so far, and where the next ones begin; `Null` on the last page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    /// In the order of the server.
    pub rows: Vec<T>,
    /// For the next question.
    pub next: Value,
    /// Display names of players by their ids.
    pub names: Value,
}

impl<T: Read> Rows<T> {
    /// Reads a page of a list, whose rows are below `name`.
    pub fn parse(content: &[u8], name: &str) -> Option<Self> {
        let mut value = Value::parse(content)?;
        let (next, names) = (value["next"].take(), value["names"].take());
        value.get(name)?;
        Some(Self { rows: Read::read(&value[name])?, next, names })
    }

    /// Puts a later page after this one.
    pub fn append(&mut self, later: Self) {
        self.rows.extend(later.rows);
        self.next = later.next;
        if let (Value::Object(known), Value::Object(more)) = (&mut self.names, later.names) {
            known.extend(more);
        }
    }
}

said! {
    /// `console.hello`.
    Hello {
        /// Whether everything is theirs to see, and not events alone.
        is_operator: bool,
        /// Open disputes.
        disputes: u64,
        /// Matches that wait for a ruling.
        frozen: u64,
        /// Matches that wait for their time.
        pending: u64,
        /// Devices under suspicion.
        suspect: u64,
        /// Devices with matches that never arrived.
        gaps: u64,
        /// Where counting ended.
        cap: u64,
    }

    /// A row of `console.devices`, and `console.device`.
    Device {
        /// The pair, in hex.
        device: String,
        /// Its batch, in hex.
        batch: String,
        /// As printed on the box.
        serial: String,
        /// The visible mark.
        mark: String,
        /// Where it is in its life.
        status: String,
        /// What it can become.
        can_become: Vec<String>,
        /// When it was registered.
        registered_ms: u64,
        /// When its status changed last.
        changed_ms: u64,
        /// How many phones its radio serves.
        max_players: u32,
        /// Fingerprint of the master's key.
        master: String,
        /// Fingerprint of the slave's key.
        slave: String,
        /// Matches that it counted.
        matches: u32,
        /// Matches that never arrived.
        missing: u32,
    }

    /// What a match is, beside its id.
    Facts {
        /// The pair, in hex.
        device: String,
        /// The name of the rules.
        rules: String,
        /// When it began.
        started_ms: u64,
        /// When it ended.
        ended_ms: u64,
        /// How it ended.
        outcome: String,
        /// Goals by team.
        score: Vec<u32>,
        /// `A` or `B`.
        winner: Option<String>,
        /// `settled`, `pending`, `frozen`, `unrated` or `void`.
        state: String,
        /// Why, as players read it.
        sentence: String,
        /// When a pending one counts.
        counts_at_ms: Option<u64>,
        /// How much of the rating counts, of 256.
        integrity: u32,
    }

    /// More about a match: `console.match`.
    Story {
        /// Who played.
        seats: Vec<Seat>,
        /// What counted; nothing if the evidence cannot be read.
        goals: Vec<Goal>,
        /// Results that the device signed.
        results: Vec<Evidence>,
        /// Who disagreed.
        disputes: Vec<Dispute>,
        /// Why the goals cannot be shown.
        unread: Option<String>,
        /// The serial of the pair.
        serial: Option<String>,
    }

    /// A seat.
    Seat {
        /// The player, in hex.
        user: String,
        /// `A` or `B`.
        team: String,
        /// What was booked, in thousandths of a point.
        booked: i64,
        /// What was decided about the conduct.
        conduct: String,
    }

    /// A goal.
    Goal {
        /// Its number, from 0.
        goal: u32,
        /// In milliseconds of the match.
        at_ms: u64,
        /// `A` or `B`.
        team: String,
        /// Whether both teams annulled it.
        annulled: bool,
    }

    /// A result.
    Evidence {
        /// Its digest.
        result: String,
        /// When it came.
        received_ms: u64,
        /// How long its bundle is.
        bytes: u64,
    }

    /// What a dispute is, beside its match.
    Words {
        /// Its number.
        dispute: u64,
        /// Who opened it, in hex; nobody if the server did.
        user: Option<String>,
        /// What it is about.
        kind: String,
        /// In the player's words.
        text: String,
        /// When.
        opened_ms: u64,
        /// `open`, or how it ended.
        state: String,
    }

    /// An account.
    User {
        /// Its id, in hex.
        user: String,
        /// E-mail address or phone number.
        address: String,
        /// When it was made.
        created_ms: u64,
        /// What it may do.
        scopes: Vec<String>,
    }

    /// More about an account: `console.user`.
    Account {
        /// Where it is logged in.
        sessions: Vec<Session>,
        /// The display name, if it is a player.
        player: Option<String>,
    }

    /// A session.
    Session {
        /// Its id, in hex.
        session_id: String,
        /// What its device calls itself.
        name: String,
        /// The platform.
        platform: String,
        /// When it was seen last.
        last_seen_ms: u64,
        /// Whether it is this one.
        current: bool,
        /// `live` or `revoked`.
        status: String,
    }

    /// An entry of the audit log.
    Entry {
        /// Its number.
        seq: u64,
        /// When.
        at_ms: u64,
        /// What.
        action: String,
        /// Whose account.
        user: Option<String>,
        /// What else is known.
        detail: Value,
    }

    /// A row of `console.events`.
    Event {
        /// Its id.
        event: String,
        /// What people call it.
        title: String,
        /// When it begins.
        starts_ms: u64,
        /// When it is over.
        ends_ms: u64,
        /// Of its newest bundle; 0: there is none.
        version: u32,
    }

    /// More about an event: `console.event`.
    Coverage {
        /// Who judges.
        judges: Vec<Judge>,
        /// What hubs handed over.
        hubs: Vec<Head>,
        /// Votes of all hubs together.
        votes: u64,
        /// When results were published.
        results_ms: Option<u64>,
        /// Whether whoever asks may change it.
        may_change: bool,
        /// How many.
        projects: u64,
        /// Projects in categories: each has a card with a code.
        cards: u64,
        /// Rounds.
        rounds: Vec<Round>,
        /// Hubs that the next bundle names.
        hub_names: Vec<String>,
    }

    /// A round.
    Round {
        /// Its number.
        round: u32,
        /// What people call it.
        title: String,
        /// Assignments in it.
        assigned: u64,
    }

    /// A judge.
    Judge {
        /// The id on the roster.
        judge: String,
        /// The invited address; nothing if its account was erased.
        address: Option<String>,
        /// When a key was enrolled.
        enrolled_ms: Option<u64>,
        /// Votes that arrived.
        votes: u64,
        /// Assignments.
        assigned: u64,
        /// The first bundle that names the key; 0: none yet.
        published: Option<u64>,
        /// Whether another key may take its place.
        replaceable: bool,
    }

    /// A log that a hub handed over.
    Head {
        /// The hub's key.
        hub: String,
        /// Entries of its log.
        entries: u64,
        /// Whether it is another log than the one before.
        fork: bool,
        /// When it came.
        received_ms: u64,
    }

    /// `event.results`, as far as it is shown.
    Results {
        /// By round and category.
        counts: Vec<Count>,
    }

    /// The tally of a round in a category.
    Count {
        /// The round.
        round: u32,
        /// The category.
        category: String,
        /// How many groups no judge connects.
        groups: u32,
        /// What was judged.
        projects: Vec<Project>,
    }

    /// A project in a tally.
    Project {
        /// Its id.
        project: String,
        /// Its title.
        title: String,
        /// How many judged it.
        votes: u32,
        /// The mean.
        raw: Option<Estimate>,
        /// Without the judges' own strictness.
        ridge: Option<Estimate>,
        /// From who was better than whom.
        bradley_terry: Option<Estimate>,
    }

    /// What a way to count says of a project.
    Estimate {
        /// Its rank, where there is one.
        rank: Option<u32>,
    }

    /// `console.keys`.
    Keys {
        /// Of the set.
        version: u64,
        /// When the set has to be renewed.
        expires_ms: u64,
        /// Which key signs.
        signing: Option<String>,
        /// All keys of the set.
        keys: Vec<Key>,
    }

    /// An online key.
    Key {
        /// The beginning of its fingerprint.
        id: String,
        /// Where it is in its life.
        state: String,
        /// From when it signs.
        not_before_ms: u64,
        /// Until when.
        not_after_ms: u64,
    }

    /// `console.health`.
    Health {
        /// Of the program.
        version: String,
        /// What is wrong with the store.
        store: Option<String>,
        /// Open connections.
        connections: i64,
        /// Connections that were refused.
        connections_refused: i64,
        /// Push streams.
        streams: u64,
        /// Requests that wait to be verified.
        verify_queue: u64,
        /// Messages that were sent.
        messages_sent: i64,
        /// Messages that could not be sent.
        messages_failed: i64,
        /// Who tries to log in.
        logins: Logins,
    }

    /// Logins since the server started.
    Logins {
        /// Begun.
        opened: u64,
        /// Codes that were sent.
        codes_issued: u64,
        /// Sessions that were made.
        registered: u64,
        /// Wrong codes.
        failed_attempts: u64,
        /// Calls refused because of their network.
        network_refusals: u64,
        /// Whether every new login needs a proof of work now.
        breaker_tripped: bool,
    }
}

/// A match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Its id, in hex.
    pub id: String,
    /// What it is.
    pub facts: Facts,
}

impl Read for Match {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { id: Read::read(&value["match"])?, facts: Read::read(value)? })
    }
}

/// A match with everything about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The match.
    pub of: Match,
    /// What happened.
    pub story: Story,
    /// Display names of players by their ids.
    pub names: Value,
}

impl Read for Whole {
    fn read(value: &Value) -> Option<Self> {
        let (of, story) = (Read::read(value)?, Read::read(value)?);
        Some(Self { of, story, names: value["names"].clone() })
    }
}

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The match, in hex.
    pub of: String,
    /// What was said.
    pub words: Words,
}

impl Read for Dispute {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { of: Read::read(&value["match"])?, words: Read::read(value)? })
    }
}

/// An event with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fair {
    /// The event.
    pub event: Event,
    /// How far it is.
    pub coverage: Coverage,
}

impl Read for Fair {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { event: Read::read(value)?, coverage: Read::read(value)? })
    }
}

/// An account with its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub user: User,
    /// The rest.
    pub more: Account,
}

impl Read for Person {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { user: Read::read(value)?, more: Read::read(value)? })
    }
}

/// The display name of a player, or the beginning of the id.
pub fn name_of<'a>(names: &'a Value, user: &'a str) -> &'a str {
    let short = user.get(..8).unwrap_or(user);
    names[user].as_str().unwrap_or(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_list_are_put_one_after_the_other() {
        let page = |text: &str| Rows::<Dispute>::parse(text.as_bytes(), "disputes").unwrap();
        let dispute = r#""kind":"goal","text":"","opened_ms":1,"state":"open""#;
        let mut all = page(&format!(
            r#"{{"disputes":[{{"dispute":1,"match":"ab","user":"cd",{dispute}}}],"names":{{"cd":"Zoe"}},"next":1}}"#
        ));
        all.append(page(&format!(
            r#"{{"disputes":[{{"dispute":2,"match":"ab","user":null,{dispute}}}],"names":{{"ef":"Max"}},"next":null}}"#
        )));
        assert_eq!((all.rows.len(), &all.next), (2, &Value::Null));
        assert_eq!((name_of(&all.names, "cd"), name_of(&all.names, "ef")), ("Zoe", "Max"));
        assert_eq!(name_of(&all.names, "0123456789abcdef"), "01234567");
        assert!(Rows::<Dispute>::parse(b"{}", "disputes").is_none());
    }
}
