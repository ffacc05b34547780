-- What users thought of an answer. Times are milliseconds since 1970.

CREATE TABLE feedback (
    n        INTEGER PRIMARY KEY,
    id       TEXT NOT NULL,                      -- sorts by time
    project  TEXT NOT NULL,
    subject  TEXT NOT NULL,                      -- the user or session that the client named
    given_at INTEGER NOT NULL,
    data     BLOB NOT NULL                       -- JSON, as the client sent it
);
CREATE INDEX feedback_project ON feedback (project, id);
CREATE INDEX feedback_subject ON feedback (project, subject);
