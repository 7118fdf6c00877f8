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

-- Links to single documents; with 0005 they are there already.
CREATE TABLE IF NOT EXISTS link_key (
    id TEXT PRIMARY KEY,
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS link (
    id TEXT PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES document (id),
    expires_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    opened BIGINT NOT NULL DEFAULT 0,
    opened_at BIGINT
);
