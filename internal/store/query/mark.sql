-- SetMark keeps the higher number, the lower priority and the earlier time; a
-- new reason to read also revives a mark that was unlinked or dead.
-- name: SetMark :exec
INSERT INTO vezne_marks (account, livemode, id, type, number, priority, actor, event_id, due_at, tries, faults, unlinked, dead, last_error, lease_owner, lease_until, created_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(type), sqlc.arg(number), sqlc.arg(priority), sqlc.arg(actor), sqlc.arg(event_id), sqlc.arg(due_at),
    0, 0, FALSE, FALSE, '', '', 0, sqlc.arg(created_at))
ON CONFLICT (account, livemode, id) DO UPDATE SET
    number = CASE WHEN vezne_marks.number > sqlc.arg(number) THEN vezne_marks.number ELSE sqlc.arg(number) END,
    priority = CASE WHEN vezne_marks.priority < sqlc.arg(priority) THEN vezne_marks.priority ELSE sqlc.arg(priority) END,
    due_at = CASE WHEN vezne_marks.due_at < sqlc.arg(due_at) AND NOT vezne_marks.unlinked AND NOT vezne_marks.dead THEN vezne_marks.due_at ELSE sqlc.arg(due_at) END,
    actor = CASE WHEN sqlc.arg(event_id) <> '' OR vezne_marks.event_id = '' THEN sqlc.arg(actor) ELSE vezne_marks.actor END,
    event_id = CASE WHEN sqlc.arg(event_id) <> '' THEN sqlc.arg(event_id) ELSE vezne_marks.event_id END,
    faults = CASE WHEN vezne_marks.dead THEN 0 ELSE vezne_marks.faults END,
    unlinked = FALSE, dead = FALSE;

-- name: GetMark :one
SELECT * FROM vezne_marks WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: ClearMark :execrows
DELETE FROM vezne_marks WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND number < sqlc.arg(number_begin);

-- name: SetUnlinked :exec
UPDATE vezne_marks SET unlinked = TRUE, lease_owner = '', lease_until = 0
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND number < sqlc.arg(number_begin);

-- ReviveMarks brings marks back that were kept aside while their object was
-- linked to a root.
-- name: ReviveMarks :exec
UPDATE vezne_marks SET unlinked = FALSE
WHERE vezne_marks.account = sqlc.arg(account) AND vezne_marks.livemode = sqlc.arg(livemode) AND vezne_marks.unlinked AND vezne_marks.id IN (
    SELECT s.id FROM vezne_snapshots s WHERE s.account = sqlc.arg(account) AND s.livemode = sqlc.arg(livemode) AND s.root_kind = sqlc.arg(root_kind) AND s.root_id = sqlc.arg(root_id));

-- name: HasDueMarks :one
SELECT EXISTS (SELECT 1 FROM vezne_marks WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND due_at <= sqlc.arg(now) AND lease_until < sqlc.arg(now)
    AND NOT unlinked AND NOT dead);

-- name: ClaimMarks :many
UPDATE vezne_marks SET lease_owner = sqlc.arg(owner), lease_until = sqlc.arg(lease_until)
WHERE vezne_marks.account = sqlc.arg(account) AND vezne_marks.livemode = sqlc.arg(livemode) AND vezne_marks.due_at <= sqlc.arg(now) AND vezne_marks.lease_until < sqlc.arg(now)
    AND NOT vezne_marks.unlinked AND NOT vezne_marks.dead
    AND vezne_marks.id IN (SELECT m.id FROM vezne_marks m WHERE m.account = sqlc.arg(account) AND m.livemode = sqlc.arg(livemode) AND m.due_at <= sqlc.arg(now) AND m.lease_until < sqlc.arg(now)
        AND NOT m.unlinked AND NOT m.dead ORDER BY m.priority, m.number LIMIT sqlc.arg(row_limit))
RETURNING *;

-- name: FreeMarks :exec
UPDATE vezne_marks SET lease_owner = '', lease_until = 0 WHERE lease_until <> 0;

-- ReleaseMark gives a lease back. A new reason to read that came in the
-- meantime stands: it is due when it says, and not dead.
-- name: ReleaseMark :exec
UPDATE vezne_marks SET lease_owner = '', lease_until = 0, tries = sqlc.arg(tries), faults = sqlc.arg(faults), last_error = sqlc.arg(last_error),
    due_at = CASE WHEN vezne_marks.number = sqlc.arg(number) THEN sqlc.arg(due_at) ELSE vezne_marks.due_at END,
    dead = CASE WHEN vezne_marks.number = sqlc.arg(number) THEN CAST(sqlc.arg(dead) AS BOOLEAN) ELSE vezne_marks.dead END
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND lease_owner = sqlc.arg(owner);

-- MarkStats tells how much waits and since when.
-- name: MarkStats :one
SELECT COUNT(*) AS waiting, CAST(COALESCE(MIN(created_at), 0) AS BIGINT) AS oldest FROM vezne_marks
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND NOT unlinked AND NOT dead;

-- MarksUntil tells how many of those wait that were set up to an instant.
-- name: MarksUntil :one
SELECT COUNT(*) FROM vezne_marks
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND created_at <= sqlc.arg(until) AND NOT unlinked AND NOT dead;
