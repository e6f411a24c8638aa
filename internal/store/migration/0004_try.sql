-- +goose Up
-- Tries to pay, by which card testing is noticed: they are kept for a day at
-- most. client is a digest, card is Stripe's fingerprint.
CREATE TABLE vezne_tries (
    account  TEXT    NOT NULL,
    livemode BOOLEAN NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN ('start', 'decline', 'paid', 'refused')),
    id       TEXT    NOT NULL,
    root_id  TEXT    NOT NULL,
    client   TEXT    NOT NULL,
    card     TEXT    NOT NULL,
    at       BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, kind, id)
);
CREATE INDEX vezne_tries_root ON vezne_tries (account, livemode, root_id, at);
CREATE INDEX vezne_tries_client ON vezne_tries (account, livemode, client, at) WHERE client <> '';
CREATE INDEX vezne_tries_card ON vezne_tries (account, livemode, card, at) WHERE card <> '';
CREATE INDEX vezne_tries_age ON vezne_tries (at);

-- Whoever counts the tries of a subject and adds one holds its row, so that two
-- processes never both take the last one.
CREATE TABLE vezne_try_locks (
    account  TEXT    NOT NULL,
    livemode BOOLEAN NOT NULL,
    subject  TEXT    NOT NULL,
    at       BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, subject)
);
CREATE INDEX vezne_try_locks_age ON vezne_try_locks (at);

-- +goose Down
