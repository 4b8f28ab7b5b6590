-- Events: descriptions, rosters, judges' keys, signed bundles, what hubs handed over, results. An event is never deleted.

CREATE TABLE events (
    id       TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 32),
    title    TEXT NOT NULL,
    starts   INTEGER NOT NULL,
    ends     INTEGER NOT NULL,
    content  BLOB NOT NULL CHECK (length(content) <= 4194304),
    revision INTEGER NOT NULL CHECK (revision > 0), -- rises with everything that the next bundle depends on
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL,
    version  INTEGER NOT NULL, -- of the newest bundle, 0: none
    results  BLOB CHECK (length(results) <= 4194304),
    results_root BLOB CHECK (length(results_root) = 32),
    results_at   INTEGER,
    CHECK ((results IS NULL) = (results_root IS NULL) AND (results IS NULL) = (results_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE event_seats (
    event   TEXT NOT NULL REFERENCES events (id),
    judge   TEXT NOT NULL,
    address TEXT, -- NULL: its account was erased
    PRIMARY KEY (event, judge),
    UNIQUE (event, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_seats_by_address ON event_seats (address) WHERE address IS NOT NULL;

-- Every key that a judge has or had: none comes back.
CREATE TABLE event_keys (
    event       TEXT NOT NULL REFERENCES events (id),
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    judge       TEXT NOT NULL,
    key         BLOB NOT NULL CHECK (length(key) = 32),
    user_id     BLOB CHECK (length(user_id) = 16), -- NULL: the account was erased
    at          INTEGER NOT NULL,
    published   INTEGER NOT NULL, -- version of the first bundle that names it, 0: none
    replaceable INTEGER NOT NULL CHECK (replaceable BETWEEN 0 AND 1),
    current     INTEGER NOT NULL CHECK (current BETWEEN 0 AND 1),
    PRIMARY KEY (event, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX event_current_keys ON event_keys (event, judge) WHERE current = 1;
CREATE INDEX event_keys_by_key ON event_keys (fingerprint);
CREATE INDEX event_keys_by_user ON event_keys (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE event_bundles (
    event     TEXT NOT NULL REFERENCES events (id),
    version   INTEGER NOT NULL,
    digest    BLOB NOT NULL CHECK (length(digest) = 32),
    frame     BLOB NOT NULL,
    published INTEGER NOT NULL,
    PRIMARY KEY (event, version)
) STRICT;

-- A hub's log in pieces; the first `verified` bytes of it were verified.
CREATE TABLE event_logs (
    event    TEXT NOT NULL REFERENCES events (id),
    hub      BLOB NOT NULL CHECK (length(hub) = 32),
    held     INTEGER NOT NULL,
    verified INTEGER NOT NULL,
    PRIMARY KEY (event, hub),
    CHECK (verified <= held)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_log_pieces (
    event TEXT NOT NULL,
    hub   BLOB NOT NULL,
    at    INTEGER NOT NULL,
    bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 1048576),
    PRIMARY KEY (event, hub, at),
    FOREIGN KEY (event, hub) REFERENCES event_logs (event, hub)
) STRICT;

CREATE TABLE event_heads (
    event    TEXT NOT NULL REFERENCES events (id),
    hub      BLOB NOT NULL CHECK (length(hub) = 32),
    digest   BLOB NOT NULL CHECK (length(digest) = 32),
    frame    BLOB NOT NULL,
    entries  INTEGER NOT NULL,
    received INTEGER NOT NULL,
    fork     INTEGER NOT NULL CHECK (fork BETWEEN 0 AND 1), -- 1: of another log than the verified one
    PRIMARY KEY (event, hub, digest, fork)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX event_heads_of_logs ON event_heads (event, hub, entries) WHERE fork = 0;

-- The union of all verified logs: each vote with its earliest acceptance.
CREATE TABLE event_votes (
    event    TEXT NOT NULL REFERENCES events (id),
    digest   BLOB NOT NULL CHECK (length(digest) = 32),
    judge    TEXT NOT NULL,
    vote_id  BLOB NOT NULL CHECK (length(vote_id) = 16),
    signer   BLOB NOT NULL CHECK (length(signer) = 32),
    hub      BLOB NOT NULL CHECK (length(hub) = 32), -- that accepted it
    accepted INTEGER NOT NULL,
    position INTEGER NOT NULL, -- in the log that brought it
    content  BLOB NOT NULL CHECK (length(content) <= 600),
    PRIMARY KEY (event, digest)
) STRICT;
CREATE INDEX event_votes_by_id ON event_votes (event, judge, vote_id);

CREATE TABLE event_revocations (
    event TEXT NOT NULL REFERENCES events (id),
    key   BLOB NOT NULL CHECK (length(key) = 32),
    at    INTEGER NOT NULL,
    PRIMARY KEY (event, key)
) STRICT, WITHOUT ROWID;
