-- +goose Up
-- What was erased of a person, and which of Stripe's and our ids tell that an
-- event is about them: it is kept without its payload.
CREATE TABLE vezne_erasures (
    account      TEXT    NOT NULL,
    livemode     BOOLEAN NOT NULL,
    id           TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    customers    TEXT    NOT NULL,
    orders       TEXT    NOT NULL,
    counts       TEXT    NOT NULL,
    calls        TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    -- Events received before were looked through.
    swept_until  BIGINT  NOT NULL,
    -- Whatever was being stored during the erasure was looked through as well.
    completed_at BIGINT,
    PRIMARY KEY (account, livemode, id)
);

CREATE TABLE vezne_tombstones (
    account    TEXT    NOT NULL,
    livemode   BOOLEAN NOT NULL,
    id         TEXT    NOT NULL,
    erasure_id TEXT    NOT NULL,
    PRIMARY KEY (account, livemode, id)
);

ALTER TABLE vezne_orders ADD COLUMN erased_at BIGINT;
ALTER TABLE vezne_customers ADD COLUMN erased_at BIGINT;

-- A payload that was removed leaves its SHA-256 behind.
ALTER TABLE vezne_events ADD COLUMN digest TEXT NOT NULL DEFAULT '';
ALTER TABLE vezne_events ADD COLUMN removed_at BIGINT;

-- What retention looks for: it costs nothing before an event is settled, an
-- effect sent, a call answered.
CREATE INDEX vezne_events_kept ON vezne_events (account, livemode, received_at)
    WHERE body IS NOT NULL AND state IN ('applied', 'ignored', 'quarantined', 'dead');
CREATE INDEX vezne_effects_kept ON vezne_effects (account, livemode, sent_at) WHERE sent_at IS NOT NULL AND payload <> '';
CREATE INDEX vezne_calls_kept ON vezne_calls (account, livemode, created_at) WHERE form <> '' AND state IN ('done', 'refused', 'abandoned');
