//! The files of the page, as data.

/// A file that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    path: &'static str,
    pub(super) content_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// The files that are served, by their paths.
#[derive(Clone, Debug)]
pub struct Pages(Vec<Page>);

impl Pages {
    /// Of each file its path, which is empty for the page itself, its type and its bytes.
    #[must_use]
    pub fn new(pages: impl IntoIterator<Item = (&'static str, &'static str, String)>) -> Self {
        let page = |(path, content_type, text): (_, _, String)| Page { path, content_type, bytes: text.into_bytes() };
        Self(pages.into_iter().map(page).collect())
    }

    pub(super) fn get(&self, path: &str) -> Option<&Page> {
        self.0.iter().find(|page| page.path == path)
    }
}
