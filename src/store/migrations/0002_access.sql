-- Accounts, logins, one-time links; whose a batch is.

ALTER TABLE batch ADD COLUMN owner TEXT;
ALTER TABLE batch ADD COLUMN organisation TEXT;
CREATE INDEX batch_of_organisation ON batch (organisation, created_at);

CREATE TABLE account (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    full_name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('clerk', 'approver', 'administrator')),
    organisation TEXT,
    password TEXT,
    totp TEXT,
    totp_step BIGINT NOT NULL DEFAULT 0,
    disabled BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    seen_at BIGINT
);

CREATE TABLE invitation (
    digest TEXT PRIMARY KEY,
    account_id TEXT REFERENCES account (id),
    expires_at BIGINT NOT NULL
);

CREATE TABLE login (
    digest TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    state TEXT NOT NULL CHECK (state IN ('code', 'open')),
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    offered_totp TEXT,
    offered_until BIGINT
);
CREATE INDEX login_of_account ON login (account_id);
