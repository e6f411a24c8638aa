-- name: UpsertCustomer :one
INSERT INTO vezne_customers (account, livemode, id, reference, email, name, stripe_customer_id, entries, revision, created_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(reference), sqlc.arg(email), sqlc.arg(name), '', 0, 1, sqlc.arg(created_at))
ON CONFLICT (account, livemode, reference) DO UPDATE SET
    email = CASE WHEN sqlc.arg(email) = '' THEN vezne_customers.email ELSE sqlc.arg(email) END,
    name = CASE WHEN sqlc.arg(name) = '' THEN vezne_customers.name ELSE sqlc.arg(name) END
RETURNING *;

-- name: GetCustomer :one
SELECT * FROM vezne_customers WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: GetCustomerByReference :one
SELECT * FROM vezne_customers WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND reference = sqlc.arg(reference);

-- name: GetCustomerByStripeID :one
SELECT * FROM vezne_customers WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND stripe_customer_id = sqlc.arg(stripe_customer_id) AND stripe_customer_id <> '';

-- name: LockCustomer :one
UPDATE vezne_customers SET revision = revision + 1 WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) RETURNING *;

-- name: SaveCustomer :execrows
UPDATE vezne_customers SET email = sqlc.arg(email), name = sqlc.arg(name), stripe_customer_id = sqlc.arg(stripe_customer_id)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: SetCustomerEntries :exec
UPDATE vezne_customers SET entries = sqlc.arg(entries) WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: GetCustomerEntries :one
SELECT entries FROM vezne_customers WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: SavePaymentMethod :exec
INSERT INTO vezne_payment_methods (account, livemode, id, customer_id, type, brand, last4, exp_month, exp_year, detached_at, created_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(customer_id), sqlc.arg(type), sqlc.arg(brand), sqlc.arg(last4), sqlc.arg(exp_month), sqlc.arg(exp_year),
    sqlc.arg(detached_at), sqlc.arg(created_at))
ON CONFLICT (account, livemode, id) DO UPDATE SET brand = sqlc.arg(brand), last4 = sqlc.arg(last4), exp_month = sqlc.arg(exp_month), exp_year = sqlc.arg(exp_year),
    detached_at = sqlc.arg(detached_at);

-- name: ListPaymentMethods :many
SELECT * FROM vezne_payment_methods WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND customer_id = sqlc.arg(customer_id) AND detached_at IS NULL
ORDER BY created_at DESC, id DESC;
