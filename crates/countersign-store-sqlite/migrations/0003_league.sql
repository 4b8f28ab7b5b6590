-- The league. Ratings and amounts are thousandths of a point. Enumerations are stored as their numbers.

CREATE TABLE league_devices (
    id          BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    batch       BLOB NOT NULL CHECK (length(batch) = 16),
    serial      TEXT NOT NULL,
    mark        TEXT NOT NULL,
    master      BLOB NOT NULL CHECK (length(master) = 32),
    master_key  BLOB NOT NULL UNIQUE CHECK (length(master_key) = 32),
    slave       BLOB NOT NULL CHECK (length(slave) = 32),
    slave_key   BLOB NOT NULL UNIQUE CHECK (length(slave_key) = 32),
    max_players INTEGER NOT NULL,
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    certificate BLOB NOT NULL,
    status      INTEGER NOT NULL CHECK (status BETWEEN 0 AND 5),
    registered  INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    seq_high    INTEGER NOT NULL,
    seq_missing INTEGER NOT NULL
) STRICT;
CREATE INDEX league_devices_by_status ON league_devices (status, id);
CREATE INDEX league_devices_by_batch ON league_devices (batch, id);

-- Rows are never deleted: an erased player stays as a pseudonym, so that the ledger sums up.
CREATE TABLE league_players (
    user_id        BLOB NOT NULL PRIMARY KEY CHECK (length(user_id) = 16),
    name           TEXT NOT NULL,
    skeleton       TEXT UNIQUE, -- NULL: erased
    visibility     INTEGER NOT NULL CHECK (visibility BETWEEN 0 AND 2),
    avatar         BLOB CHECK (length(avatar) = 32),
    season         INTEGER NOT NULL,
    balance        INTEGER NOT NULL, -- sum of the ledger lines
    matches        INTEGER NOT NULL,
    season_matches INTEGER NOT NULL,
    opponents      INTEGER NOT NULL,
    last_match     INTEGER NOT NULL,
    leaver_level   INTEGER NOT NULL,
    clean          INTEGER NOT NULL,
    barred_until   INTEGER NOT NULL,
    joined         INTEGER NOT NULL,
    finished       INTEGER NOT NULL,
    frivolous      INTEGER NOT NULL,
    flag_weight    INTEGER NOT NULL CHECK (flag_weight BETWEEN 0 AND 1),
    vote_weight    INTEGER NOT NULL CHECK (vote_weight BETWEEN 0 AND 1),
    created        INTEGER NOT NULL,
    erased         INTEGER
) STRICT;
CREATE INDEX league_players_by_season ON league_players (season, user_id);

-- Apart from the players, because they are large and rarely asked for.
CREATE TABLE league_avatars (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES league_players (user_id),
    bytes   BLOB NOT NULL CHECK (length(bytes) <= 65536)
) STRICT;

CREATE TABLE league_tickets (
    digest   BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    user_id  BLOB NOT NULL REFERENCES league_players (user_id),
    device   BLOB NOT NULL CHECK (length(device) = 16), -- zeros: a travel ticket
    lobby    BLOB NOT NULL CHECK (length(lobby) = 16),
    issued   INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    state    INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2), -- unused, superseded, used
    match_id BLOB,
    CHECK ((state = 2) = (match_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX league_travel_tickets ON league_tickets (user_id)
    WHERE state = 0 AND device = x'00000000000000000000000000000000';
CREATE INDEX league_tickets_by_user ON league_tickets (user_id) WHERE state <> 2;
CREATE INDEX league_tickets_by_expiry ON league_tickets (expires) WHERE state <> 2;

CREATE TABLE league_matches (
    no         INTEGER PRIMARY KEY,
    match_id   BLOB NOT NULL UNIQUE CHECK (length(match_id) = 16),
    result     BLOB NOT NULL CHECK (length(result) = 32),
    device     BLOB NOT NULL REFERENCES league_devices (id),
    device_seq INTEGER NOT NULL,
    ruleset    BLOB NOT NULL CHECK (length(ruleset) = 32),
    season     INTEGER NOT NULL,
    started    INTEGER NOT NULL,
    ended      INTEGER NOT NULL,
    outcome    INTEGER NOT NULL,
    score_a    INTEGER NOT NULL,
    score_b    INTEGER NOT NULL,
    winner     INTEGER CHECK (winner BETWEEN 0 AND 1),
    settlement INTEGER NOT NULL CHECK (settlement BETWEEN 0 AND 4),
    reason     INTEGER NOT NULL,
    integrity  INTEGER NOT NULL,
    counts_at  INTEGER NOT NULL,
    settled    INTEGER NOT NULL,
    forks      INTEGER NOT NULL
) STRICT;
CREATE INDEX league_matches_by_seq ON league_matches (device, device_seq);
CREATE INDEX league_matches_by_device ON league_matches (device, ended) WHERE settlement <= 1;
CREATE INDEX league_matches_due ON league_matches (counts_at, no) WHERE settlement = 1;

-- Every result of a match in the order of arrival, with the receipt that everybody gets. Large, so apart.
CREATE TABLE league_evidence (
    id       INTEGER PRIMARY KEY,
    match_id BLOB NOT NULL REFERENCES league_matches (match_id),
    result   BLOB NOT NULL CHECK (length(result) = 32),
    received INTEGER NOT NULL,
    receipt  BLOB NOT NULL,
    bundle   BLOB NOT NULL,
    UNIQUE (match_id, result)
) STRICT;

CREATE TABLE league_seats (
    no         INTEGER NOT NULL REFERENCES league_matches (no),
    seat       INTEGER NOT NULL,
    user_id    BLOB NOT NULL REFERENCES league_players (user_id),
    team       INTEGER NOT NULL CHECK (team BETWEEN 0 AND 1),
    ticket     BLOB NOT NULL CHECK (length(ticket) = 32),
    sporting   INTEGER NOT NULL,
    adjustment INTEGER NOT NULL,
    conduct    INTEGER NOT NULL CHECK (conduct BETWEEN 0 AND 3),
    booked     INTEGER NOT NULL,
    counted    INTEGER CHECK (counted BETWEEN 0 AND 2), -- NULL: the match does not count
    -- Copies of the match's columns, so that a player's index answers alone.
    ended      INTEGER NOT NULL,
    season     INTEGER NOT NULL,
    rated      INTEGER NOT NULL CHECK (rated BETWEEN 0 AND 1),
    PRIMARY KEY (no, seat)
) STRICT, WITHOUT ROWID;
CREATE INDEX league_seats_by_user ON league_seats (user_id, ended, no, rated, team);

CREATE TABLE league_meetings (
    low   BLOB NOT NULL,
    high  BLOB NOT NULL,
    won   INTEGER NOT NULL CHECK (won >= 0), -- by the lower id
    drawn INTEGER NOT NULL CHECK (drawn >= 0),
    lost  INTEGER NOT NULL CHECK (lost >= 0),
    PRIMARY KEY (low, high),
    CHECK (low < high)
) STRICT, WITHOUT ROWID;

-- Double entry, append only. The amounts of a posting sum to 0.
CREATE TABLE league_ledger (
    seq      INTEGER PRIMARY KEY,
    posting  INTEGER NOT NULL CHECK (posting <= seq),
    at       INTEGER NOT NULL,
    kind     INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 5),
    user_id  BLOB, -- NULL: the bank
    match_id BLOB,
    amount   INTEGER NOT NULL CHECK (amount <> 0),
    CHECK ((kind = 5) = (user_id IS NULL))
) STRICT;
CREATE INDEX league_ledger_by_user ON league_ledger (user_id, seq) WHERE user_id IS NOT NULL;
CREATE TRIGGER league_ledger_is_not_edited BEFORE UPDATE ON league_ledger
BEGIN SELECT RAISE(ABORT, 'lines of the ledger are never changed'); END;
CREATE TRIGGER league_ledger_is_not_cut BEFORE DELETE ON league_ledger
BEGIN SELECT RAISE(ABORT, 'lines of the ledger are never deleted'); END;

CREATE TABLE league_seasons (
    number INTEGER PRIMARY KEY,
    opened INTEGER NOT NULL
) STRICT;

CREATE TABLE league_tallies (
    user_id   BLOB NOT NULL REFERENCES league_players (user_id),
    season    INTEGER NOT NULL,
    won       INTEGER NOT NULL CHECK (won >= 0),
    drawn     INTEGER NOT NULL CHECK (drawn >= 0),
    lost      INTEGER NOT NULL CHECK (lost >= 0),
    closed_at INTEGER, -- NULL: the season runs for this player
    PRIMARY KEY (user_id, season)
) STRICT, WITHOUT ROWID;

CREATE TABLE league_disputes (
    id       INTEGER PRIMARY KEY,
    match_id BLOB NOT NULL REFERENCES league_matches (match_id),
    user_id  BLOB, -- NULL: the server
    kind     INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 4),
    text     TEXT NOT NULL,
    opened   INTEGER NOT NULL,
    ruling   INTEGER CHECK (ruling BETWEEN 0 AND 3), -- NULL: open
    ruled    INTEGER,
    CHECK ((ruling IS NULL) = (ruled IS NULL))
) STRICT;
CREATE INDEX league_disputes_by_match ON league_disputes (match_id, id);
CREATE INDEX league_disputes_by_user ON league_disputes (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX league_disputes_open ON league_disputes (id) WHERE ruling IS NULL;

CREATE TABLE league_penalties (
    id       INTEGER PRIMARY KEY,
    user_id  BLOB NOT NULL REFERENCES league_players (user_id),
    kind     INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
    match_id BLOB,
    at       INTEGER NOT NULL,
    level    INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    pardoned INTEGER
) STRICT;
CREATE INDEX league_penalties_by_user ON league_penalties (user_id, id);

-- AUTOINCREMENT, because readers remember the last number that they delivered.
CREATE TABLE league_notices (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id  BLOB NOT NULL,
    kind     INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 4),
    match_id BLOB,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX league_notices_by_user ON league_notices (user_id);
