-- Whose claim it is; NULL in rows from before, which nobody can give back: their leases end.
ALTER TABLE idempotency ADD COLUMN claim BLOB CHECK (length(claim) = 16);
CREATE INDEX idempotency_by_end ON idempotency (coalesce(finished, lease_until));

-- 1: the key of this session verifies records, so that the row stays.
ALTER TABLE sessions ADD COLUMN signed_records INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET signed_records = 1
WHERE id IN (SELECT session_id FROM records WHERE session_id IS NOT NULL);
CREATE INDEX sessions_by_revocation ON sessions (revoked) WHERE revoked IS NOT NULL AND signed_records = 0;
