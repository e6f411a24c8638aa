-- name: InsertCall :execrows
INSERT INTO vezne_calls (account, livemode, id, root_kind, root_id, dedupe, attempt_id, refund_id, purpose, path, form, key, api_version, number, state, actor,
    created_at, first_sent_at, next_at, tries, unclear, status, object_id, refusal, lease_owner, lease_until)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(root_kind), sqlc.arg(root_id), sqlc.arg(dedupe), sqlc.arg(attempt_id), sqlc.arg(refund_id),
    sqlc.arg(purpose), sqlc.arg(path), sqlc.arg(form), sqlc.arg(key), sqlc.arg(api_version), sqlc.arg(number), sqlc.arg(state), sqlc.arg(actor),
    sqlc.arg(created_at), NULL, sqlc.arg(next_at), 0, FALSE, 0, '', '', '', 0)
ON CONFLICT DO NOTHING;

-- SaveCall never takes back an end: a call that is done, refused or abandoned
-- stays so, except that a late object makes an abandoned one done.
-- name: SaveCall :execrows
UPDATE vezne_calls SET state = CAST(sqlc.arg(state) AS TEXT), first_sent_at = sqlc.arg(first_sent_at), next_at = sqlc.arg(next_at), tries = sqlc.arg(tries), unclear = sqlc.arg(unclear),
    status = sqlc.arg(status), object_id = sqlc.arg(object_id), refusal = sqlc.arg(refusal)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id)
    AND (state IN ('pending', 'looking') OR (state = 'abandoned' AND CAST(sqlc.arg(state) AS TEXT) = 'done'));

-- name: GetCall :one
SELECT * FROM vezne_calls WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: ListCalls :many
SELECT * FROM vezne_calls WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND root_kind = sqlc.arg(root_kind) AND root_id = sqlc.arg(root_id) ORDER BY id;

-- name: HasDueCalls :one
SELECT EXISTS (SELECT 1 FROM vezne_calls WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND state IN ('pending', 'looking')
    AND next_at <= sqlc.arg(now) AND lease_until < sqlc.arg(now));

-- Leases instead of SKIP LOCKED, which SQLite does not have: a second process
-- that waits for the row finds the lease taken when it gets it.
-- name: ClaimCalls :many
UPDATE vezne_calls SET lease_owner = sqlc.arg(owner), lease_until = sqlc.arg(lease_until)
WHERE vezne_calls.account = sqlc.arg(account) AND vezne_calls.livemode = sqlc.arg(livemode) AND vezne_calls.state IN ('pending', 'looking') AND vezne_calls.next_at <= sqlc.arg(now) AND vezne_calls.lease_until < sqlc.arg(now)
    AND vezne_calls.id IN (SELECT c.id FROM vezne_calls c WHERE c.account = sqlc.arg(account) AND c.livemode = sqlc.arg(livemode) AND c.state IN ('pending', 'looking')
        AND c.next_at <= sqlc.arg(now) AND c.lease_until < sqlc.arg(now) ORDER BY c.next_at LIMIT sqlc.arg(row_limit))
RETURNING *;

-- A process has one who is at a call at a time: what an earlier claim of its own
-- left behind, because the database was gone, is taken over.
-- name: ClaimCall :execrows
UPDATE vezne_calls SET lease_owner = sqlc.arg(owner), lease_until = sqlc.arg(lease_until)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND state IN ('pending', 'looking')
    AND (lease_until < sqlc.arg(now) OR lease_owner = sqlc.arg(owner)
        OR substr(lease_owner, 1, length(CAST(sqlc.arg(process) AS TEXT))) = CAST(sqlc.arg(process) AS TEXT));

-- BeginCall notes a sending before it begins: how often, since when, and that
-- its end is not known yet. Whoever lost the lease, or comes after an end, gets
-- no row and must not send.
-- name: BeginCall :one
UPDATE vezne_calls SET first_sent_at = COALESCE(first_sent_at, sqlc.arg(now)), tries = tries + 1, unclear = TRUE
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND state = 'pending' AND lease_owner = sqlc.arg(owner)
RETURNING *;

-- WithdrawCall ends a call that certainly had no effect: it was never sent, or
-- each sending was turned away.
-- name: WithdrawCall :execrows
UPDATE vezne_calls SET state = 'refused'
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND state = 'pending' AND NOT unclear;

-- name: FreeCalls :exec
UPDATE vezne_calls SET lease_owner = '', lease_until = 0 WHERE lease_until <> 0;

-- name: ReleaseCall :exec
UPDATE vezne_calls SET lease_owner = '', lease_until = 0, next_at = sqlc.arg(next_at)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND lease_owner = sqlc.arg(owner);

-- CallStats tells how many requests have no conclusive answer, and since when.
-- name: CallStats :one
SELECT COUNT(*) AS pending, CAST(COALESCE(MIN(created_at), 0) AS BIGINT) AS oldest FROM vezne_calls
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND state IN ('pending', 'looking');
