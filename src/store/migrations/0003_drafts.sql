-- Drafts: a template, an uploaded table, options and corrections, before they become a batch.

CREATE TABLE draft (
    id TEXT PRIMARY KEY,
    idempotency_key TEXT UNIQUE,
    key_digest TEXT,
    owner TEXT NOT NULL,
    organisation TEXT,
    template TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'waiting', 'submitted', 'rejected')),
    revision BIGINT NOT NULL,
    table_revision BIGINT NOT NULL,
    request TEXT NOT NULL,
    head TEXT,
    file_sha256 TEXT,
    upload BIGINT NOT NULL DEFAULT 0,
    uploads BIGINT NOT NULL DEFAULT 0,
    checked TEXT,
    checked_revision BIGINT,
    batch_id TEXT,
    decided_by TEXT,
    reason TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX draft_of_owner ON draft (owner, changed_at);
CREATE INDEX draft_recent ON draft (changed_at);

CREATE TABLE draft_sheet (
    draft_id TEXT NOT NULL REFERENCES draft (id),
    upload BIGINT NOT NULL,
    sheet BIGINT NOT NULL,
    content TEXT NOT NULL,
    fault TEXT,
    records BIGINT NOT NULL,
    PRIMARY KEY (draft_id, upload, sheet)
);

CREATE TABLE draft_row (
    draft_id TEXT NOT NULL REFERENCES draft (id),
    upload BIGINT NOT NULL,
    sheet BIGINT NOT NULL,
    number BIGINT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (draft_id, upload, sheet, number)
);

CREATE TABLE draft_change (
    draft_id TEXT NOT NULL REFERENCES draft (id),
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    sheet BIGINT,
    number BIGINT,
    before TEXT NOT NULL DEFAULT '',
    after TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (draft_id, revision)
);
