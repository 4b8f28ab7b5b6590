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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::event::{Source, Sources};

    #[test]
    fn the_sheets_of_an_event_of_195_projects_in_three_categories_fit_into_an_answer() {
        let event = "[event]\nid = \"F\"\ntitle = \"Fair\"\nstarts = 2027-03-20T08:00:00Z\n\
             ends = 2027-03-20T18:00:00Z\n[[round]]\nnumber = 1\ntitle = \"Day\"\n";
        let category = |id: &str| {
            format!(
                "[[category]]\nid = \"{id}\"\ntitle = \"{id}\"\ncriteria = [{{ title = \"New\", most = 10 }}]\n"
            )
        };
        let event = [event.to_owned(), category("A"), category("B"), category("C")].concat();
        let row =
            |n: u32| format!("PROJECT_{n:03},A project with a title of some length,T{n},A B C\n");
        let projects: String = (1..=39).map(row).collect();
        let projects = format!("id,title,table,categories\n{projects}");
        let judges = "id,name,email\nJ1,Ana,ana@example.org\n";
        let source = |name, text: &'static str| Source { name, content: text.as_bytes() };
        let sources = Sources {
            event: Source { name: "event", content: event.as_bytes() },
            projects: Source { name: "projects", content: projects.as_bytes() },
            judges: source("judges", judges),
            conflicts: None,
        };
        let (plan, _) = sources.read(None).unwrap();
        let pdf = sheets(&plan).unwrap();
        assert!(pdf.starts_with(b"%PDF"));
        // A fifth of it: the rest is as long again.
        assert!(pdf.len() * 5 < 3 * 1024 * 1024, "{} bytes for 117 cards", pdf.len());
    }
}
