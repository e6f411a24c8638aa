-- StoreEvent inserts an event, or counts another delivery of it; it is new when
-- this is its first delivery and nobody found it in a list before.
-- name: StoreEvent :many
INSERT INTO vezne_events (account, livemode, id, its_account, its_livemode, type, object_id, object_type, api_version, created, received_at, state, reason, applied_at, deliveries, number, body, digest, removed_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(its_account), sqlc.arg(its_livemode), sqlc.arg(type), sqlc.arg(object_id), sqlc.arg(object_type),
    sqlc.arg(api_version), sqlc.arg(created), sqlc.arg(received_at), sqlc.arg(state), sqlc.arg(reason), NULL, 1, sqlc.arg(number), sqlc.arg(body), sqlc.arg(digest), sqlc.arg(removed_at))
ON CONFLICT (account, livemode, id) DO UPDATE SET deliveries = vezne_events.deliveries + 1 RETURNING deliveries, number;

-- name: GetEvent :one
SELECT * FROM vezne_events WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- ListEvents leaves the bodies out.
-- name: ListEvents :many
SELECT id, its_account, its_livemode, type, object_id, object_type, api_version, created, received_at, state, reason, applied_at, deliveries, number, digest, removed_at FROM vezne_events
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode)
    AND (CAST(sqlc.arg(state) AS TEXT) = '' OR state = CAST(sqlc.arg(state) AS TEXT)) AND (CAST(sqlc.arg(type) AS TEXT) = '' OR type = CAST(sqlc.arg(type) AS TEXT)) AND (CAST(sqlc.arg(object_id) AS TEXT) = '' OR object_id = CAST(sqlc.arg(object_id) AS TEXT))
    AND (received_at < sqlc.arg(before_at) OR (received_at = sqlc.arg(before_at) AND id < sqlc.arg(before_id)))
ORDER BY received_at DESC, id DESC LIMIT sqlc.arg(row_limit);

-- name: SetEventsApplied :exec
UPDATE vezne_events SET state = 'applied', applied_at = sqlc.arg(applied_at), reason = ''
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND object_id = sqlc.arg(object_id) AND state IN ('received', 'dead') AND number < sqlc.arg(number_begin);

-- name: SetEventsDead :exec
UPDATE vezne_events SET state = 'dead', reason = sqlc.arg(reason)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND object_id = sqlc.arg(object_id) AND state = 'received';

-- name: SetEventsIgnored :exec
UPDATE vezne_events SET state = 'ignored', reason = sqlc.arg(reason)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND object_id = sqlc.arg(object_id) AND state = 'received' AND number < sqlc.arg(number_begin);

-- name: CountEvents :many
SELECT state, COUNT(*) AS number FROM vezne_events WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) GROUP BY state;

-- ReplayEvent has an event wait again for a read of its object.
-- name: ReplayEvent :execrows
UPDATE vezne_events SET state = 'received', reason = '', number = sqlc.arg(number)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND state <> 'quarantined';
