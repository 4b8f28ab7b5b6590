-- Times are milliseconds since the Unix epoch. Identifiers are raw bytes. NULL in a reference means "erased" or "none".

CREATE TABLE users (
    id      BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    address TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    scopes  TEXT NOT NULL -- JSON array, sorted
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    name       TEXT NOT NULL,
    platform   TEXT NOT NULL,
    created    INTEGER NOT NULL,
    revoked    INTEGER -- NULL: live
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);

-- Apart from the sessions, because it changes every minute: rows are a fifth of the size, so a batch writes few pages.
CREATE TABLE session_seen (
    session_id BLOB NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Only logins that have not ended.
CREATE TABLE logins (
    id            BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    address       TEXT NOT NULL,
    channel       TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
    fingerprint   BLOB NOT NULL CHECK (length(fingerprint) = 32),
    pow           BLOB,
    code_mac      BLOB CHECK (length(code_mac) = 32),
    attempts_left INTEGER NOT NULL,
    expires       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_by_expiry ON logins (expires);

CREATE TABLE code_issues (
    id      INTEGER PRIMARY KEY,
    address TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX code_issues_by_address ON code_issues (address, at);

-- Rows are never deleted: sequence numbers have no gaps.
CREATE TABLE records (
    seq         INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    user_id     BLOB,
    session_id  BLOB,
    signer      BLOB NOT NULL CHECK (length(signer) = 32),
    record_type TEXT NOT NULL,
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    received    INTEGER NOT NULL,
    frame       BLOB NOT NULL
) STRICT;
CREATE INDEX records_by_user ON records (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE idempotency (
    user_id      BLOB NOT NULL,
    message_type TEXT NOT NULL,
    key          TEXT NOT NULL,
    fingerprint  BLOB NOT NULL CHECK (length(fingerprint) = 32),
    lease_until  INTEGER NOT NULL,
    finished     INTEGER, -- NULL: in progress
    code         INTEGER,
    payload      BLOB,
    PRIMARY KEY (user_id, message_type, key),
    CHECK ((finished IS NULL) = (code IS NULL) AND (code IS NULL) = (payload IS NULL))
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT, because a number is the provider's idempotency id and must not be used twice.
CREATE TABLE outbox (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    channel  TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
    user_id  BLOB,
    address  TEXT NOT NULL,
    subject  TEXT NOT NULL,
    body     TEXT NOT NULL,
    expires  INTEGER NOT NULL,
    due      INTEGER NOT NULL, -- never after expires, so that whatever expired is due
    failures INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_by_due ON outbox (due, expires);

CREATE TABLE clock (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    mark INTEGER NOT NULL
) STRICT;

-- Rows are never deleted: sequence numbers have no gaps.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    action     TEXT NOT NULL,
    user_id    BLOB,
    session_id BLOB,
    detail     TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_user ON audit (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_by_session ON audit (session_id) WHERE session_id IS NOT NULL;

-- The same lines are in the ledger file beside the database.
CREATE TABLE erasures (
    user_id BLOB NOT NULL PRIMARY KEY CHECK (length(user_id) = 16),
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
