-- Rows that are written together lie together: a match writes as few pages as it can.

-- Tickets lay in the order of their digests, so that the 22 of a match were on 22 pages. Now they lie in the order in which
-- they were issued; the index by digest does not change when one is used.
CREATE TABLE league_tickets_by_issue (
    no       INTEGER PRIMARY KEY,
    digest   BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    user_id  BLOB NOT NULL REFERENCES league_players (user_id),
    device   BLOB NOT NULL CHECK (length(device) = 16), -- zeros: a travel ticket
    lobby    BLOB NOT NULL CHECK (length(lobby) = 16),
    issued   INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    state    INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2), -- unused, superseded, used
    match_id BLOB,
    CHECK ((state = 2) = (match_id IS NOT NULL))
) STRICT;
INSERT INTO league_tickets_by_issue
    (digest, user_id, device, lobby, issued, expires, state, match_id)
    SELECT digest, user_id, device, lobby, issued, expires, state, match_id
    FROM league_tickets ORDER BY issued, digest;
DROP TABLE league_tickets;
ALTER TABLE league_tickets_by_issue RENAME TO league_tickets;
CREATE UNIQUE INDEX league_travel_tickets ON league_tickets (user_id)
    WHERE state = 0 AND device = x'00000000000000000000000000000000';
CREATE INDEX league_tickets_by_user ON league_tickets (user_id) WHERE state <> 2;
CREATE INDEX league_tickets_by_expiry ON league_tickets (expires) WHERE state <> 2;

-- A notice is one row for everybody who is told the same: 16 bytes for each. Notices are delivered and deleted within a second,
-- so a scan for those of an erased account costs less than an index.
DROP INDEX league_notices_by_user;
ALTER TABLE league_notices RENAME COLUMN user_id TO users;
