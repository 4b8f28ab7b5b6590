-- End of the latest match that the player left injured; 0: none. The next one within a month is no excuse.
ALTER TABLE league_players ADD COLUMN injured INTEGER NOT NULL DEFAULT 0;
