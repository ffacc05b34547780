-- Small records that change seldom (ports/records.py).

CREATE TABLE record (
    n        INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,
    id       TEXT NOT NULL,
    scope    TEXT NOT NULL,
    place    INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    data     BLOB NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX record_scope ON record (kind, scope, place, id);
CREATE INDEX record_place ON record (kind, place, id);

CREATE TABLE record_alias (
    kind   TEXT NOT NULL,
    alias  TEXT NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (kind, alias)
) WITHOUT ROWID;
CREATE INDEX record_alias_of ON record_alias (record);
