-- +goose Up
-- Events that a person should look at are few among many, and are counted at
-- each look at the metrics.
CREATE INDEX vezne_events_troubled ON vezne_events (account, livemode, state) WHERE state IN ('quarantined', 'dead');

-- +goose Down
