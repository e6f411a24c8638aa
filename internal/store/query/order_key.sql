-- BindOrderKey gives no row when the key belongs to an order already.
-- name: BindOrderKey :execrows
INSERT INTO vezne_order_keys (account, livemode, key, content, order_id, expires_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(key), sqlc.arg(content), sqlc.arg(order_id), sqlc.arg(expires_at))
ON CONFLICT (account, livemode, key) DO UPDATE SET content = sqlc.arg(content), order_id = sqlc.arg(order_id), expires_at = sqlc.arg(expires_at)
WHERE vezne_order_keys.expires_at <= sqlc.arg(now);

-- name: GetOrderKey :one
SELECT * FROM vezne_order_keys WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND key = sqlc.arg(key);

-- name: PruneOrderKeys :execrows
DELETE FROM vezne_order_keys WHERE expires_at <= sqlc.arg(now);
