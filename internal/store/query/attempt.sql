-- name: InsertAttempt :exec
INSERT INTO vezne_attempts (account, livemode, id, order_id, number, kind, state, expected, currency, captured_expected, manual_capture, off_session, ui_mode,
    session_id, payment_intent_id, create_call, created_at, closed_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(order_id), sqlc.arg(number), sqlc.arg(kind), sqlc.arg(state), sqlc.arg(expected), sqlc.arg(currency),
    sqlc.arg(captured_expected), sqlc.arg(manual_capture), sqlc.arg(off_session), sqlc.arg(ui_mode), sqlc.arg(session_id), sqlc.arg(payment_intent_id),
    sqlc.arg(create_call), sqlc.arg(created_at), sqlc.arg(closed_at));

-- name: SaveAttempt :execrows
UPDATE vezne_attempts SET state = sqlc.arg(state), captured_expected = sqlc.arg(captured_expected), session_id = sqlc.arg(session_id),
    payment_intent_id = sqlc.arg(payment_intent_id), closed_at = sqlc.arg(closed_at)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: GetAttempt :one
SELECT * FROM vezne_attempts WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- GetAttemptByObject asks two indexes: SQLite would take one for both questions,
-- and look at every attempt.
-- name: GetAttemptByObject :one
SELECT * FROM vezne_attempts WHERE vezne_attempts.account = sqlc.arg(account) AND vezne_attempts.livemode = sqlc.arg(livemode) AND vezne_attempts.id IN (
    SELECT s.id FROM vezne_attempts s WHERE s.account = sqlc.arg(account) AND s.livemode = sqlc.arg(livemode) AND s.session_id = sqlc.arg(object_id)
    UNION ALL
    SELECT p.id FROM vezne_attempts p WHERE p.account = sqlc.arg(account) AND p.livemode = sqlc.arg(livemode) AND p.payment_intent_id = sqlc.arg(object_id)) LIMIT 1;

-- name: ListAttempts :many
SELECT * FROM vezne_attempts WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND order_id = sqlc.arg(order_id) ORDER BY number;
