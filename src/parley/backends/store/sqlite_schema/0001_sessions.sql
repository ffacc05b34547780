-- Sessions, turns, versions and keys. Times are milliseconds since 1970 unless a name says otherwise.

CREATE TABLE session (
    n              INTEGER PRIMARY KEY,          -- order of creation
    id             TEXT NOT NULL UNIQUE,
    project        TEXT NOT NULL,
    user           TEXT NOT NULL,
    revision       INTEGER NOT NULL,
    ended          TEXT,                         -- end reason, null while the session lives
    expires_minute INTEGER,                      -- minutes since 1970, rounded up
    state          BLOB NOT NULL                 -- JSON, see domain/state.py
);
CREATE INDEX session_owner ON session (project, user);
CREATE UNIQUE INDEX session_live ON session (project, user) WHERE ended IS NULL;
CREATE INDEX session_expiry ON session (expires_minute) WHERE ended IS NULL AND expires_minute IS NOT NULL;

CREATE TABLE turn (
    n           INTEGER PRIMARY KEY,             -- order of acceptance
    session     INTEGER NOT NULL,                -- session.n
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,                   -- '=' and the client's key, or '#' and the id
    accepted_at INTEGER NOT NULL,
    first       INTEGER,                         -- offsets of the first and last emission
    last        INTEGER,
    asked       BLOB NOT NULL,                   -- JSON: action, variables, config, message id, key
    said        BLOB                             -- JSON: the emissions, null while the turn is unfinished
);
-- Ids sort by time, so this index grows at its end; the other one is the only page a new turn touches at random.
CREATE UNIQUE INDEX turn_id ON turn (id, session);
CREATE UNIQUE INDEX turn_name ON turn (session, name);

CREATE TABLE version (
    id      TEXT PRIMARY KEY,
    program BLOB NOT NULL
);

CREATE TABLE api_key (
    n          INTEGER PRIMARY KEY,
    id         TEXT NOT NULL,
    digest     TEXT NOT NULL UNIQUE,
    label      TEXT NOT NULL,
    project    TEXT,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
);

CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE probe (
    n  INTEGER PRIMARY KEY CHECK (n = 1),
    at INTEGER NOT NULL
);
INSERT INTO probe VALUES (1, 0);
