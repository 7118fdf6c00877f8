-- What programs and pages ask of the office: documents and register lines found by folded text, keys, links, webhooks, and
-- answers kept by idempotency key. `search` is null until it was folded, which the next opening of the store does.

ALTER TABLE document ADD COLUMN organisation TEXT;
ALTER TABLE document ADD COLUMN template TEXT NOT NULL DEFAULT '';
ALTER TABLE document ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE document ADD COLUMN date TEXT;
ALTER TABLE document ADD COLUMN search TEXT;
UPDATE document SET template = (SELECT template FROM batch WHERE batch.id = document.batch_id);
CREATE INDEX document_found ON document (id, search, organisation, state, template, date);
CREATE INDEX document_unfolded ON document (id) WHERE search IS NULL;
CREATE INDEX record_of_document ON record (document_id) WHERE document_id IS NOT NULL;

ALTER TABLE proposal ADD COLUMN search TEXT;
ALTER TABLE entry ADD COLUMN search TEXT;
CREATE INDEX entry_unfolded ON entry (register, period, number) WHERE search IS NULL;

CREATE INDEX audit_of ON audit (subject, sequence);

CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    organisation TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT,
    replaced_by TEXT
);

CREATE TABLE link_key (
    id TEXT PRIMARY KEY,
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE link (
    id TEXT PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES document (id),
    expires_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    opened BIGINT NOT NULL DEFAULT 0,
    opened_at BIGINT
);
CREATE INDEX link_of_document ON link (document_id);

CREATE TABLE webhook (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret BYTEA NOT NULL,
    organisation TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE webhook_call (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhook (id),
    event TEXT NOT NULL,
    data TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'done', 'failed')),
    attempts BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL,
    status BIGINT,
    reason TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX webhook_call_due ON webhook_call (next_at) WHERE state = 'queued';
CREATE INDEX webhook_call_of ON webhook_call (webhook_id, id);

CREATE TABLE made_schedule (
    name TEXT PRIMARY KEY,
    config TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE answer (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    status BIGINT,
    content_type TEXT,
    body BYTEA,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX answer_age ON answer (created_at);
