-- +goose Up
-- How far the continuous search for missed events has come, and the searches
-- that somebody asked for.
CREATE TABLE vezne_watches (
    account       TEXT    NOT NULL,
    livemode      BOOLEAN NOT NULL,
    covered_until BIGINT  NOT NULL,
    until_at      BIGINT  NOT NULL,
    cursor        TEXT    NOT NULL,
    missed        BIGINT  NOT NULL,
    last_error    TEXT    NOT NULL,
    next_at       BIGINT  NOT NULL,
    lease_owner   TEXT    NOT NULL,
    lease_until   BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode)
);

CREATE TABLE vezne_reconciliations (
    account     TEXT    NOT NULL,
    livemode    BOOLEAN NOT NULL,
    id          TEXT    NOT NULL,
    since_at    BIGINT  NOT NULL,
    until_at    BIGINT  NOT NULL,
    dry_run     BOOLEAN NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('running', 'complete', 'failed')),
    stage       TEXT    NOT NULL,
    cursor      TEXT    NOT NULL,
    seen        BIGINT  NOT NULL,
    found       BIGINT  NOT NULL,
    findings    TEXT    NOT NULL,
    error       TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    ended_at    BIGINT,
    next_at     BIGINT  NOT NULL,
    tries       BIGINT  NOT NULL,
    lease_owner TEXT    NOT NULL,
    lease_until BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, id)
);

-- Content that was erased leaves its digest behind, so that the chain still
-- holds; when it was erased is part of the trail.
ALTER TABLE vezne_entries ADD COLUMN erased_at BIGINT;
