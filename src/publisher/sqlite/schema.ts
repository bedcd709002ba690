import { type SqliteConnection, transact } from './database.ts'

/** The form of the tables. Whoever changes it raises this and says here how the older one becomes the newer. */
const VERSION = 1

/** The tables may stand in a database of the user's own: their names keep out of the way, `user_version` is not theirs. */
const TABLES = `
CREATE TABLE headwater_log (version INTEGER NOT NULL, appends INTEGER NOT NULL) STRICT;

-- Outlives the records. appended: the log's counter of appends at the last one here, by which watchers find it.
CREATE TABLE headwater_channels (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  epoch TEXT NOT NULL,
  head INTEGER NOT NULL, head_tag TEXT NOT NULL,
  trimmed INTEGER NOT NULL, trimmed_tag TEXT NOT NULL,
  seconds REAL, events INTEGER,
  time INTEGER NOT NULL,
  used INTEGER NOT NULL,
  appended INTEGER NOT NULL
) STRICT;
CREATE INDEX headwater_channels_appended ON headwater_channels (appended);

CREATE TABLE headwater_records (
  channel INTEGER NOT NULL, offset INTEGER NOT NULL, tag TEXT NOT NULL, time INTEGER NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY (channel, offset)
) STRICT;

CREATE TABLE headwater_keys (
  channel INTEGER NOT NULL, key TEXT NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, tag TEXT NOT NULL, expires INTEGER NOT NULL,
  PRIMARY KEY (channel, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX headwater_keys_expires ON headwater_keys (expires);

INSERT INTO headwater_log VALUES (${VERSION}, 0);
`

/** Makes the tables where there are none. @throws {Error} when they are of a form that this version does not know. */
export function createTables(database: SqliteConnection): void {
  if (versionOf(database) === undefined) {
    transact(database, 'BEGIN IMMEDIATE', () => {
      if (versionOf(database) === undefined) database.exec(TABLES)
    })
  }
  const version = versionOf(database)
  if (version === VERSION) return
  throw new Error(`The log's tables are of version ${version}, this Headwater knows version ${VERSION}. Update it`)
}

export function hasTables(connection: SqliteConnection): boolean {
  return connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'headwater_log'").get() !== undefined
}

function versionOf(database: SqliteConnection): number | undefined {
  return hasTables(database) ? database.prepare('SELECT version FROM headwater_log').get()?.version : undefined
}

/** A string as SQLite keeps it whole: it would cut off what follows a NUL and alter half a surrogate pair. */
export const toText = (string: string): string => JSON.stringify(string).slice(1, -1)

export const fromText = (text: string): string => JSON.parse(`"${text}"`)
