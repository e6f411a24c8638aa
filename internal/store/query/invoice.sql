-- name: InsertInvoice :exec
INSERT INTO vezne_invoices (account, livemode, id, order_id, series, seq, number, total, content)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(order_id), sqlc.arg(series), sqlc.arg(seq), sqlc.arg(number), sqlc.arg(total), sqlc.arg(content));

-- name: GetInvoice :one
SELECT * FROM vezne_invoices WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND order_id = sqlc.arg(order_id);
