//! Pages for a short while: whatever many people look at is written once.

use super::answer::Page;
use super::language::Language;
use super::{Place, Trouble};
use crate::clock;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How old a page gets.
const LIFE: Duration = Duration::from_secs(10);
/// Bytes of all pages together.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Pages that are expected; more fit if they are small.
const PAGES: usize = 1024;
/// How often a page that has become old meanwhile is thrown away before it is written without the cache.
const TRIES: usize = 3;

type Key = (Place, Language);

#[derive(Debug, Clone)]
struct Kept {
    page: Arc<Page>,
    at: Instant,
    /// Of the profiles, before it was written.
    version: u64,
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<Key, Kept> for Bytes {
    fn weight(&self, _: &Key, kept: &Kept) -> u64 {
        kept.page.size().max(1) as u64
    }
}

/// A bounded cache. A page is written by one asker at a time; the others wait for it.
#[derive(Debug)]
pub(super) struct Shelf(Cache<Key, Kept, Bytes>);

impl Shelf {
    pub(super) fn new() -> Self {
        let mut options = OptionsBuilder::new();
        // One shard: a large page is not refused because a part of the room is too small for it.
        options.estimated_items_capacity(PAGES).weight_capacity(BYTES_MAX).shards(1);
        let built = options.build();
        let (hasher, life) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self(match built {
            Ok(options) => Cache::with_options(options, Bytes, hasher, life),
            Err(_) => Cache::with(PAGES, BYTES_MAX, Bytes, hasher, life),
        })
    }

    /// The page, as it is kept or as `write` makes it. `version` tells when profiles have changed: then nothing older is shown.
    pub(super) async fn page<F: Future<Output = Result<Page, Trouble>>>(
        &self,
        key: &Key,
        version: impl Fn() -> u64,
        write: impl FnOnce() -> F,
    ) -> Result<Arc<Page>, Trouble> {
        for _ in 0..TRIES {
            match self.0.get_value_or_guard_async(key).await {
                Ok(kept) if is_fresh(&kept, &version) => return Ok(kept.page),
                Ok(_) => drop(self.0.remove_if(key, |kept| !is_fresh(kept, &version))),
                Err(guard) => {
                    let (at, version) = (clock::instant(), version());
                    let page = Arc::new(write().await?);
                    let kept = Kept { page: Arc::clone(&page), at, version };
                    // Whoever made room for it did so for a newer one.
                    drop(guard.insert(kept));
                    return Ok(page);
                }
            }
        }
        Ok(Arc::new(write().await?))
    }
}

fn is_fresh(kept: &Kept, version: &impl Fn() -> u64) -> bool {
    kept.version == version() && clock::instant().duration_since(kept.at) < LIFE
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    const KEY: Key = (Place::Table(0), Language::En);

    fn page(text: &str) -> Page {
        Page::html(text.to_owned())
    }

    #[tokio::test]
    async fn a_page_is_written_once_however_many_ask_at_once() {
        let (shelf, written) = (Shelf::new(), AtomicU64::new(0));
        let ask = || {
            shelf.page(
                &KEY,
                || 0,
                || async {
                    written.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                    Ok(page("1"))
                },
            )
        };
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        assert!(one.is_ok() && two.is_ok() && three.is_ok());
        assert_eq!(written.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn nothing_older_than_a_change_of_profiles_is_shown() {
        let (shelf, version) = (Shelf::new(), AtomicU64::new(0));
        let now = || version.load(Ordering::Relaxed);
        // The profile changes while the page is written.
        let during = || async {
            version.fetch_add(1, Ordering::Relaxed);
            Ok(page("old"))
        };
        shelf.page(&KEY, now, during).await.unwrap();
        let after = shelf.page(&KEY, now, || async { Ok(page("new!")) }).await.unwrap();
        assert_eq!(after.size(), 4);
        let kept = shelf.page(&KEY, now, || async { Ok(page("newer")) }).await.unwrap();
        assert_eq!(kept.size(), 4);
    }

    #[tokio::test]
    async fn what_is_not_there_is_asked_for_again() {
        let shelf = Shelf::new();
        let missing = shelf.page(&KEY, || 0, || async { Err(Trouble::Missing) }).await;
        assert!(matches!(missing, Err(Trouble::Missing)));
        assert!(shelf.page(&KEY, || 0, || async { Ok(page("1")) }).await.is_ok());
    }

    #[tokio::test]
    async fn the_memory_of_pages_is_bounded() {
        let shelf = Shelf::new();
        let large = "x".repeat(1024 * 1024);
        for from in 0..40 {
            let key = (Place::Table(from), Language::En);
            let json = || async { Ok(Page::json(large.clone().into_bytes())) };
            shelf.page(&key, || 0, json).await.unwrap();
        }
        assert!(shelf.0.weight() <= BYTES_MAX);
        assert!(shelf.0.len() > 8);
    }
}
