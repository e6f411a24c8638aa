-- name: GetSnapshot :one
SELECT * FROM vezne_snapshots WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: ListSnapshots :many
SELECT * FROM vezne_snapshots WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND root_kind = sqlc.arg(root_kind) AND root_id = sqlc.arg(root_id) ORDER BY id;

-- name: SaveSnapshot :exec
INSERT INTO vezne_snapshots (account, livemode, id, type, root_kind, root_id, body, deleted, terminal, number_begin, number_end, recheck_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(type), sqlc.arg(root_kind), sqlc.arg(root_id), sqlc.arg(body), sqlc.arg(deleted), sqlc.arg(terminal),
    sqlc.arg(number_begin), sqlc.arg(number_end), sqlc.arg(recheck_at))
ON CONFLICT (account, livemode, id) DO UPDATE SET root_kind = sqlc.arg(root_kind), root_id = sqlc.arg(root_id), body = sqlc.arg(body), deleted = sqlc.arg(deleted),
    terminal = sqlc.arg(terminal), number_begin = sqlc.arg(number_begin), number_end = sqlc.arg(number_end), recheck_at = sqlc.arg(recheck_at);

-- SaveUnlinked keeps an object whose root is not known, unless somebody linked
-- it in the meantime.
-- name: SaveUnlinked :execrows
INSERT INTO vezne_snapshots (account, livemode, id, type, root_kind, root_id, body, deleted, terminal, number_begin, number_end, recheck_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(type), 'parent', sqlc.arg(root_id), sqlc.arg(body), sqlc.arg(deleted), sqlc.arg(terminal),
    sqlc.arg(number_begin), sqlc.arg(number_end), sqlc.arg(recheck_at))
ON CONFLICT (account, livemode, id) DO UPDATE SET body = sqlc.arg(body), deleted = sqlc.arg(deleted), terminal = sqlc.arg(terminal),
    number_begin = sqlc.arg(number_begin), number_end = sqlc.arg(number_end), recheck_at = sqlc.arg(recheck_at)
WHERE vezne_snapshots.root_kind = 'parent' AND vezne_snapshots.root_id = sqlc.arg(root_id);

-- name: DueRechecks :many
SELECT id, type FROM vezne_snapshots WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND recheck_at IS NOT NULL AND recheck_at <= sqlc.arg(now)
ORDER BY recheck_at LIMIT sqlc.arg(row_limit);

-- name: HasDueRechecks :one
SELECT EXISTS (SELECT 1 FROM vezne_snapshots WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND recheck_at IS NOT NULL AND recheck_at <= sqlc.arg(now));

-- name: ClearRecheck :exec
UPDATE vezne_snapshots SET recheck_at = NULL WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND recheck_at <= sqlc.arg(now);
