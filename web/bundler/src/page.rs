//! The rows of `web/pages.tsv`.

use crate::Failed;

/// A page of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Its path on the server.
    pub(crate) path: String,
    /// The folder beside the table with its crate; the crate's name ends with it.
    pub(crate) name: String,
    /// What may be transferred before its first view can be used, in bytes of Brotli.
    pub(crate) budget: usize,
    /// Whether every device keeps it, or only those that have been there.
    pub(crate) is_always_kept: bool,
}

impl Page {
    /// Reads the table.
    pub(crate) fn table(text: &str) -> Result<Vec<Self>, Failed> {
        text.lines().filter(|line| !line.starts_with('#')).map(Self::row).collect()
    }

    fn row(line: &str) -> Result<Self, Failed> {
        let cells: Vec<&str> = line.split('\t').collect();
        let [path, name, budget, kept] = cells.as_slice() else {
            return Err(
                format!("A row of pages.tsv has four cells, with tabs between: {line}").into()
            );
        };
        let kib: usize =
            budget.parse().map_err(|_| format!("A budget is a number of KiB: {line}"))?;
        let is_always_kept = match *kept {
            "always" => true,
            "visited" => false,
            _ => return Err(format!("A page is kept `always` or when `visited`: {line}").into()),
        };
        let (path, name) = ((*path).to_owned(), (*name).to_owned());
        Ok(Self { path, name, budget: kib * 1024, is_always_kept })
    }

    /// The file with its program, as cargo calls it.
    pub(crate) fn program(&self) -> String {
        format!("countersign-web-{}.wasm", self.name)
    }

    /// The file with its page.
    pub(crate) fn file(&self) -> String {
        format!("{}.html", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_page_and_what_is_none_says_why() {
        let pages = Page::table("# path, name\n/\taccount\t2\talways\n/judge\tjudge\t9\tvisited\n")
            .unwrap();
        let account = Page {
            path: "/".to_owned(),
            name: "account".to_owned(),
            budget: 2048,
            is_always_kept: true,
        };
        assert_eq!(pages[0], account);
        assert_eq!((pages.len(), pages[1].is_always_kept), (2, false));
        for (wrong, why) in
            [("/ account 2 always", "tabs"), ("/\ta\tx\talways", "KiB"), ("/\ta\t2\tnever", "kept")]
        {
            let said = Page::table(wrong).unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        }
    }
}
