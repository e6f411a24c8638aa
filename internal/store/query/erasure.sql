-- EraseOrder leaves what the order cost and what became of it.
-- name: EraseOrder :execrows
UPDATE vezne_orders SET customer_reference = '', customer_email = '', customer_name = '', search = '', metadata = '{}', lines = sqlc.arg(lines), erased_at = sqlc.arg(erased_at)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- EraseCustomer frees the reference: whoever comes back under it is new here.
-- name: EraseCustomer :execrows
UPDATE vezne_customers SET reference = 'erased:' || id, email = '', name = '', erased_at = sqlc.arg(erased_at)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: DeletePaymentMethods :execrows
DELETE FROM vezne_payment_methods WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND customer_id = sqlc.arg(customer_id);

-- name: AllPaymentMethods :many
SELECT * FROM vezne_payment_methods WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND customer_id = sqlc.arg(customer_id) ORDER BY created_at, id;

-- name: EraseSnapshot :exec
UPDATE vezne_snapshots SET body = sqlc.arg(body) WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: EraseCall :exec
UPDATE vezne_calls SET form = '', refusal = sqlc.arg(refusal) WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: EraseEffect :exec
UPDATE vezne_effects SET payload = sqlc.arg(payload), last_error = '' WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- EraseEntry leaves the digest, over which the chain was made, and no salt, by
-- which a short content could be guessed.
-- name: EraseEntry :execrows
UPDATE vezne_entries SET content = '', salt = '', erased_at = sqlc.arg(erased_at)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND root_kind = sqlc.arg(root_kind) AND root_id = sqlc.arg(root_id) AND seq = sqlc.arg(seq) AND erased_at IS NULL;

-- name: EraseMark :exec
UPDATE vezne_marks SET last_error = '' WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: AnsweredKeys :many
SELECT token_id, route, key, answer FROM vezne_idempotency_keys WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND done AND answer IS NOT NULL;

-- EraseAnswer keeps the key, so that the request is not done again under it.
-- name: EraseAnswer :exec
UPDATE vezne_idempotency_keys SET answer = sqlc.arg(answer)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND token_id = sqlc.arg(token_id) AND route = sqlc.arg(route) AND key = sqlc.arg(key);

-- name: CustomersAfter :many
SELECT * FROM vezne_customers WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id > sqlc.arg(after) AND email <> '' ORDER BY id LIMIT sqlc.arg(row_limit);

-- name: OrdersOfCustomer :many
SELECT * FROM vezne_orders WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND customer_reference = sqlc.arg(customer_reference) ORDER BY id;

-- SnapshotsLike finds objects whose text may hold an address.
-- name: SnapshotsLike :many
SELECT * FROM vezne_snapshots WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND root_kind = 'order' AND LOWER(body) LIKE CAST(sqlc.arg(pattern) AS TEXT) ESCAPE '\' ORDER BY id;

-- name: InsertTombstone :execrows
INSERT INTO vezne_tombstones (account, livemode, id, erasure_id) VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(erasure_id)) ON CONFLICT DO NOTHING;

-- name: ListTombstones :many
SELECT id FROM vezne_tombstones WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode);

-- CountErasures tells whether the tombstones that a process knows are all.
-- name: CountErasures :one
SELECT COUNT(*) FROM vezne_erasures WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode);

-- name: InsertErasure :exec
INSERT INTO vezne_erasures (account, livemode, id, actor, customers, orders, counts, calls, created_at, swept_until, completed_at)
VALUES (sqlc.arg(account), sqlc.arg(livemode), sqlc.arg(id), sqlc.arg(actor), sqlc.arg(customers), sqlc.arg(orders), sqlc.arg(counts), sqlc.arg(calls), sqlc.arg(created_at), 0, NULL);

-- name: SaveErasure :execrows
UPDATE vezne_erasures SET counts = sqlc.arg(counts), swept_until = sqlc.arg(swept_until), completed_at = sqlc.arg(completed_at)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: GetErasure :one
SELECT * FROM vezne_erasures WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id);

-- name: ListErasures :many
SELECT * FROM vezne_erasures WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) ORDER BY created_at DESC, id DESC LIMIT sqlc.arg(row_limit);

-- name: UnfinishedErasures :many
SELECT * FROM vezne_erasures WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND completed_at IS NULL ORDER BY created_at, id;

-- EventsFrom pages through payloads in the order in which they came.
-- name: EventsFrom :many
SELECT * FROM vezne_events WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode)
    AND (received_at > sqlc.arg(after_at) OR (received_at = sqlc.arg(after_at) AND id > sqlc.arg(after_id)))
ORDER BY received_at, id LIMIT sqlc.arg(row_limit);

-- RemoveBody takes a payload away and leaves its digest.
-- name: RemoveBody :execrows
UPDATE vezne_events SET body = NULL, digest = sqlc.arg(digest), removed_at = sqlc.arg(removed_at)
WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND body IS NOT NULL;

-- ForgetReason blanks why an event is dead: what Stripe said may be about a person.
-- name: ForgetReason :exec
UPDATE vezne_events SET reason = sqlc.arg(reason) WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND id = sqlc.arg(id) AND state = 'dead';

-- OldBodies, OldEffects and OldCalls are what retention takes away.
-- name: OldBodies :many
SELECT id, body FROM vezne_events WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND received_at < sqlc.arg(before)
    AND body IS NOT NULL AND state IN ('applied', 'ignored', 'quarantined', 'dead') ORDER BY received_at LIMIT sqlc.arg(row_limit);

-- name: OldEffects :many
SELECT id FROM vezne_effects WHERE account = sqlc.arg(account) AND livemode = sqlc.arg(livemode) AND sent_at < sqlc.arg(before) AND sent_at IS NOT NULL AND payload <> ''
ORDER BY sent_at LIMIT sqlc.arg(row_limit);

-- The form that made an attempt is needed while the attempt is open.
-- name: OldCalls :many
SELECT * FROM vezne_calls WHERE vezne_calls.account = sqlc.arg(account) AND vezne_calls.livemode = sqlc.arg(livemode) AND vezne_calls.created_at < sqlc.arg(before)
    AND vezne_calls.form <> '' AND vezne_calls.state IN ('done', 'refused', 'abandoned')
    AND NOT EXISTS (SELECT 1 FROM vezne_attempts a WHERE a.account = vezne_calls.account AND a.livemode = vezne_calls.livemode AND a.id = vezne_calls.attempt_id AND a.state IN ('opening', 'active'))
ORDER BY vezne_calls.created_at LIMIT sqlc.arg(row_limit);

-- OldestKept tells since when the oldest of each is kept that retention may take.
-- name: OldestKept :one
SELECT
    CAST(COALESCE((SELECT MIN(e.received_at) FROM vezne_events e WHERE e.account = sqlc.arg(account) AND e.livemode = sqlc.arg(livemode)
        AND e.body IS NOT NULL AND e.state IN ('applied', 'ignored', 'quarantined', 'dead')), 0) AS BIGINT) AS events,
    CAST(COALESCE((SELECT MIN(f.sent_at) FROM vezne_effects f WHERE f.account = sqlc.arg(account) AND f.livemode = sqlc.arg(livemode) AND f.sent_at IS NOT NULL AND f.payload <> ''), 0) AS BIGINT) AS effects,
    CAST(COALESCE((SELECT MIN(c.created_at) FROM vezne_calls c WHERE c.account = sqlc.arg(account) AND c.livemode = sqlc.arg(livemode) AND c.form <> ''
        AND c.state IN ('done', 'refused', 'abandoned')
        AND NOT EXISTS (SELECT 1 FROM vezne_attempts a WHERE a.account = c.account AND a.livemode = c.livemode AND a.id = c.attempt_id AND a.state IN ('opening', 'active'))), 0) AS BIGINT) AS calls;
