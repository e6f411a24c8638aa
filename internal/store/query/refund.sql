-- name: InsertRefundRequest :exec
INSERT INTO vezne_refund_requests (account, livemode, id, order_id, amount, reason, actor, stripe_refund_id, state, created_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(order_id), sqlc.arg(amount), sqlc.arg(reason), sqlc.arg(actor), sqlc.arg(stripe_refund_id),
    sqlc.arg(state), sqlc.arg(created_at));

-- name: SaveRefundRequest :execrows
UPDATE vezne_refund_requests SET stripe_refund_id = sqlc.arg(stripe_refund_id), state = sqlc.arg(state)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: ListRefundRequests :many
SELECT * FROM vezne_refund_requests WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND order_id = sqlc.arg(order_id) ORDER BY id;
