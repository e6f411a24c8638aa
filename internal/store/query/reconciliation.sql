-- name: InitWatch :exec
INSERT INTO vezne_watches (account, livemode, covered_until, until_at, cursor, missed, last_error, next_at, lease_owner, lease_until)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(covered_until), 0, '', 0, '', 0, '', 0) ON CONFLICT DO NOTHING;

-- name: GetWatch :one
SELECT * FROM vezne_watches WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode);

-- name: ClaimWatch :many
UPDATE vezne_watches SET lease_owner = sqlc.arg(owner), lease_until = sqlc.arg(lease_until)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND next_at <= sqlc.arg(now) AND lease_until < sqlc.arg(now) RETURNING *;

-- SaveWatch writes only for the process whose lease it is.
-- name: SaveWatch :execrows
UPDATE vezne_watches SET covered_until = sqlc.arg(covered_until), until_at = sqlc.arg(until_at), cursor = sqlc.arg(cursor), missed = missed + sqlc.arg(missed),
    last_error = sqlc.arg(last_error), next_at = sqlc.arg(next_at), lease_until = sqlc.arg(lease_until)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND lease_owner = sqlc.arg(owner);

-- name: InsertReconciliation :exec
INSERT INTO vezne_reconciliations (account, livemode, id, since_at, until_at, dry_run, state, stage, cursor, seen, found, findings, error, actor, created_at, ended_at, next_at, tries,
    lease_owner, lease_until)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(since_at), sqlc.arg(until_at), sqlc.arg(dry_run), 'running', sqlc.arg(stage), '', 0, 0, '[]', '', sqlc.arg(actor),
    sqlc.arg(created_at), NULL, sqlc.arg(created_at), 0, '', 0);

-- name: GetReconciliation :one
SELECT * FROM vezne_reconciliations WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: ListReconciliations :many
SELECT * FROM vezne_reconciliations WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) ORDER BY created_at DESC, id DESC LIMIT sqlc.arg(row_limit);

-- name: ClaimReconciliation :many
UPDATE vezne_reconciliations SET lease_owner = sqlc.arg(owner), lease_until = sqlc.arg(lease_until)
WHERE vezne_reconciliations.account = sqlc.arg(account) AND vezne_reconciliations.livemode = sqlc.arg(livemode) AND vezne_reconciliations.lease_until < sqlc.arg(now)
    AND vezne_reconciliations.state = 'running' AND vezne_reconciliations.next_at <= sqlc.arg(now)
    AND vezne_reconciliations.id IN (SELECT r.id FROM vezne_reconciliations r WHERE r.account = sqlc.arg(account) AND r.livemode = sqlc.arg(livemode) AND r.state = 'running'
        AND r.next_at <= sqlc.arg(now) AND r.lease_until < sqlc.arg(now) ORDER BY r.created_at, r.id LIMIT 1)
RETURNING *;

-- SaveReconciliation writes only for the process whose lease it is.
-- name: SaveReconciliation :execrows
UPDATE vezne_reconciliations SET state = sqlc.arg(state), stage = sqlc.arg(stage), cursor = sqlc.arg(cursor), seen = sqlc.arg(seen), found = sqlc.arg(found),
    findings = sqlc.arg(findings), error = sqlc.arg(error), ended_at = sqlc.arg(ended_at), next_at = sqlc.arg(next_at), tries = sqlc.arg(tries), lease_until = sqlc.arg(lease_until)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND lease_owner = sqlc.arg(owner);

-- name: FreeWatches :exec
UPDATE vezne_watches SET lease_until = 0 WHERE lease_until <> 0;

-- name: FreeReconciliations :exec
UPDATE vezne_reconciliations SET lease_until = 0 WHERE lease_until <> 0;

-- name: CountOpenSnapshots :one
SELECT COUNT(*) FROM vezne_snapshots WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND recheck_at IS NOT NULL;

-- name: RecheckNow :execrows
UPDATE vezne_snapshots SET recheck_at = sqlc.arg(now) WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND recheck_at > sqlc.arg(now);

-- FindEvent keeps an event that was found in Stripe's list: it was delivered by
-- nobody yet.
-- name: FindEvent :execrows
INSERT INTO vezne_events (account, livemode, id, its_account, its_livemode, type, object_id, object_type, api_version, created, received_at, state, reason, applied_at, deliveries, number, body, digest, removed_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(its_account), sqlc.arg(its_livemode), sqlc.arg(type), sqlc.arg(object_id), sqlc.arg(object_type),
    sqlc.arg(api_version), sqlc.arg(created), sqlc.arg(received_at), sqlc.arg(state), sqlc.arg(reason), NULL, 0, sqlc.arg(number), sqlc.arg(body), sqlc.arg(digest), sqlc.arg(removed_at))
ON CONFLICT DO NOTHING;

-- name: HasEvent :one
SELECT COUNT(*) FROM vezne_events WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);
