//! The office in numbers, for Prometheus.
//!
//! Owns the page of `/metrics`: what stands in the store, what this process has counted, what the disk says. No label names a
//! person.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::AppError;
use super::office::DATABASE_FILE;
use super::service::Vitals;
use crate::metrics::{self, Page, escaped};
use crate::storage::Disk;

/// Figures are counted at most so often.
const FIGURES_EVERY: Duration = Duration::from_secs(5);

impl Vitals {
    /// The office in numbers, in the text format of Prometheus.
    pub async fn metrics(&self) -> Result<String, AppError> {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let figures = match counted {
            Some((at, figures)) if at.elapsed() < FIGURES_EVERY => figures,
            _ => {
                let figures = self.office.store.figures().await?;
                *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), figures.clone()));
                figures
            }
        };
        let mut page = Page::default();
        page.gauge("vanthu_build_info", "The program.", &[(label("version", env!("CARGO_PKG_VERSION")), 1.0)]);
        page.gauge("vanthu_ready", "Is the office able to work?", &flag(self.problems().is_empty()));
        for (kind, name, help) in [
            ("batch", "vanthu_batches", "Batches by state."),
            ("record", "vanthu_records", "Records by state."),
            ("delivery", "vanthu_deliveries", "Deliveries by state."),
            ("occurrence", "vanthu_occurrences", "Occurrences of schedules by state."),
        ] {
            let of_kind = figures.states.iter().filter(|count| count.kind == kind);
            let lines: Vec<_> = of_kind.map(|count| (label("state", &count.state), count.count as f64)).collect();
            page.gauge(name, help, &lines);
        }
        page.gauge("vanthu_documents", "Documents stored.", &plain(figures.documents as f64));
        let seconds = |milliseconds: i64| milliseconds as f64 / 1_000.0;
        let oldest: Vec<_> = figures.oldest.iter().map(|(kind, waited)| (label("queue", kind), seconds(*waited))).collect();
        page.gauge("vanthu_oldest_due_seconds", "How long the oldest due thing has waited.", &oldest);
        let lag: Vec<_> = figures.lag.iter().map(|(schedule, lag)| (label("schedule", schedule), seconds(*lag))).collect();
        page.gauge("vanthu_schedule_lag_seconds", "How late the latest slot of a schedule was found due.", &lag);
        page.gauge("vanthu_suppressed_addresses", "Addresses to which nothing is sent.", &plain(figures.suppressed as f64));
        page.gauge("vanthu_uncertain_outcomes", "Attempts whose outcome nobody knows.", &plain(figures.uncertain as f64));
        let bounces: Vec<_> = figures.bounces.iter().map(|(said, count)| (label("said", said), *count as f64)).collect();
        page.gauge("vanthu_bounces", "Reports that came back, by what they say.", &bounces);
        let relays: Vec<_> = figures
            .relays
            .iter()
            .map(|pause| (format!("{},{}", label("relay", &pause.relay), label("scope", &pause.scope)), 1.0))
            .collect();
        page.gauge("vanthu_relay_paused", "Relays that are being left alone, and what for.", &relays);
        page.gauge("vanthu_relays_paused", "How many relays are being left alone.", &plain(figures.relays.len() as f64));
        page.gauge("vanthu_sending_paused", "All sending is paused.", &flag(figures.sending_paused));
        page.gauge("vanthu_schedules_paused", "All schedules are paused.", &flag(figures.schedules_paused));
        page.gauge("vanthu_alerts_waiting", "Alerts that no operator was told yet.", &plain(figures.alerts_waiting as f64));
        if let Some(age) = figures.backup_age {
            page.gauge("vanthu_backup_age_seconds", "Since the last backup.", &plain(seconds(age)));
        }
        if let Ok(disk) = Disk::of(self.office.objects.root()) {
            page.gauge("vanthu_disk_free_bytes", "Free on the disk of the documents.", &plain(disk.free as f64));
            page.gauge("vanthu_disk_bytes", "Size of the disk of the documents.", &plain(disk.total as f64));
        }
        if self.office.store.is_file() {
            let size = |name: String| plain(std::fs::metadata(self.office.root().join(name)).map_or(0, |file| file.len()) as f64);
            page.gauge("vanthu_database_bytes", "Size of the database.", &size(DATABASE_FILE.to_owned()));
            page.gauge("vanthu_wal_bytes", "Size of its write-ahead log.", &size(format!("{DATABASE_FILE}-wal")));
        }
        page.histogram("vanthu_render_seconds", "Setting one document.", &metrics::RENDER_SECONDS);
        for (name, help, key, counter) in [
            ("vanthu_render_failures_total", "Documents that were not made, by what was found.", "reason", &metrics::RENDER_FAILURES),
            ("vanthu_worker_deaths_total", "Render workers that died or were killed.", "reason", &metrics::WORKER_DEATHS),
            (
                "vanthu_delivery_attempts_total",
                "Attempts to deliver a message, by what they came to.",
                "class",
                &metrics::DELIVERY_ATTEMPTS,
            ),
            ("vanthu_leases_lost_total", "Leases that ran out and went to others.", "kind", &metrics::LEASES_LOST),
            ("vanthu_fenced_writes_total", "Writes refused because the row was somebody else's by then.", "kind", &metrics::FENCED_WRITES),
        ] {
            page.counter(name, help, key, counter);
        }
        Ok(page.into_text())
    }
}

fn plain(value: f64) -> [(String, f64); 1] {
    [(String::new(), value)]
}

fn flag(value: bool) -> [(String, f64); 1] {
    plain(f64::from(u8::from(value)))
}

fn label(name: &str, value: &str) -> String {
    format!("{name}=\"{}\"", escaped(value))
}
