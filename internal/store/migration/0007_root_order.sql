-- +goose Up
-- What hangs on a root is listed by id. Without statistics SQLite takes the
-- index that gives the order before the one that finds the rows, and looks at
-- every row of the account: these give both.
DROP INDEX vezne_snapshots_root;
CREATE INDEX vezne_snapshots_root ON vezne_snapshots (account, livemode, root_kind, root_id, id);
DROP INDEX vezne_calls_root;
CREATE INDEX vezne_calls_root ON vezne_calls (account, livemode, root_kind, root_id, id);
DROP INDEX vezne_refund_requests_order;
CREATE INDEX vezne_refund_requests_order ON vezne_refund_requests (account, livemode, order_id, id);
DROP INDEX vezne_orders_customer;
CREATE INDEX vezne_orders_customer ON vezne_orders (account, livemode, customer_reference, id);
DROP INDEX vezne_effects_root;
CREATE INDEX vezne_effects_root ON vezne_effects (account, livemode, root_kind, root_id, id);

-- +goose Down
