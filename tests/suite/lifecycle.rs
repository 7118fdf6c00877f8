//! The states of batches and records: the graph against one that was written down anew, and the store against a model.

use proptest::prelude::*;
use vanthu::lifecycle::{BatchState, RecordState};
use vanthu::store::batches::{NewBatch, NewRecord, Post, Tally};
use vanthu::store::documents::NewDocument;
use vanthu::store::records::{Claimed, End};
use vanthu::store::{Location, Store};

use crate::support::Office;

#[test]
fn a_batch_takes_only_the_steps_of_its_graph() {
    let allowed =
        "planning running, running paused, running cancelled, running finished, paused running, paused cancelled, finished running";
    for from in BatchState::ALL {
        for to in BatchState::ALL {
            let step = format!("{from} {to}");
            assert_eq!(from.may_become(*to), allowed.split(", ").any(|one| one == step), "{step}");
        }
        assert_eq!(BatchState::from_name(from.name()), Some(*from));
        assert_eq!(from.is_final(), ["cancelled", "finished"].contains(&from.name()));
    }
}

#[test]
fn a_record_takes_only_the_steps_of_its_graph() {
    let allowed = "accepted rendering, accepted cancelled, rendering stored, rendering failed, rendering quarantined, rendering accepted, \
        failed accepted, quarantined accepted";
    for from in RecordState::ALL {
        for to in RecordState::ALL {
            let step = format!("{from} {to}");
            assert_eq!(from.may_become(*to), allowed.split(", ").any(|one| one == step), "{step}");
        }
        assert_eq!(RecordState::from_name(from.name()), Some(*from));
        assert_eq!(from.is_final(), !["accepted", "rendering"].contains(&from.name()));
    }
}

/// What may be done to a batch, by its operator and by two workers.
#[derive(Debug, Clone, Copy)]
enum Act {
    Claim { worker: usize, count: u32 },
    End { worker: usize, how: How },
    GiveBack { worker: usize },
    RescueAll,
    Pause,
    Resume,
    Cancel,
    Retry,
    Finish,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Stored,
    Failed,
    Quarantined,
}

fn act() -> impl Strategy<Value = Act> {
    let worker = 0..2_usize;
    prop_oneof![
        4 => (worker.clone(), 1..4_u32).prop_map(|(worker, count)| Act::Claim { worker, count }),
        6 => (worker.clone(), prop_oneof![Just(How::Stored), Just(How::Failed), Just(How::Quarantined)])
            .prop_map(|(worker, how)| Act::End { worker, how }),
        1 => worker.prop_map(|worker| Act::GiveBack { worker }),
        1 => Just(Act::RescueAll),
        1 => Just(Act::Pause),
        2 => Just(Act::Resume),
        1 => Just(Act::Cancel),
        1 => Just(Act::Retry),
        2 => Just(Act::Finish),
    ]
}

const RECORDS: u64 = 6;

/// What the store should say, held in plain values.
struct Model {
    batch: BatchState,
    records: Vec<RecordState>,
    /// The worker that holds a record, by the store.
    holder: Vec<Option<usize>>,
}

impl Model {
    /// What goes back from a worker waits, unless its batch was given up.
    fn goes_back(&mut self, index: usize) {
        self.holder[index] = None;
        self.records[index] = if self.batch == BatchState::Cancelled { RecordState::Cancelled } else { RecordState::Accepted };
    }

    fn count(&self, state: RecordState) -> u64 {
        self.records.iter().filter(|one| **one == state).count() as u64
    }

    fn tally(&self) -> Tally {
        Tally {
            accepted: self.count(RecordState::Accepted),
            rendering: self.count(RecordState::Rendering),
            stored: self.count(RecordState::Stored),
            kept: 0,
            failed: self.count(RecordState::Failed),
            quarantined: self.count(RecordState::Quarantined),
            cancelled: self.count(RecordState::Cancelled),
        }
    }

    fn may(&mut self, next: BatchState) -> bool {
        let may = matches!(
            (self.batch, next),
            (BatchState::Running, BatchState::Paused | BatchState::Cancelled)
                | (BatchState::Paused, BatchState::Running | BatchState::Cancelled)
                | (BatchState::Finished, BatchState::Running)
        );
        if may {
            self.batch = next;
        }
        may
    }
}

async fn accepted(store: &Store) -> String {
    let new = NewBatch {
        key: None,
        request_digest: "d".into(),
        request: "{}".into(),
        setting: "{}".into(),
        template: "giay-khen".into(),
        output: "o".into(),
        origin: "cli".into(),
        post: Post::None,
        owner: None,
        organisation: None,
    };
    let mut planning = store.plan(new).await.expect("a plan").expect("a new batch");
    for number in 1..=RECORDS {
        let file = format!("{number}.pdf");
        planning.add(NewRecord { number, file, content: "{}".into(), ..NewRecord::default() }).await.expect("a record");
    }
    let id = planning.id().to_owned();
    planning.accept("{}", 0, &[]).await.expect("accepted");
    id
}

async fn walk(store: &Store, acts: &[Act]) {
    let id = accepted(store).await;
    let mut model = Model { batch: BatchState::Running, records: vec![RecordState::Accepted; 6], holder: vec![None; 6] };
    // What each worker believes to hold, true or not.
    let mut hands: [Vec<Claimed>; 2] = [Vec::new(), Vec::new()];
    let owners = [format!("{id}-0"), format!("{id}-1")];
    for act in acts {
        match *act {
            Act::Claim { worker, count } => {
                let claimed = store.claim(&id, &owners[worker], count).await.expect("a claim");
                let waiting: Vec<usize> = (0..6).filter(|index| model.records[*index] == RecordState::Accepted).collect();
                let expected: Vec<usize> =
                    if model.batch == BatchState::Running { waiting.into_iter().take(count as usize).collect() } else { Vec::new() };
                assert_eq!(claimed.iter().map(|one| one.number as usize - 1).collect::<Vec<_>>(), expected, "{act:?}");
                for index in expected {
                    model.records[index] = RecordState::Rendering;
                    model.holder[index] = Some(worker);
                }
                hands[worker].extend(claimed);
            }
            Act::End { worker, how } => {
                let Some(claimed) = hands[worker].pop() else { continue };
                let index = claimed.number as usize - 1;
                let newest = hands.iter().flatten().filter(|one| one.number == claimed.number).all(|one| one.epoch < claimed.epoch);
                let holds = model.holder[index] == Some(worker) && newest;
                let number = claimed.number;
                let end = match how {
                    How::Stored => {
                        let document = store.new_id().await.expect("an id");
                        let object = format!("{id}/{document}.pdf");
                        let document = NewDocument { id: document, object, sha256: "s".into(), bytes: 1, pages: 1 };
                        End::Stored { document, reasons: "[]".into(), placed_in: None }
                    }
                    How::Failed => End::Failed { reasons: "[]".into() },
                    How::Quarantined => End::Quarantined { reasons: "[]".into() },
                };
                let lost = store.end(vec![(claimed, end)]).await.expect("ended");
                assert_eq!(lost, if holds { vec![] } else { vec![number] }, "{act:?}");
                if holds {
                    model.holder[index] = None;
                    model.records[index] = match how {
                        How::Stored => RecordState::Stored,
                        How::Failed => RecordState::Failed,
                        How::Quarantined => RecordState::Quarantined,
                    };
                }
            }
            Act::GiveBack { worker } => {
                store.give_back(&owners[worker]).await.expect("given back");
                hands[worker].clear();
                for index in 0..6 {
                    if model.holder[index] == Some(worker) {
                        model.goes_back(index);
                    }
                }
            }
            Act::RescueAll => {
                store.rescue(true).await.expect("rescued");
                for index in 0..6 {
                    if model.holder[index].is_some() {
                        model.goes_back(index);
                    }
                }
            }
            Act::Pause => assert_eq!(store.pause(&id, "chờ", "an").await.is_ok(), model.may(BatchState::Paused), "{act:?}"),
            Act::Resume => {
                // Running again what has finished is for what failed, and goes by another door.
                let expected = model.batch == BatchState::Paused;
                if model.batch != BatchState::Finished {
                    assert_eq!(store.resume(&id, "an").await.is_ok(), expected, "{act:?}");
                    model.may(BatchState::Running);
                }
            }
            Act::Cancel => {
                let may = model.may(BatchState::Cancelled);
                assert_eq!(store.cancel(&id, "thôi", "an").await.is_ok(), may, "{act:?}");
                if may {
                    for index in 0..6 {
                        if model.records[index] == RecordState::Accepted {
                            model.goes_back(index);
                        }
                    }
                }
            }
            Act::Retry => {
                let again: Vec<usize> =
                    (0..6).filter(|index| matches!(model.records[*index], RecordState::Failed | RecordState::Quarantined)).collect();
                let may = again.is_empty() || model.batch != BatchState::Cancelled;
                assert_eq!(store.retry(&id, "an").await.is_ok(), may, "{act:?}");
                if may && !again.is_empty() {
                    model.batch = BatchState::Running;
                    again.into_iter().for_each(|index| model.goes_back(index));
                }
            }
            Act::Finish => {
                let ended = model.records.iter().all(|state| !matches!(state, RecordState::Accepted | RecordState::Rendering));
                let may = model.batch == BatchState::Running && ended;
                assert_eq!(store.finish(&id).await.expect("asked"), may, "{act:?}");
                if may {
                    model.batch = BatchState::Finished;
                }
            }
        }
        assert_eq!(store.tally(&id).await.expect("a tally"), model.tally(), "{act:?}");
        assert_eq!(store.batch(&id).await.expect("a batch").state, model.batch, "{act:?}");
        let documents = store.objects_of(&id).await.expect("objects").len() as u64;
        assert_eq!(documents, model.count(RecordState::Stored), "{act:?}");
    }
}

#[test]
fn the_store_does_what_a_model_of_it_does() {
    let office = Office::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let store = runtime.block_on(Store::open(&Location::File(office.path.join("m.db")))).expect("a store");
    let config = ProptestConfig { cases: 60, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() };
    proptest!(config, |(acts in prop::collection::vec(act(), 1..40))| {
        runtime.block_on(walk(&store, &acts));
    });
}
