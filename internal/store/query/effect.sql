-- name: InsertEffect :execrows
INSERT INTO vezne_effects (account, livemode, id, key, kind, topic, root_kind, root_id, revision, payload, created_at, sent_at, next_at, tries, last_error)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(key), sqlc.arg(kind), sqlc.arg(topic), sqlc.arg(root_kind), sqlc.arg(root_id), sqlc.arg(revision),
    sqlc.arg(payload), sqlc.arg(created_at), NULL, sqlc.arg(created_at), 0, '')
ON CONFLICT DO NOTHING;

-- name: GetEffect :one
SELECT * FROM vezne_effects WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: ListEffects :many
SELECT * FROM vezne_effects WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND (NOT CAST(sqlc.arg(unsent) AS BOOLEAN) OR sent_at IS NULL)
ORDER BY id LIMIT sqlc.arg(row_limit);

-- name: ListRootEffects :many
SELECT * FROM vezne_effects WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND root_kind = sqlc.arg(root_kind) AND root_id = sqlc.arg(root_id)
    AND (NOT CAST(sqlc.arg(unsent) AS BOOLEAN) OR sent_at IS NULL)
ORDER BY id LIMIT sqlc.arg(row_limit);

-- name: SetEffectSent :exec
UPDATE vezne_effects SET sent_at = sqlc.arg(sent_at), tries = tries + 1, last_error = ''
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND sent_at IS NULL;

-- name: SetEffectFailed :exec
UPDATE vezne_effects SET tries = tries + 1, last_error = sqlc.arg(last_error), next_at = sqlc.arg(next_at)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND sent_at IS NULL;

-- DueEffects lists what nobody has accepted and whose time has come.
-- name: DueEffects :many
SELECT * FROM vezne_effects WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND sent_at IS NULL AND next_at <= sqlc.arg(now)
ORDER BY next_at, id LIMIT sqlc.arg(row_limit);

-- EffectStats tells how much nobody has accepted yet, and since when.
-- name: EffectStats :one
SELECT COUNT(*) AS unsent, CAST(COALESCE(MIN(created_at), 0) AS BIGINT) AS oldest FROM vezne_effects
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND sent_at IS NULL;

-- DueWork counts what is due to be read, sent or delivered, leased or not.
-- name: DueWork :one
SELECT
    (SELECT COUNT(*) FROM vezne_marks m WHERE m.account = sqlc.arg(account) AND m.livemode = sqlc.arg(livemode) AND m.due_at <= sqlc.arg(now) AND NOT m.unlinked AND NOT m.dead) AS marks,
    (SELECT COUNT(*) FROM vezne_calls c WHERE c.account = sqlc.arg(account) AND c.livemode = sqlc.arg(livemode) AND c.next_at <= sqlc.arg(now) AND c.state IN ('pending', 'looking')) AS calls,
    (SELECT COUNT(*) FROM vezne_effects e WHERE e.account = sqlc.arg(account) AND e.livemode = sqlc.arg(livemode) AND e.next_at <= sqlc.arg(now) AND e.sent_at IS NULL) AS effects;
