-- name: InsertOrder :exec
INSERT INTO vezne_orders (account, livemode, id, number, status, currency, lines, amount_total, amount_authorized, amount_paid, amount_refunded, amount_disputed,
    processing, paid_at, paid_by, cancel_requested_at, canceled_at, attention, customer_id, customer_reference, customer_email, customer_name, search,
    locale, metadata, entries, revision, created_at, updated_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(number), sqlc.arg(status), sqlc.arg(currency), sqlc.arg(lines), sqlc.arg(amount_total), 0, 0, 0, 0,
    FALSE, NULL, '', NULL, NULL, '[]', sqlc.arg(customer_id), sqlc.arg(customer_reference), sqlc.arg(customer_email), sqlc.arg(customer_name), sqlc.arg(search),
    sqlc.arg(locale), sqlc.arg(metadata), 0, 1, sqlc.arg(created_at), sqlc.arg(created_at));

-- name: GetOrder :one
SELECT * FROM vezne_orders WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- LockOrder is the lock of a root: on PostgreSQL the updated row stays locked
-- until the transaction ends, SQLite has one writer.
-- name: LockOrder :one
UPDATE vezne_orders SET revision = revision + 1 WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) RETURNING *;

-- SaveOrder never unwrites a fact: a row whose facts differ is not found.
-- name: SaveOrder :execrows
UPDATE vezne_orders SET status = sqlc.arg(status), amount_authorized = sqlc.arg(amount_authorized), amount_paid = sqlc.arg(amount_paid), amount_refunded = sqlc.arg(amount_refunded),
    amount_disputed = sqlc.arg(amount_disputed), processing = sqlc.arg(processing), paid_at = sqlc.arg(paid_at), paid_by = sqlc.arg(paid_by),
    cancel_requested_at = sqlc.arg(cancel_requested_at), canceled_at = sqlc.arg(canceled_at), attention = sqlc.arg(attention), locale = sqlc.arg(locale),
    customer_id = sqlc.arg(customer_id), updated_at = sqlc.arg(updated_at)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND revision = sqlc.arg(revision)
    AND (paid_at IS NULL OR (paid_at = sqlc.arg(paid_at) AND paid_by = sqlc.arg(paid_by)))
    AND (cancel_requested_at IS NULL OR cancel_requested_at = sqlc.arg(cancel_requested_at))
    AND (canceled_at IS NULL OR canceled_at = sqlc.arg(canceled_at));

-- ListOrders pages backwards by id, which sorts by time of creation. Empty
-- arguments do not filter.
-- name: ListOrders :many
SELECT * FROM vezne_orders
WHERE vezne_orders.account = sqlc.arg(account) AND vezne_orders.livemode = sqlc.arg(livemode)
    AND (CAST(sqlc.arg(after) AS TEXT) = '' OR vezne_orders.id < CAST(sqlc.arg(after) AS TEXT))
    AND (CAST(sqlc.arg(statuses) AS TEXT) = '' OR CAST(sqlc.arg(statuses) AS TEXT) LIKE '%,' || vezne_orders.status || ',%')
    AND (CAST(sqlc.arg(customer_reference) AS TEXT) = '' OR vezne_orders.customer_reference = CAST(sqlc.arg(customer_reference) AS TEXT))
    AND (CAST(sqlc.arg(query) AS TEXT) = '' OR vezne_orders.id = CAST(sqlc.arg(query) AS TEXT) OR CAST(vezne_orders.number AS TEXT) = CAST(sqlc.arg(query) AS TEXT) OR vezne_orders.search LIKE CAST(sqlc.arg(pattern) AS TEXT) ESCAPE '\')
    AND (CAST(sqlc.arg(payment_intent_id) AS TEXT) = '' OR EXISTS (SELECT 1 FROM vezne_attempts a WHERE a.account = vezne_orders.account AND a.livemode = vezne_orders.livemode
        AND a.order_id = vezne_orders.id AND a.payment_intent_id = CAST(sqlc.arg(payment_intent_id) AS TEXT)))
    AND vezne_orders.created_at >= sqlc.arg(created_after) AND vezne_orders.created_at < sqlc.arg(created_before)
    AND (NOT CAST(sqlc.arg(only_attention) AS BOOLEAN) OR vezne_orders.attention <> '[]')
ORDER BY vezne_orders.id DESC LIMIT sqlc.arg(row_limit);

-- name: CountOrders :many
SELECT status, COUNT(*) AS number FROM vezne_orders WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) GROUP BY status;

-- name: CountAttention :one
SELECT COUNT(*) FROM vezne_orders WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND attention <> '[]';

-- name: SetOrderEntries :exec
UPDATE vezne_orders SET entries = sqlc.arg(entries) WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: GetOrderEntries :one
SELECT entries FROM vezne_orders WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: NextCounter :one
INSERT INTO vezne_counters (account, livemode, name, value) VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(name), 1)
ON CONFLICT (account, livemode, name) DO UPDATE SET value = vezne_counters.value + 1 RETURNING value;

-- name: SkipInvoiceNumbers :exec
UPDATE vezne_counters SET value = value + sqlc.arg(skip) WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND name LIKE 'invoice:%';
