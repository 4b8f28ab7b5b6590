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
    /// What it may connect to.
    pub(crate) connects: Connects,
}

/// What a page may connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connects {
    /// The server that it came from.
    Server,
    /// What is near the person who uses it, too, by the server's configuration.
    Nearby,
    /// A hub, too: nobody knows its address before the day.
    Hub,
}

impl Page {
    /// Reads the table.
    pub(crate) fn table(text: &str) -> Result<Vec<Self>, Failed> {
        text.lines().filter(|line| !line.starts_with('#')).map(Self::row).collect()
    }

    fn row(line: &str) -> Result<Self, Failed> {
        let cells: Vec<&str> = line.split('\t').collect();
        let [path, name, budget, kept, connects] = cells.as_slice() else {
            return Err(
                format!("A row of pages.tsv has five cells, with tabs between: {line}").into()
            );
        };
        let kib: usize =
            budget.parse().map_err(|_| format!("A budget is a number of KiB: {line}"))?;
        let is_always_kept = match *kept {
            "always" => true,
            "visited" => false,
            _ => return Err(format!("A page is kept `always` or when `visited`: {line}").into()),
        };
        let connects = match *connects {
            "server" => Connects::Server,
            "nearby" => Connects::Nearby,
            "hub" => Connects::Hub,
            _ => {
                let why = "A page connects to its `server`, to what is `nearby`, or to a `hub`";
                return Err(format!("{why}: {line}").into());
            }
        };
        let (path, name) = ((*path).to_owned(), (*name).to_owned());
        Ok(Self { path, name, budget: kib * 1024, is_always_kept, connects })
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
        let pages = Page::table(
            "# path, name\n/\taccount\t2\talways\tserver\n/judge\tjudge\t9\tvisited\tnearby\n",
        )
        .unwrap();
        let account = Page {
            path: "/".to_owned(),
            name: "account".to_owned(),
            budget: 2048,
            is_always_kept: true,
            connects: Connects::Server,
        };
        assert_eq!(pages[0], account);
        assert_eq!((pages.len(), pages[1].is_always_kept), (2, false));
        assert_eq!(pages[1].connects, Connects::Nearby);
        for (wrong, why) in [
            ("/ account 2 always server", "tabs"),
            ("/\ta\tx\talways\tserver", "KiB"),
            ("/\ta\t2\tnever\tserver", "kept"),
            ("/\ta\t2\talways\t*", "connects"),
        ] {
            let said = Page::table(wrong).unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        }
    }
}
