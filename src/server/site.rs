//! What every handler works with: the use-cases, the open office, the views, the throttles.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::limits::Limits;
use super::looks::Looks;
use super::questions::{Questions, household};
use super::routes::{self, Rule};
use super::titles::Remembered;
use super::views::Views;
use crate::access::throttle::{Limit, Throttle};
use crate::app::App;
use crate::app::office::Office;
use crate::app::service::Vitals;

const MINUTE: i64 = 60_000;

/// The running site.
pub struct Site {
    /// The use-cases.
    pub app: App,
    /// The open office.
    pub office: Arc<Office>,
    /// How the service feels.
    pub vitals: Arc<Vitals>,
    /// The views.
    pub views: Views,
    /// Paths of pages with their rules, for the navigation.
    pub(super) pages: Vec<(&'static str, Rule)>,
    /// How much programs may ask.
    pub limits: Limits,
    /// What was drawn of drafts.
    pub looks: Looks,
    /// What templates are called.
    pub titles: Remembered,
    by_account: Mutex<Throttle>,
    by_address: Mutex<Throttle>,
    questions: Option<Questions>,
    begun: Instant,
}

impl Site {
    /// Puts the site together.
    pub fn new(app: App, office: Arc<Office>, vitals: Arc<Vitals>) -> Self {
        let pages = routes::all().iter().filter(|route| route.method == "GET").map(|route| (route.path, route.rule)).collect();
        // Five tries a minute for an account, twenty for an address; the longest wait keeps nobody out of the own account for long.
        let account = Limit { per_minute: 5, wait_max: 5 * MINUTE, names_max: 10_000 };
        let address = Limit { per_minute: 20, wait_max: 15 * MINUTE, names_max: 10_000 };
        let limits = Limits::new(app.service_config());
        let questions = app.verify_config().map(Questions::new);
        Self {
            app,
            office,
            vitals,
            views: Views::new(),
            pages,
            limits,
            looks: Looks::default(),
            titles: Remembered::default(),
            by_account: Mutex::new(Throttle::new(account)),
            by_address: Mutex::new(Throttle::new(address)),
            questions,
            begun: Instant::now(),
        }
    }

    /// Is there a page of this path?
    pub fn has_page(&self, path: &str) -> bool {
        self.pages.iter().any(|(own, _)| *own == path)
    }

    /// Does a page answer `path`, which has no query?
    pub fn shows(&self, path: &str) -> bool {
        let fits = |own: &str| {
            let (mut own, mut given) = (own.split('/'), path.split('/'));
            loop {
                match (own.next(), given.next()) {
                    (None, None) => return true,
                    (Some(own), Some(given)) if own == given || (own.starts_with('{') && !given.is_empty()) => {}
                    _ => return false,
                }
            }
        };
        // A path that names a file, or what changes as it is read, is no page.
        self.pages
            .iter()
            .any(|(own, _)| fits(own) && !own.starts_with("/api/") && !own.rsplit('/').next().is_some_and(|last| last.contains('.')))
    }

    /// Milliseconds of a clock that does not go back, for throttles.
    pub fn clock(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Counts an attempt to come in as `account` from `address`; the milliseconds to wait when there were too many.
    pub fn attempt(&self, account: &str, address: IpAddr) -> Result<(), i64> {
        let now = self.clock();
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner).take(&household(address), now)?;
        self.by_account.lock().unwrap_or_else(PoisonError::into_inner).take(account, now)
    }

    /// Counts a question of the public about a certificate; the milliseconds to wait when there were too many.
    pub fn question(&self, address: IpAddr) -> Result<(), i64> {
        self.questions.as_ref().map_or(Ok(()), |questions| questions.ask(address, self.clock()))
    }

    /// Forgets the attempts of an account that came in.
    pub fn came_in(&self, account: &str) {
        self.by_account.lock().unwrap_or_else(PoisonError::into_inner).forgive(account);
    }
}
