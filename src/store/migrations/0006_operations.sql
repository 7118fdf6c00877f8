-- Looking after the office: what operators were told, why a batch or a relay stands still, links in the place of attachments.

CREATE TABLE alert (
    key TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    since BIGINT NOT NULL,
    summary TEXT NOT NULL,
    told_at BIGINT,
    claimed_until BIGINT
);

ALTER TABLE instance ADD COLUMN alerted_at BIGINT;
ALTER TABLE instance ADD COLUMN return_key TEXT;
ALTER TABLE relay ADD COLUMN scope TEXT NOT NULL DEFAULT '';
ALTER TABLE batch ADD COLUMN held BIGINT NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN superseded_by TEXT;
ALTER TABLE delivery ADD COLUMN link_until BIGINT;

CREATE INDEX bounce_by_action ON bounce (action);

CREATE TABLE mail_pause (
    batch_id TEXT PRIMARY KEY REFERENCES batch (id),
    paused_at BIGINT,
    failed BIGINT NOT NULL,
    tried BIGINT NOT NULL
);
CREATE INDEX delivery_outcome ON delivery (batch_id, state, fail_reason, purpose);
