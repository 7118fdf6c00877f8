-- Verification: which code stands for what, and whether it still holds.
-- One text for SQLite and PostgreSQL, as in 0001.

CREATE TABLE proof_key (
    id TEXT PRIMARY KEY,
    public_key TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What a record's document will bear; it counts once there is a document.
CREATE TABLE planned_proof (
    batch_id TEXT NOT NULL REFERENCES batch (id),
    record BIGINT NOT NULL,
    code TEXT NOT NULL,
    key_id TEXT NOT NULL,
    title TEXT NOT NULL,
    number TEXT NOT NULL,
    date TEXT,
    issuer TEXT NOT NULL,
    holder TEXT NOT NULL,
    PRIMARY KEY (batch_id, record)
);

CREATE TABLE proof (
    code TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    title TEXT NOT NULL,
    number TEXT NOT NULL,
    date TEXT,
    issuer TEXT NOT NULL,
    holder TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('valid', 'replaced', 'revoked')),
    reason TEXT NOT NULL DEFAULT '',
    replaced_by TEXT REFERENCES proof (code),
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- One certificate may be several files: for the screen, for the printer, made again after a change of the frame.
CREATE TABLE proof_document (
    document_id TEXT PRIMARY KEY REFERENCES document (id),
    code TEXT NOT NULL REFERENCES proof (code)
);
CREATE INDEX proof_document_of_code ON proof_document (code);
CREATE INDEX document_of_sha256 ON document (sha256);
