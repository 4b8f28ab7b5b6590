//! What the server says. It was verified before it comes here.

use countersign_web_kit::said;

said! {
    /// `session.list`.
    Sessions {
        /// All that the server still knows.
        sessions: Vec<Session>,
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

    /// `league.profile`.
    Profile {
        /// The player, in hex.
        user: String,
        /// The display name.
        name: String,
        /// `public`, `opponents` or `hidden`.
        visibility: String,
        /// The rating, in thousandths of a point.
        rating: i32,
        /// Whether little is known of the player yet.
        provisional: bool,
        /// The rank, if ranked.
        rank: Option<u32>,
        /// Of how many.
        of: Option<u32>,
        /// The season.
        season: u32,
        /// Matches in it.
        season_matches: u32,
        /// Matches in all.
        matches: u32,
        /// Different opponents.
        opponents: u32,
        /// The line of the season's table.
        table: Option<Table>,
    }

    /// A player's line in the season's table.
    Table {
        /// Matches won.
        won: u32,
        /// Matches drawn.
        drawn: u32,
        /// Matches lost.
        lost: u32,
    }

    /// `league.rank`.
    Rank {
        /// The rating, in thousandths of a point.
        rating: i32,
        /// The season.
        season: u32,
        /// Players on the board.
        of: u32,
        /// The rank, if ranked.
        rank: Option<u32>,
        /// The place in the list, if ranked; no two players share it.
        position: Option<u32>,
        /// How many of a hundred are behind.
        percentile: Option<u32>,
        /// The tier's name.
        tier: Option<String>,
        /// What is missing to be ranked.
        missing: Option<Missing>,
        /// Rows around.
        neighbours: Vec<Row>,
    }

    /// What a player lacks to be ranked.
    Missing {
        /// Matches.
        matches: u32,
        /// Different opponents.
        opponents: u32,
        /// Matches of this season.
        season_matches: u32,
        /// Whether the last match is too long ago.
        dormant: bool,
    }

    /// `league.top`.
    Top {
        /// Players on the board.
        of: u32,
        /// The rows of this page.
        rows: Vec<Row>,
    }

    /// A row of a list of ranks. Who is not public has neither id nor name.
    Row {
        /// The rank; equal ratings share it.
        rank: u32,
        /// The place in the list.
        position: u32,
        /// The rating, in thousandths of a point.
        rating: i32,
        /// The player, in hex.
        user: Option<String>,
        /// The display name.
        name: Option<String>,
    }

    /// `league.search`.
    Found {
        /// Who was found.
        players: Vec<Hit>,
    }

    /// A player that was found.
    Hit {
        /// The player, in hex.
        user: String,
        /// The display name.
        name: String,
        /// The rating, in thousandths of a point.
        rating: i32,
        /// The rank, if ranked.
        rank: Option<u32>,
    }
}
