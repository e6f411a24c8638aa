-- name: InsertEntry :exec
INSERT INTO vezne_entries (account, livemode, root_kind, root_id, seq, at, actor, action, event_id, object_id, content, chain_seq, salt, digest, hash)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(root_kind), sqlc.arg(root_id), sqlc.arg(seq), sqlc.arg(at), sqlc.arg(actor), sqlc.arg(action), sqlc.arg(event_id),
    sqlc.arg(object_id), sqlc.arg(content), NULL, '', '', '');

-- name: ListEntries :many
SELECT * FROM vezne_entries WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND root_kind = sqlc.arg(root_kind) AND root_id = sqlc.arg(root_id) ORDER BY seq;

-- name: HasUnsealed :one
SELECT EXISTS (SELECT 1 FROM vezne_entries WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND chain_seq IS NULL);

-- The sealer takes rows that have no place yet, whatever their order of commit;
-- a cursor over a sequence would skip what commits late.
-- name: UnsealedEntries :many
SELECT * FROM vezne_entries WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND chain_seq IS NULL ORDER BY at, root_kind, root_id, seq LIMIT sqlc.arg(row_limit);

-- name: SealEntry :execrows
UPDATE vezne_entries SET chain_seq = sqlc.arg(chain_seq), salt = sqlc.arg(salt), digest = sqlc.arg(digest), hash = sqlc.arg(hash)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND root_kind = sqlc.arg(root_kind) AND root_id = sqlc.arg(root_id) AND seq = sqlc.arg(seq) AND chain_seq IS NULL;

-- name: SealedEntries :many
SELECT * FROM vezne_entries WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND chain_seq > sqlc.arg(after) ORDER BY chain_seq LIMIT sqlc.arg(row_limit);

-- name: InitChainHead :exec
INSERT INTO vezne_chain_heads (account, livemode, seq, hash) VALUES (sqlc.arg(account), sqlc.arg(livemode), 0, '') ON CONFLICT DO NOTHING;

-- name: GetChainHead :one
SELECT seq, hash FROM vezne_chain_heads WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode);

-- MoveChainHead is the compare-and-set that keeps two sealers apart.
-- name: MoveChainHead :execrows
UPDATE vezne_chain_heads SET seq = sqlc.arg(seq), hash = sqlc.arg(hash)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND seq = sqlc.arg(old_seq) AND hash = sqlc.arg(old_hash);
