-- Words of templates: what was published, in order; what somebody is still writing. Indexes that pages count by.

CREATE TABLE template_version (
    template TEXT NOT NULL,
    version BIGINT NOT NULL,
    words TEXT NOT NULL,
    note TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (template, version)
);

CREATE TABLE template_draft (
    template TEXT PRIMARY KEY,
    words TEXT NOT NULL,
    actor TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Lists and the first page count by these.
CREATE INDEX record_tally ON record (batch_id, state, kept);
CREATE INDEX record_failed ON record (batch_id, position) WHERE state IN ('failed', 'quarantined');
CREATE INDEX document_state ON document (state, created_at);
CREATE INDEX delivery_state ON delivery (state, changed_at);
