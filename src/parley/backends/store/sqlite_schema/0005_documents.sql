-- What agents answer from. Times are milliseconds since 1970.

CREATE TABLE shelf (
    n        INTEGER PRIMARY KEY,
    project  TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL                    -- grows with every change that a search may see
);

CREATE TABLE document (
    n       INTEGER PRIMARY KEY,
    shelf   INTEGER NOT NULL,                    -- shelf.n
    id      TEXT NOT NULL,
    edition INTEGER NOT NULL DEFAULT 0,          -- which of its chunks are valid: the others are on their way in or out
    data    BLOB NOT NULL                        -- JSON: what is known of it
);
CREATE UNIQUE INDEX document_id ON document (shelf, id);

CREATE TABLE chunk (
    n        INTEGER PRIMARY KEY,
    document INTEGER NOT NULL,                   -- document.n
    edition  INTEGER NOT NULL,
    place    INTEGER NOT NULL,                   -- 0, 1, 2, ... in the document
    content  TEXT NOT NULL,
    metadata BLOB,                               -- JSON, null for none
    vector   BLOB                                -- 32-bit floats, little-endian, of length 1; null for none
);
CREATE UNIQUE INDEX chunk_place ON chunk (document, edition, place);

-- rowid is chunk.n. `shelf` is a word that only this project's chunks have.
CREATE VIRTUAL TABLE chunk_text USING fts5 (
    content, heading, shelf,
    content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
);
