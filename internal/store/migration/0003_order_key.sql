-- +goose Up
-- Which order a caller's key made, written with the order: a process that dies
-- before it keeps its answer leaves no room for a second one. Key and content
-- are digests.
CREATE TABLE vezne_order_keys (
    account    TEXT    NOT NULL,
    livemode   BOOLEAN NOT NULL,
    key        TEXT    NOT NULL,
    content    TEXT    NOT NULL,
    order_id   TEXT    NOT NULL,
    expires_at BIGINT  NOT NULL,
    PRIMARY KEY (account, livemode, key)
);
CREATE INDEX vezne_order_keys_expiry ON vezne_order_keys (expires_at);

-- +goose Down
