-- What unfinished turns have done to the world.

CREATE TABLE effect (
    session TEXT NOT NULL,
    turn    TEXT NOT NULL,
    name    TEXT NOT NULL,
    asked   TEXT NOT NULL,                       -- a digest of what was asked for
    outcome BLOB,                                -- null: it began, and nobody knows more
    PRIMARY KEY (session, turn, name)
) WITHOUT ROWID;
