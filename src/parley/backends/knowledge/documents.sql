-- What the knowledge base says to SQLite.

-- name: make_shelf
INSERT INTO shelf (project, revision) VALUES (?, 1) ON CONFLICT DO NOTHING;

-- name: find_shelf
SELECT n, revision FROM shelf WHERE project = ?;

-- name: change_shelf
UPDATE shelf SET revision = revision + 1 WHERE n = ?;

-- name: make_document
INSERT INTO document (shelf, id, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: find_document
SELECT d.n, d.edition, d.data FROM document d JOIN shelf s ON s.n = d.shelf WHERE s.project = ? AND d.id = ?;

-- name: list_documents
SELECT d.n, d.edition, d.data FROM document d JOIN shelf s ON s.n = d.shelf WHERE s.project = ? ORDER BY d.n;

-- name: note_document
UPDATE document SET data = ? WHERE n = ?;

-- name: publish_document
UPDATE document SET edition = ?, data = ? WHERE n = ?;

-- name: remove_document
DELETE FROM document WHERE n = ?;

-- name: add_chunk
INSERT INTO chunk (document, edition, place, content, metadata, vector) VALUES (?, ?, ?, ?, ?, ?);

-- name: add_text
INSERT INTO chunk_text (rowid, content, heading, shelf) VALUES (?, ?, ?, ?);

-- name: count_chunks
SELECT count(*) FROM chunk WHERE document = ? AND edition = ?;

-- name: list_chunks
SELECT place, content, metadata FROM chunk WHERE document = ? AND edition = ? ORDER BY place;

-- name: chunk_facts
SELECT n, metadata, vector FROM chunk WHERE document = ? AND edition = ? ORDER BY place;

-- name: content
SELECT content FROM chunk WHERE n = ?;

-- name: stale_chunks
SELECT n FROM chunk WHERE document = ? AND edition <> ? LIMIT ?;

-- name: drop_chunk
DELETE FROM chunk WHERE n = ?;

-- name: drop_text
DELETE FROM chunk_text WHERE rowid = ?;

-- name: match
-- FTS5 gives them best first, and stops when there are enough.
SELECT rowid FROM chunk_text WHERE chunk_text MATCH ? AND is_wanted(rowid) AND rank MATCH 'bm25(1.0, 1.5, 0.0)'
ORDER BY rank LIMIT ?;
