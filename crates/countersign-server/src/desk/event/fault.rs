//! What can be wrong with an organiser's description, as sentences for the organiser.

use countersign_judging::event::EventFault;

/// Why files, or what is stored of them, describe no event.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file of the event; the message says line and column.
    #[error("{file}, {message}")]
    Toml {
        /// What the organiser calls it.
        file: String,
        /// What is wrong and where.
        message: String,
    },
    /// A table as a whole.
    #[error("{file}: {what}")]
    Table {
        /// What the organiser calls it.
        file: String,
        /// What is wrong and where.
        what: String,
    },
    /// Rows of a table.
    #[error("{0}")]
    Rows(Rows),
    /// An id.
    #[error("{text:?} is no id of a {what}; an id has 1 to 32 of A-Z a-z 0-9 _ - .")]
    Id {
        /// Of what.
        what: &'static str,
        /// As it was written.
        text: String,
    },
    /// A key.
    #[error("{0} has 64 hexadecimal digits")]
    Hex(String),
    /// A hub's key that is none.
    #[error("the key of hub {hub} cannot be used: {why}; take it from `countersign hub init`")]
    HubKey {
        /// The hub's name.
        hub: String,
        /// Why.
        why: String,
    },
    /// The event as a whole.
    #[error("the event is not right:{}", listed(.0))]
    Faults(Vec<EventFault>),
    /// What is stored.
    #[error("what is stored of the event cannot be read: {0}")]
    Damaged(String),
}

impl PlanError {
    /// One sentence for each thing that is wrong, up to a hundred.
    pub fn sentences(&self) -> Vec<String> {
        const MOST: usize = 100;
        match self {
            Self::Rows(Rows(rows)) => {
                let more = rows.len().saturating_sub(MOST);
                let more = (more > 0).then(|| format!("and {more} more"));
                rows.iter().take(MOST).cloned().chain(more).collect()
            }
            Self::Faults(faults) => faults.iter().map(ToString::to_string).collect(),
            Self::Toml { .. } | Self::Table { .. } | Self::Id { .. } | Self::Hex(_) => {
                vec![self.to_string()]
            }
            Self::HubKey { .. } | Self::Damaged(_) => vec![self.to_string()],
        }
    }
}

/// Everything that is wrong with a table, up to a page of it.
#[derive(Debug)]
pub struct Rows(pub Vec<String>);

impl core::fmt::Display for Rows {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        const SHOWN: usize = 20;
        for (n, row) in self.0.iter().take(SHOWN).enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}{row}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

fn listed(faults: &[EventFault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}
