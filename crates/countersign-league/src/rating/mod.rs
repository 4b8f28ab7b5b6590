//! Integer Elo for teams.

pub mod table;
