-- What the store says to SQLite. {sessions} and {turns} are packed records as rows (sqlite_packing.py); other names in
-- braces are parts.

-- name: create
INSERT INTO session (id, project, user, revision, ended, expires_minute, state)
SELECT id, project, user, revision, ended, expires_minute, state FROM {sessions};

-- name: save
UPDATE session SET state = p.state, revision = p.revision
FROM {sessions} p
WHERE session.id = p.id AND session.revision = p.revision - 1;

-- name: mark
-- Apart from `save`, so that a turn which changes neither leaves the indexes alone.
UPDATE session SET ended = p.ended, expires_minute = p.expires_minute
FROM {sessions} p
WHERE session.id = p.id AND (session.ended IS NOT p.ended OR session.expires_minute IS NOT p.expires_minute);

-- name: say
-- Adds turns, and finishes those that were accepted before.
INSERT INTO turn (session, id, name, accepted_at, first, last, asked, said)
SELECT s.n, p.id, p.name, p.accepted_at, p.first, p.last, p.asked, p.said
FROM {turns} p CROSS JOIN session s ON s.id = p.session
WHERE true
ON CONFLICT (id, session) DO UPDATE
SET asked = excluded.asked, said = excluded.said, first = excluded.first, last = excluded.last
WHERE turn.said IS NULL AND excluded.said IS NOT NULL;

-- name: release
-- A key names its turn for a day; then another turn may have it.
UPDATE turn SET name = '#' || turn.id
FROM {turns} p, session s
WHERE s.id = p.session AND turn.session = s.n AND turn.name = p.name AND turn.id <> p.id
  AND turn.accepted_at <= p.accepted_at - 86400000;

-- name: load
SELECT state FROM session WHERE id = ?;

-- name: latest
SELECT state FROM session WHERE project = ? AND user = ? ORDER BY n DESC LIMIT 1;

-- name: expired
SELECT id FROM session WHERE ended IS NULL AND expires_minute IS NOT NULL AND expires_minute <= ?
ORDER BY expires_minute LIMIT ?;

-- name: turn_by_id
SELECT t.id, t.asked, t.said FROM session s CROSS JOIN turn t ON t.session = s.n WHERE s.id = ? AND t.id = ?;

-- name: turn_by_name
SELECT t.id, t.asked, t.said FROM session s CROSS JOIN turn t ON t.session = s.n
WHERE s.id = ? AND t.name = ? AND t.accepted_at > ?;

-- name: turns
SELECT id, asked, said FROM turn WHERE n IN (
  SELECT t.n FROM session s CROSS JOIN turn t ON t.session = s.n
  WHERE s.id = ? AND (t.said IS NULL OR t.last > ?)
  ORDER BY t.n LIMIT ?
) ORDER BY n;

-- name: page_of_turns
-- The inner part reads an index alone, and no turn.
SELECT id, asked, said FROM turn WHERE n IN (
  SELECT t.n FROM session s
  LEFT JOIN turn b ON b.id = ? AND b.session = s.n
  CROSS JOIN turn t INDEXED BY turn_name ON t.session = s.n
  WHERE s.id = ? AND t.n > coalesce(b.n, 0)
  ORDER BY t.n LIMIT ?
) ORDER BY n;

-- name: forget_turns
DELETE FROM turn WHERE session IN (SELECT n FROM session WHERE project = ? AND user = ?);

-- name: forget_sessions
DELETE FROM session WHERE project = ? AND user = ?;

-- name: save_version
INSERT INTO version (id, program) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: load_version
SELECT program FROM version WHERE id = ?;

-- name: add_key
INSERT OR REPLACE INTO api_key (id, digest, label, project, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?);

-- name: find_key
SELECT id, digest, label, project, created_at, revoked_at FROM api_key WHERE digest = ? AND revoked_at IS NULL;

-- name: list_keys
SELECT id, digest, label, project, created_at, revoked_at FROM api_key ORDER BY created_at, n;

-- name: revoke_key
UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL;

-- name: add_secret
INSERT INTO secret (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: find_secret
SELECT value FROM secret WHERE name = ?;

-- name: probe
UPDATE probe SET at = at + 1;

-- name: add_feedback
INSERT INTO feedback (id, project, subject, given_at, data) VALUES (?, ?, ?, ?, ?);

-- name: list_feedback
SELECT id, subject, given_at, data FROM feedback
WHERE project = ? AND id > ? AND (? IS NULL OR subject = ?)
ORDER BY id LIMIT ?;

-- name: trim_feedback
DELETE FROM feedback WHERE project = ? AND id <= (
  SELECT id FROM feedback WHERE project = ? ORDER BY id DESC LIMIT 1 OFFSET ?
);

-- name: forget_feedback
DELETE FROM feedback WHERE project = ? AND subject = ?;

-- name: begin_effect
INSERT INTO effect (session, turn, name, asked) VALUES (?, ?, ?, ?);

-- name: find_effect
SELECT asked, outcome FROM effect WHERE session = ? AND turn = ? AND name = ?;

-- name: finish_effect
INSERT INTO effect (session, turn, name, asked, outcome) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET asked = excluded.asked, outcome = excluded.outcome WHERE outcome IS NULL;

-- name: settle_effects
DELETE FROM effect WHERE session = ? AND turn <= ?;

-- name: forget_effects
DELETE FROM effect WHERE session IN (SELECT id FROM session WHERE project = ? AND user = ?);

-- name: add_record
INSERT INTO record (kind, id, scope, place, revision, data) VALUES (?, ?, ?, ?, ?, ?);

-- name: add_record_alias
INSERT INTO record_alias (kind, alias, record) VALUES (?, ?, (SELECT n FROM record WHERE kind = ? AND id = ?));

-- name: save_record
UPDATE record SET scope = ?, place = ?, revision = ?, data = ? WHERE kind = ? AND id = ? AND revision = ? - 1;

-- name: drop_record_aliases
DELETE FROM record_alias WHERE record = (SELECT n FROM record WHERE kind = ? AND id = ?);

-- name: get_record
SELECT r.n, r.id, r.scope, r.place, r.revision, r.data FROM record r WHERE r.kind = ? AND r.id = ?;

-- name: find_record
SELECT r.n, r.id, r.scope, r.place, r.revision, r.data
FROM record_alias a CROSS JOIN record r ON r.n = a.record WHERE a.kind = ? AND a.alias = ?;

-- name: aliases_of_record
SELECT alias FROM record_alias WHERE record = ? ORDER BY alias;

-- name: list_records
SELECT r.n, r.id, r.scope, r.place, r.revision, r.data FROM record r
WHERE r.kind = ? AND r.scope = ? AND (r.place, r.id) > (?, ?) ORDER BY r.place, r.id LIMIT ?;

-- name: list_newest_records
SELECT r.n, r.id, r.scope, r.place, r.revision, r.data FROM record r
WHERE r.kind = ? AND r.scope = ? AND (r.place, r.id) < (?, ?) ORDER BY r.place DESC, r.id DESC LIMIT ?;

-- name: list_all_records
SELECT r.n, r.id, r.scope, r.place, r.revision, r.data FROM record r
WHERE r.kind = ? AND (r.place, r.id) > (?, ?) ORDER BY r.place, r.id LIMIT ?;

-- name: list_all_newest_records
SELECT r.n, r.id, r.scope, r.place, r.revision, r.data FROM record r
WHERE r.kind = ? AND (r.place, r.id) < (?, ?) ORDER BY r.place DESC, r.id DESC LIMIT ?;

-- name: count_records
SELECT count(*) FROM record WHERE kind = ? AND (? IS NULL OR scope = ?);

-- name: remove_record
DELETE FROM record WHERE kind = ? AND id = ?;

-- name: list_sessions
-- From the newest on, and no further than the page needs: the + keeps all of the projects' from being sorted first.
SELECT state FROM session
WHERE +{wanted}
ORDER BY n DESC LIMIT ? OFFSET ?;

-- name: count_sessions
SELECT count(*) FROM session
WHERE {wanted};

-- part: wanted
project IN (SELECT value FROM json_each(?))
  AND (? IS NULL OR (ended IS NULL) = ?)
  AND (? IS NULL OR coalesce(state ->> '$.contact.channel', 'web') = ?)
  AND (? IS NULL OR state ->> '$.contact.entity' = ?)
  AND (? IS NULL OR state ->> '$.environment' = ?)
  AND (? IS NULL OR coalesce(state ->> '$.contact.is_draft', 0) = ?)
  AND (? IS NULL OR state ->> '$.created_at' >= ?)
  AND (? IS NULL OR state ->> '$.created_at' <= ?)
  AND (? IS NULL OR id = ?)
  AND (? IS NULL OR user = ?)
  AND (? IS NULL OR ended IN (SELECT value FROM json_each(?)))
  AND (? IS NULL OR (ended IS NOT NULL AND ended NOT IN (SELECT value FROM json_each(?))))
  AND (NOT ? OR is_marked(state -> ?, (SELECT data FROM record WHERE kind = ? AND id = session.id)))
