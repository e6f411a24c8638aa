-- NoteTry writes a try; one that is there already is written anew only when it
-- is as old as the argument says.
-- name: NoteTry :execrows
INSERT INTO vezne_tries (account, livemode, kind, id, root_id, client, card, at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(kind), sqlc.arg(id), sqlc.arg(root_id), sqlc.arg(client), sqlc.arg(card), sqlc.arg(now))
ON CONFLICT (account, livemode, kind, id) DO UPDATE SET root_id = sqlc.arg(root_id), client = sqlc.arg(client), card = sqlc.arg(card), at = sqlc.arg(now)
WHERE vezne_tries.at <= sqlc.arg(stale);

-- name: LockTries :exec
INSERT INTO vezne_try_locks (account, livemode, subject, at) VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(subject), sqlc.arg(now))
ON CONFLICT (account, livemode, subject) DO UPDATE SET at = sqlc.arg(now);

-- name: ListRootTries :many
SELECT kind, at FROM vezne_tries
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND root_id = sqlc.arg(root_id) AND at > sqlc.arg(since)
ORDER BY at DESC, id DESC LIMIT sqlc.arg(row_limit);

-- Payments that were begun for an order that is paid are no tries of its client.
-- name: ListClientTries :many
SELECT t.kind, t.at FROM vezne_tries t
WHERE t.account = sqlc.arg(account) AND t.livemode = sqlc.arg(livemode) AND t.client = sqlc.arg(client) AND t.client <> '' AND t.at > sqlc.arg(since)
    AND (t.kind <> 'start' OR NOT EXISTS (SELECT 1 FROM vezne_tries p WHERE p.account = t.account AND p.livemode = t.livemode AND p.kind = 'paid' AND p.id = t.root_id))
ORDER BY t.at DESC, t.id DESC LIMIT sqlc.arg(row_limit);

-- name: ListCardTries :many
SELECT kind, at FROM vezne_tries
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND card = sqlc.arg(card) AND card <> '' AND at > sqlc.arg(since)
ORDER BY at DESC, id DESC LIMIT sqlc.arg(row_limit);

-- The cards that were declined for a root, or for a client.
-- name: ListTriedCards :many
SELECT r.card FROM vezne_tries r
WHERE r.account = sqlc.arg(account) AND r.livemode = sqlc.arg(livemode) AND r.root_id = sqlc.arg(root_id) AND r.at > sqlc.arg(since) AND r.card <> ''
UNION
SELECT c.card FROM vezne_tries c
WHERE c.account = sqlc.arg(account) AND c.livemode = sqlc.arg(livemode) AND c.client = sqlc.arg(client) AND c.client <> '' AND c.at > sqlc.arg(since) AND c.card <> ''
ORDER BY card LIMIT sqlc.arg(row_limit);

-- name: CountHotCards :one
SELECT COUNT(*) FROM (SELECT card FROM vezne_tries WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND card <> '' AND kind = 'decline' AND at > sqlc.arg(since)
    GROUP BY card HAVING COUNT(*) >= CAST(sqlc.arg(least) AS BIGINT)) hot;

-- name: GetClientOfRoot :one
SELECT client FROM vezne_tries
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND root_id = sqlc.arg(root_id) AND kind = 'start' AND client <> '' AND at > sqlc.arg(since)
ORDER BY at DESC, id DESC LIMIT 1;

-- name: PruneTries :execrows
DELETE FROM vezne_tries WHERE at <= sqlc.arg(before);

-- name: PruneTryLocks :execrows
DELETE FROM vezne_try_locks WHERE at <= sqlc.arg(before);
