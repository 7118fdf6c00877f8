-- The office: batches with a state for each record, documents, registers, deliveries, schedules, audit.
-- One text for SQLite and PostgreSQL: times are milliseconds since 1970 in UTC, JSON is text, truth is 0 or 1.

CREATE TABLE instance (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    sending_paused TEXT,
    schedules_paused TEXT,
    backed_up_at BIGINT
);

CREATE TABLE content (
    sha256 TEXT PRIMARY KEY,
    bytes BYTEA NOT NULL
);

CREATE TABLE batch (
    id TEXT PRIMARY KEY,
    idempotency_key TEXT UNIQUE,
    request_digest TEXT NOT NULL,
    request TEXT NOT NULL,
    setting TEXT NOT NULL,
    plan TEXT NOT NULL,
    template TEXT NOT NULL,
    output TEXT NOT NULL,
    origin TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planning', 'running', 'paused', 'cancelled', 'finished')),
    reason TEXT,
    post TEXT NOT NULL CHECK (post IN ('none', 'held', 'pending', 'queued', 'dropped')),
    accepted BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    finished_at BIGINT,
    completed_at BIGINT,
    completer TEXT,
    completing_until BIGINT
);
CREATE INDEX batch_of_output ON batch (output, created_at);
CREATE INDEX batch_to_post ON batch (created_at) WHERE post = 'pending';
CREATE INDEX batch_running ON batch (created_at) WHERE state = 'running';
CREATE INDEX batch_uncompleted ON batch (created_at) WHERE state = 'finished' AND completed_at IS NULL;

CREATE TABLE record (
    batch_id TEXT NOT NULL REFERENCES batch (id),
    number BIGINT NOT NULL,
    position BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'rendering', 'stored', 'failed', 'quarantined', 'cancelled')),
    label TEXT NOT NULL,
    file TEXT NOT NULL,
    title TEXT NOT NULL,
    date TEXT,
    qr TEXT,
    digest TEXT NOT NULL,
    content TEXT NOT NULL,
    places TEXT NOT NULL,
    mail TEXT,
    identity TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_epoch BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT,
    next_at BIGINT NOT NULL,
    reasons TEXT NOT NULL DEFAULT '[]',
    document_id TEXT,
    kept BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (batch_id, number)
);
CREATE INDEX record_waiting ON record (batch_id, position) WHERE state = 'accepted';
CREATE INDEX record_position ON record (batch_id, position);
CREATE INDEX record_of_identity ON record (identity) WHERE identity IS NOT NULL;
CREATE INDEX record_leased ON record (lease_until) WHERE state = 'rendering';

CREATE TABLE document (
    id TEXT PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batch (id),
    number BIGINT NOT NULL,
    object TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    pages BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stored', 'superseded', 'revoked', 'erased')),
    created_at BIGINT NOT NULL
);
CREATE INDEX document_of_record ON document (batch_id, number);

CREATE TABLE placed (
    folder TEXT NOT NULL,
    file TEXT NOT NULL,
    document_id TEXT,
    digest TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    before TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (folder, file)
);

CREATE TABLE series (
    register TEXT NOT NULL,
    period TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (register, period)
);

CREATE TABLE entry (
    register TEXT NOT NULL,
    period TEXT NOT NULL,
    number BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('taken', 'reserved', 'void')),
    batch_id TEXT,
    record BIGINT,
    output TEXT,
    identity TEXT,
    code TEXT NOT NULL DEFAULT '',
    date TEXT NOT NULL DEFAULT '',
    subject TEXT NOT NULL DEFAULT '',
    signatory TEXT NOT NULL DEFAULT '',
    recipient TEXT NOT NULL DEFAULT '',
    keeper TEXT NOT NULL DEFAULT '',
    copies BIGINT NOT NULL DEFAULT 1,
    note TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    -- Void because a person struck it out.
    struck BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (register, period, number)
);
CREATE INDEX entry_of_record ON entry (batch_id, record);

CREATE TABLE delivery (
    id TEXT PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batch (id),
    record BIGINT NOT NULL,
    recipient TEXT NOT NULL,
    recipient_key TEXT NOT NULL,
    domain TEXT NOT NULL,
    purpose TEXT NOT NULL,
    generation BIGINT NOT NULL,
    sender TEXT NOT NULL,
    relay TEXT NOT NULL,
    message TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'committing', 'sent', 'uncertain', 'needs_operator', 'failed',
        'suppressed', 'cancelled', 'bounced', 'complained')),
    fail_reason TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    uncertain BIGINT NOT NULL DEFAULT 0,
    accepted BIGINT NOT NULL DEFAULT 0,
    tries BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_epoch BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT,
    next_at BIGINT NOT NULL,
    claimed_at BIGINT,
    committing_at BIGINT,
    turns TEXT NOT NULL DEFAULT '',
    life BIGINT NOT NULL,
    waited BIGINT NOT NULL DEFAULT 0,
    reply TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    cause TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (batch_id, record, recipient_key, purpose, generation)
);
-- The state stands in front although it is always the same: with one column more than any other index of states it wins. The
-- last two tell what is held without a look at the row.
CREATE INDEX delivery_due ON delivery (state, relay, next_at, batch_id, purpose) WHERE state = 'queued';
CREATE INDEX delivery_held ON delivery (lease_until) WHERE state IN ('leased', 'committing');
CREATE INDEX delivery_uncertain ON delivery (next_at) WHERE state = 'uncertain';
CREATE INDEX delivery_of_recipient ON delivery (recipient_key);

CREATE TABLE delivery_document (
    delivery_id TEXT NOT NULL REFERENCES delivery (id),
    position BIGINT NOT NULL,
    document_id TEXT NOT NULL REFERENCES document (id),
    name TEXT NOT NULL,
    PRIMARY KEY (delivery_id, position)
);

CREATE TABLE attempt (
    delivery_id TEXT NOT NULL REFERENCES delivery (id),
    attempt BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    reply TEXT NOT NULL DEFAULT '',
    peer TEXT NOT NULL DEFAULT '',
    tls TEXT NOT NULL DEFAULT '',
    certificate TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (delivery_id, attempt)
);

CREATE INDEX delivery_document_of ON delivery_document (document_id);

CREATE TABLE suppression (
    recipient_key TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    delivery_id TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);

CREATE TABLE relay (
    name TEXT PRIMARY KEY,
    paused_until BIGINT,
    reason TEXT NOT NULL DEFAULT '',
    failures BIGINT NOT NULL DEFAULT 0,
    changed_at BIGINT NOT NULL
);

CREATE TABLE sent_window (
    scope TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    PRIMARY KEY (scope, started_at)
);

CREATE TABLE bounce (
    message_id TEXT PRIMARY KEY,
    delivery_id TEXT NOT NULL REFERENCES delivery (id),
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    detail TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    pending BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX bounce_pending ON bounce (delivery_id) WHERE pending = 1;

CREATE TABLE occurrence (
    schedule TEXT NOT NULL,
    scheduled_for BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'running', 'done', 'failed', 'skipped')),
    reason TEXT NOT NULL DEFAULT '',
    slots BIGINT NOT NULL DEFAULT 1,
    snapshot TEXT,
    noted BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_epoch BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (schedule, scheduled_for)
);
CREATE INDEX occurrence_unfinished ON occurrence (schedule, scheduled_for) WHERE state IN ('due', 'running');

CREATE TABLE reported (
    schedule TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    scheduled_for BIGINT NOT NULL,
    PRIMARY KEY (schedule, sha256)
);

CREATE TABLE schedule (
    name TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    considered_until BIGINT NOT NULL,
    paused TEXT,
    changed_at BIGINT NOT NULL
);

CREATE TABLE audit (
    sequence BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE TABLE proposal (
    batch_id TEXT NOT NULL REFERENCES batch (id),
    record BIGINT NOT NULL,
    register TEXT NOT NULL,
    period TEXT NOT NULL,
    number BIGINT NOT NULL,
    carried BIGINT NOT NULL,
    output TEXT NOT NULL,
    identity TEXT,
    code TEXT NOT NULL,
    date TEXT NOT NULL,
    subject TEXT NOT NULL,
    signatory TEXT NOT NULL,
    recipient TEXT NOT NULL,
    keeper TEXT NOT NULL,
    copies BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (batch_id, record)
);
