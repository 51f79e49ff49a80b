-- Format 1 of the log. A record is written once; nothing here is ever changed or removed but the heads of the
-- streams and the claims that are held now. Times are UTC milliseconds. The store knows no type and no body.

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- One row per stream. `head` and `hash` are those of its last record: compared and set with every group, so that
-- a second writer is found out at its first commit.
CREATE TABLE stream (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE,
    head INTEGER NOT NULL,
    hash BLOB    NOT NULL
);

-- One row per record. `id` counts over the whole store, in the order of commits. `base` is JSON, '' when empty.
-- `digest` and `attestation` belong to the command: they stand with its part 0.
CREATE TABLE record (
    id           INTEGER PRIMARY KEY,
    stream       INTEGER NOT NULL REFERENCES stream (id),
    seq          INTEGER NOT NULL CHECK (seq > 0),
    command_id   TEXT    NOT NULL,
    part         INTEGER NOT NULL,
    type         TEXT    NOT NULL,
    v            INTEGER NOT NULL,
    actor        TEXT    NOT NULL,
    agency       TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    on_behalf_of TEXT    NOT NULL,
    happened_at  INTEGER,
    written_at   INTEGER NOT NULL,
    recorded_at  INTEGER NOT NULL,
    clock_offset INTEGER NOT NULL,
    base         TEXT    NOT NULL,
    hash         BLOB    NOT NULL,
    digest       BLOB,
    attestation  BLOB,
    UNIQUE (stream, seq),
    UNIQUE (stream, command_id, part)
);

-- What a lawful redaction may drop while the chain still verifies: the words themselves. `command` is the exact
-- bytes of the command, with its part 0.
CREATE TABLE content (
    id      INTEGER PRIMARY KEY REFERENCES record (id),
    salt    BLOB NOT NULL,
    body    BLOB NOT NULL,
    command BLOB
);

-- What is held now, by one stream of all. The key bears the mode, so that an exercise never holds the real thing.
CREATE TABLE claim (
    key    TEXT    NOT NULL PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES stream (id),
    seq    INTEGER NOT NULL,
    since  INTEGER NOT NULL,
    tell   TEXT    NOT NULL,
    label  TEXT    NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
BEGIN SELECT RAISE (ABORT, 'a record is never changed'); END;

CREATE TRIGGER record_is_never_removed BEFORE DELETE ON record
BEGIN SELECT RAISE (ABORT, 'a record is never removed'); END;

CREATE TRIGGER content_is_never_changed BEFORE UPDATE ON content
BEGIN SELECT RAISE (ABORT, 'the content of a record is never changed'); END;

CREATE TRIGGER content_is_never_removed BEFORE DELETE ON content
BEGIN SELECT RAISE (ABORT, 'the content of a record is never removed'); END;
