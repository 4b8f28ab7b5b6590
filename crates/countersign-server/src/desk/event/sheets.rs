//! What stands on the tables.

use super::fault::PlanError;
use super::plan::Plan;
use countersign_judging::project_code::signs;
use countersign_sheets::{Card, PerPage, PrintError, cards};

/// Why nothing is printed.
#[derive(Debug, thiserror::Error)]
pub enum SheetsError {
    /// The description.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The pages.
    #[error(transparent)]
    Print(#[from] PrintError),
}

/// A card with a code for each project and category, as the hub's page has them: a PDF.
pub fn sheets(plan: &Plan) -> Result<Vec<u8>, SheetsError> {
    let event = plan.described()?;
    let all: Vec<Card> = signs(&event)
        .into_iter()
        .map(|sign| Card { code: sign.code, id: sign.id, title: sign.title, table: sign.place })
        .collect();
    Ok(cards(&plan.title, &all, PerPage::Eight)?.pdf)
}
