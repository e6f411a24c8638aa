-- name: BeginKey :execrows
INSERT INTO vezne_idempotency_keys (account, livemode, token_id, route, key, body_hash, done, status, media_type, answer, begun_at, expires_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(token_id), sqlc.arg(route), sqlc.arg(key), sqlc.arg(body_hash), FALSE, 0, '', NULL, sqlc.arg(begun_at), sqlc.arg(expires_at))
ON CONFLICT (account, livemode, token_id, route, key) DO UPDATE SET body_hash = sqlc.arg(body_hash), done = FALSE, status = 0, media_type = '', answer = NULL,
    begun_at = sqlc.arg(begun_at), expires_at = sqlc.arg(expires_at)
WHERE vezne_idempotency_keys.expires_at <= sqlc.arg(begun_at) OR (NOT vezne_idempotency_keys.done AND vezne_idempotency_keys.begun_at <= sqlc.arg(stale_before));

-- name: GetKey :one
SELECT * FROM vezne_idempotency_keys WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND token_id = sqlc.arg(token_id) AND route = sqlc.arg(route) AND key = sqlc.arg(key);

-- FinishKey and AbandonKey are for who holds the key now: whoever was so slow
-- that another took it over gets no row.
-- name: FinishKey :execrows
UPDATE vezne_idempotency_keys SET done = TRUE, status = sqlc.arg(status), media_type = sqlc.arg(media_type), answer = sqlc.arg(answer)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND token_id = sqlc.arg(token_id) AND route = sqlc.arg(route) AND key = sqlc.arg(key) AND NOT done AND begun_at = sqlc.arg(begun_at);

-- name: AbandonKey :exec
DELETE FROM vezne_idempotency_keys WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND token_id = sqlc.arg(token_id) AND route = sqlc.arg(route) AND key = sqlc.arg(key) AND NOT done AND begun_at = sqlc.arg(begun_at);

-- name: PruneKeys :execrows
DELETE FROM vezne_idempotency_keys WHERE expires_at <= sqlc.arg(now);

-- name: CreateToken :exec
INSERT INTO vezne_tokens (account, livemode, id, name, prefix, hash, created_at, revoked_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(name), sqlc.arg(prefix), sqlc.arg(hash), sqlc.arg(created_at), NULL) ON CONFLICT DO NOTHING;

-- name: GetTokenByHash :one
SELECT * FROM vezne_tokens WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND hash = sqlc.arg(hash) AND revoked_at IS NULL;

-- name: ListTokens :many
SELECT * FROM vezne_tokens WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) ORDER BY id;

-- name: RevokeToken :execrows
UPDATE vezne_tokens SET revoked_at = sqlc.arg(revoked_at) WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND revoked_at IS NULL;

-- name: CreateOperator :execrows
INSERT INTO vezne_operators (account, livemode, name, password_hash, created_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(name), sqlc.arg(password_hash), sqlc.arg(created_at)) ON CONFLICT DO NOTHING;

-- name: GetOperator :one
SELECT * FROM vezne_operators WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND name = sqlc.arg(name);

-- name: CountOperators :one
SELECT count(*) FROM vezne_operators WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode);

-- name: FindSession :one
SELECT data FROM vezne_sessions WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND hash = sqlc.arg(hash) AND expires_at > sqlc.arg(now);

-- name: CommitSession :exec
INSERT INTO vezne_sessions (account, livemode, hash, data, expires_at) VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(hash), sqlc.arg(data), sqlc.arg(expires_at))
ON CONFLICT (account, livemode, hash) DO UPDATE SET data = sqlc.arg(data), expires_at = sqlc.arg(expires_at);

-- name: DeleteSession :execrows
DELETE FROM vezne_sessions WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND hash = sqlc.arg(hash);

-- name: PruneSessions :execrows
DELETE FROM vezne_sessions WHERE expires_at <= sqlc.arg(now);

-- name: GetSetting :one
SELECT value FROM vezne_settings WHERE key = sqlc.arg(key);

-- name: SetSetting :exec
INSERT INTO vezne_settings (key, value) VALUES (sqlc.arg(key), sqlc.arg(value)) ON CONFLICT (key) DO UPDATE SET value = sqlc.arg(value);

-- name: InitSetting :exec
INSERT INTO vezne_settings (key, value) VALUES (sqlc.arg(key), sqlc.arg(value)) ON CONFLICT DO NOTHING;
