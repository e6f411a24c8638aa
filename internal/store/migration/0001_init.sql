-- +goose Up
-- One schema for SQLite and PostgreSQL. Ids are TEXT, money and instants are
-- BIGINT (minor units; microseconds since 1970 in UTC), JSON is TEXT, signed
-- bodies are BYTEA. (account, livemode) is part of every key.

CREATE TABLE vezne_settings (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE vezne_counters (
    account  TEXT    NOT NULL,
    livemode BOOLEAN NOT NULL,
    name     TEXT    NOT NULL,
    value    BIGINT  NOT NULL CHECK (value >= 0),
    PRIMARY KEY (account, livemode, name)
);

CREATE TABLE vezne_customers (
    account            TEXT    NOT NULL,
    livemode           BOOLEAN NOT NULL,
    id                 TEXT    NOT NULL,
    reference          TEXT    NOT NULL CHECK (reference <> ''),
    email              TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    stripe_customer_id TEXT    NOT NULL,
    entries            BIGINT  NOT NULL,
    revision           BIGINT  NOT NULL,
    created_at         BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, id),
    UNIQUE (account, livemode, reference)
);
CREATE UNIQUE INDEX vezne_customers_stripe ON vezne_customers (account, livemode, stripe_customer_id) WHERE stripe_customer_id <> '';

CREATE TABLE vezne_payment_methods (
    account     TEXT    NOT NULL,
    livemode    BOOLEAN NOT NULL,
    id          TEXT    NOT NULL,
    customer_id TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    brand       TEXT    NOT NULL,
    last4       TEXT    NOT NULL CHECK (length(last4) <= 4),
    exp_month   BIGINT  NOT NULL,
    exp_year    BIGINT  NOT NULL,
    detached_at BIGINT,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, id)
);
CREATE INDEX vezne_payment_methods_customer ON vezne_payment_methods (account, livemode, customer_id);

CREATE TABLE vezne_orders (
    account             TEXT    NOT NULL,
    livemode            BOOLEAN NOT NULL,
    id                  TEXT    NOT NULL,
    number              BIGINT  NOT NULL,
    status              TEXT    NOT NULL CHECK (status IN ('open', 'processing', 'authorized', 'paid', 'partially_refunded', 'refunded', 'disputed', 'canceled')),
    currency            TEXT    NOT NULL,
    lines               TEXT    NOT NULL,
    amount_total        BIGINT  NOT NULL CHECK (amount_total >= 0),
    amount_authorized   BIGINT  NOT NULL CHECK (amount_authorized >= 0),
    amount_paid         BIGINT  NOT NULL CHECK (amount_paid >= 0),
    amount_refunded     BIGINT  NOT NULL CHECK (amount_refunded >= 0),
    amount_disputed     BIGINT  NOT NULL CHECK (amount_disputed >= 0),
    processing          BOOLEAN NOT NULL,
    paid_at             BIGINT,
    paid_by             TEXT    NOT NULL,
    cancel_requested_at BIGINT,
    canceled_at         BIGINT,
    attention           TEXT    NOT NULL,
    customer_id         TEXT    NOT NULL,
    customer_reference  TEXT    NOT NULL,
    customer_email      TEXT    NOT NULL,
    customer_name       TEXT    NOT NULL,
    search              TEXT    NOT NULL,
    locale              TEXT    NOT NULL,
    metadata            TEXT    NOT NULL,
    entries             BIGINT  NOT NULL,
    revision            BIGINT  NOT NULL,
    created_at          BIGINT  NOT NULL,
    updated_at          BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, id),
    UNIQUE (account, livemode, number),
    -- Paid and canceled exclude each other; what comes for a canceled order is a surplus.
    CHECK (paid_at IS NULL OR canceled_at IS NULL)
);
CREATE INDEX vezne_orders_customer ON vezne_orders (account, livemode, customer_reference);
CREATE INDEX vezne_orders_status ON vezne_orders (account, livemode, status, id);

CREATE TABLE vezne_attempts (
    account           TEXT    NOT NULL,
    livemode          BOOLEAN NOT NULL,
    id                TEXT    NOT NULL,
    order_id          TEXT    NOT NULL,
    number            BIGINT  NOT NULL,
    kind              TEXT    NOT NULL CHECK (kind IN ('checkout_session', 'payment_intent')),
    state             TEXT    NOT NULL CHECK (state IN ('opening', 'active', 'paid', 'unpaid')),
    expected          BIGINT  NOT NULL CHECK (expected > 0),
    currency          TEXT    NOT NULL,
    captured_expected BIGINT  NOT NULL CHECK (captured_expected >= 0),
    manual_capture    BOOLEAN NOT NULL,
    off_session       BOOLEAN NOT NULL,
    ui_mode           TEXT    NOT NULL,
    session_id        TEXT    NOT NULL,
    payment_intent_id TEXT    NOT NULL,
    create_call       TEXT    NOT NULL,
    created_at        BIGINT  NOT NULL,
    closed_at         BIGINT,
    PRIMARY KEY (account, livemode, id),
    UNIQUE (account, livemode, order_id, number)
);
-- Nothing is charged twice by us: one open attempt per order.
CREATE UNIQUE INDEX vezne_attempts_open ON vezne_attempts (account, livemode, order_id) WHERE state IN ('opening', 'active');
CREATE INDEX vezne_attempts_session ON vezne_attempts (account, livemode, session_id);
CREATE INDEX vezne_attempts_intent ON vezne_attempts (account, livemode, payment_intent_id);

CREATE TABLE vezne_calls (
    account       TEXT    NOT NULL,
    livemode      BOOLEAN NOT NULL,
    id            TEXT    NOT NULL,
    root_kind     TEXT    NOT NULL CHECK (root_kind IN ('order', 'customer')),
    root_id       TEXT    NOT NULL,
    dedupe        TEXT    NOT NULL,
    attempt_id    TEXT    NOT NULL,
    refund_id     TEXT    NOT NULL,
    purpose       TEXT    NOT NULL,
    path          TEXT    NOT NULL,
    form          TEXT    NOT NULL,
    key           TEXT    NOT NULL,
    api_version   TEXT    NOT NULL,
    number        BIGINT  NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('pending', 'looking', 'done', 'refused', 'abandoned')),
    actor         TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    first_sent_at BIGINT,
    next_at       BIGINT  NOT NULL,
    tries         BIGINT  NOT NULL,
    unclear       BOOLEAN NOT NULL,
    status        BIGINT  NOT NULL,
    object_id     TEXT    NOT NULL,
    refusal       TEXT    NOT NULL,
    lease_owner   TEXT    NOT NULL,
    lease_until   BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, id),
    UNIQUE (account, livemode, key)
);
-- What follows from the facts of a root is planned once, however often it follows.
CREATE UNIQUE INDEX vezne_calls_dedupe ON vezne_calls (account, livemode, root_kind, root_id, dedupe) WHERE dedupe <> '';
CREATE INDEX vezne_calls_root ON vezne_calls (account, livemode, root_kind, root_id);
CREATE INDEX vezne_calls_due ON vezne_calls (account, livemode, next_at) WHERE state IN ('pending', 'looking');

CREATE TABLE vezne_refund_requests (
    account          TEXT    NOT NULL,
    livemode         BOOLEAN NOT NULL,
    id               TEXT    NOT NULL,
    order_id         TEXT    NOT NULL,
    amount           BIGINT  NOT NULL CHECK (amount > 0),
    reason           TEXT    NOT NULL,
    actor            TEXT    NOT NULL,
    stripe_refund_id TEXT    NOT NULL,
    state            TEXT    NOT NULL,
    created_at       BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, id)
);
CREATE INDEX vezne_refund_requests_order ON vezne_refund_requests (account, livemode, order_id);

CREATE TABLE vezne_snapshots (
    account      TEXT    NOT NULL,
    livemode     BOOLEAN NOT NULL,
    id           TEXT    NOT NULL,
    type         TEXT    NOT NULL,
    root_kind    TEXT    NOT NULL,
    root_id      TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    deleted      BOOLEAN NOT NULL,
    terminal     BOOLEAN NOT NULL,
    number_begin BIGINT  NOT NULL,
    number_end   BIGINT  NOT NULL CHECK (number_end >= number_begin),
    recheck_at   BIGINT,
    PRIMARY KEY (account, livemode, id)
);
CREATE INDEX vezne_snapshots_root ON vezne_snapshots (account, livemode, root_kind, root_id);
CREATE INDEX vezne_snapshots_recheck ON vezne_snapshots (account, livemode, recheck_at) WHERE recheck_at IS NOT NULL;

CREATE TABLE vezne_marks (
    account     TEXT    NOT NULL,
    livemode    BOOLEAN NOT NULL,
    id          TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    number      BIGINT  NOT NULL,
    priority    BIGINT  NOT NULL,
    actor       TEXT    NOT NULL,
    event_id    TEXT    NOT NULL,
    due_at      BIGINT  NOT NULL,
    tries       BIGINT  NOT NULL,
    faults      BIGINT  NOT NULL,
    unlinked    BOOLEAN NOT NULL,
    dead        BOOLEAN NOT NULL,
    last_error  TEXT    NOT NULL,
    lease_owner TEXT    NOT NULL,
    lease_until BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, id)
);
CREATE INDEX vezne_marks_due ON vezne_marks (account, livemode, due_at);

CREATE TABLE vezne_events (
    account      TEXT    NOT NULL,
    livemode     BOOLEAN NOT NULL,
    id           TEXT    NOT NULL,
    -- What the event says of itself; it differs from the key when quarantined.
    its_account  TEXT    NOT NULL,
    its_livemode BOOLEAN NOT NULL,
    type         TEXT    NOT NULL,
    object_id    TEXT    NOT NULL,
    object_type  TEXT    NOT NULL,
    api_version  TEXT    NOT NULL,
    created      BIGINT  NOT NULL,
    received_at  BIGINT  NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('received', 'applied', 'ignored', 'quarantined', 'dead')),
    reason       TEXT    NOT NULL,
    applied_at   BIGINT,
    deliveries   BIGINT  NOT NULL,
    number       BIGINT  NOT NULL,
    body         BYTEA,
    PRIMARY KEY (account, livemode, id)
);
CREATE INDEX vezne_events_object ON vezne_events (account, livemode, object_id, state);
CREATE INDEX vezne_events_received ON vezne_events (account, livemode, received_at, id);

CREATE TABLE vezne_entries (
    account   TEXT    NOT NULL,
    livemode  BOOLEAN NOT NULL,
    root_kind TEXT    NOT NULL,
    root_id   TEXT    NOT NULL,
    seq       BIGINT  NOT NULL,
    at        BIGINT  NOT NULL,
    actor     TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    event_id  TEXT    NOT NULL,
    object_id TEXT    NOT NULL,
    -- Content beside the chain, so that personal data can be erased.
    content   TEXT    NOT NULL,
    -- Written by the sealer, once.
    chain_seq BIGINT,
    salt      TEXT    NOT NULL,
    digest    TEXT    NOT NULL,
    hash      TEXT    NOT NULL,
    PRIMARY KEY (account, livemode, root_kind, root_id, seq),
    UNIQUE (account, livemode, chain_seq)
);
CREATE INDEX vezne_entries_unsealed ON vezne_entries (account, livemode, at) WHERE chain_seq IS NULL;
-- An order becomes Paid once, whatever the code above does.
CREATE UNIQUE INDEX vezne_entries_paid ON vezne_entries (account, livemode, root_id) WHERE action = 'order.paid';

CREATE TABLE vezne_chain_heads (
    account  TEXT    NOT NULL,
    livemode BOOLEAN NOT NULL,
    seq      BIGINT  NOT NULL,
    hash     TEXT    NOT NULL,
    PRIMARY KEY (account, livemode)
);

CREATE TABLE vezne_invoices (
    account  TEXT    NOT NULL,
    livemode BOOLEAN NOT NULL,
    id       TEXT    NOT NULL,
    order_id TEXT    NOT NULL,
    series   TEXT    NOT NULL,
    seq      BIGINT  NOT NULL CHECK (seq > 0),
    number   TEXT    NOT NULL,
    total    BIGINT  NOT NULL,
    content  TEXT    NOT NULL,
    PRIMARY KEY (account, livemode, id),
    UNIQUE (account, livemode, order_id),
    UNIQUE (account, livemode, series, seq)
);

CREATE TABLE vezne_effects (
    account    TEXT    NOT NULL,
    livemode   BOOLEAN NOT NULL,
    id         TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('hook', 'callback')),
    topic      TEXT    NOT NULL,
    root_kind  TEXT    NOT NULL,
    root_id    TEXT    NOT NULL,
    revision   BIGINT  NOT NULL,
    payload    TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    sent_at    BIGINT,
    -- When it is delivered, or tried again.
    next_at    BIGINT  NOT NULL,
    tries      BIGINT  NOT NULL,
    last_error TEXT    NOT NULL,
    PRIMARY KEY (account, livemode, id),
    UNIQUE (account, livemode, key)
);
CREATE INDEX vezne_effects_root ON vezne_effects (account, livemode, root_kind, root_id);
CREATE INDEX vezne_effects_unsent ON vezne_effects (account, livemode, next_at) WHERE sent_at IS NULL;

CREATE TABLE vezne_idempotency_keys (
    account    TEXT    NOT NULL,
    livemode   BOOLEAN NOT NULL,
    token_id   TEXT    NOT NULL,
    route      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    body_hash  BYTEA   NOT NULL,
    done       BOOLEAN NOT NULL,
    status     BIGINT  NOT NULL,
    media_type TEXT    NOT NULL,
    answer     BYTEA,
    begun_at   BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, token_id, route, key)
);
CREATE INDEX vezne_idempotency_keys_expiry ON vezne_idempotency_keys (expires_at);

CREATE TABLE vezne_tokens (
    account    TEXT    NOT NULL,
    livemode   BOOLEAN NOT NULL,
    id         TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    prefix     TEXT    NOT NULL,
    hash       BYTEA   NOT NULL,
    created_at BIGINT  NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (account, livemode, id),
    UNIQUE (account, livemode, hash)
);

CREATE TABLE vezne_operators (
    account       TEXT    NOT NULL,
    livemode      BOOLEAN NOT NULL,
    name          TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, name)
);

CREATE TABLE vezne_sessions (
    account    TEXT    NOT NULL,
    livemode   BOOLEAN NOT NULL,
    hash       BYTEA   NOT NULL,
    data       BYTEA   NOT NULL,
    expires_at BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, hash)
);

-- +goose Down
