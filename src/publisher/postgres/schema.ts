import type { RunQuery } from './clients.ts'
import { isServerError } from './failures.ts'

/** The form of the tables. Whoever changes it raises this and says here how the older one becomes the newer. */
const VERSION = 1

/** SQLSTATEs of a table or a schema that there is not. */
const MISSING = ['42P01', '3F000']

/** A schema's name as it stands in statements. @throws {RangeError} for one that would have to be escaped. */
export function quoteSchema(schema: string): string {
  if (/^[a-z_][a-z0-9_]{0,62}$/i.test(schema)) return `"${schema}"`
  throw new RangeError(`The schema has to be of letters, digits and _, 63 at most: ${schema}`)
}

/**
 * The SQL that makes the tables of a `PostgresLog` where there are none, to be run as one transaction: for those who
 * migrate themselves.
 */
export function createTables(schema = 'headwater'): string {
  const name = quoteSchema(schema)
  return `SELECT pg_advisory_xact_lock(hashtext('headwater.${schema}'));

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = '${schema}') THEN CREATE SCHEMA ${name}; END IF;
END $$;

CREATE TABLE IF NOT EXISTS ${name}.log (
  version integer PRIMARY KEY,
  swept timestamptz NOT NULL DEFAULT '-infinity'
);

-- Outlives the records. No index has what an append changes, so that Postgres updates the row in place.
CREATE TABLE IF NOT EXISTS ${name}.channels (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  epoch text NOT NULL,
  head bigint NOT NULL DEFAULT 0, head_tag text NOT NULL DEFAULT '-', before_tag text NOT NULL DEFAULT '-',
  trimmed bigint NOT NULL DEFAULT 0, trimmed_tag text NOT NULL DEFAULT '-',
  seconds double precision, events bigint,
  oldest timestamptz NOT NULL DEFAULT clock_timestamp(),
  newest timestamptz NOT NULL DEFAULT '-infinity',
  used timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS ${name}.records (
  channel bigint NOT NULL, place bigint NOT NULL,
  tag text NOT NULL, time timestamptz NOT NULL, data text NOT NULL,
  PRIMARY KEY (channel, place)
);

CREATE TABLE IF NOT EXISTS ${name}.keys (
  channel bigint NOT NULL, key text COLLATE "C" NOT NULL,
  first bigint NOT NULL, last bigint NOT NULL, tag text NOT NULL, expires timestamptz NOT NULL,
  PRIMARY KEY (channel, key)
);
CREATE INDEX IF NOT EXISTS keys_expires ON ${name}.keys (expires);

INSERT INTO ${name}.log (version) SELECT ${VERSION} WHERE NOT EXISTS (SELECT FROM ${name}.log);
`
}

/**
 * Makes the tables where there are none.
 *
 * @throws {Error} when they are of a form that this version does not know, or the server is not fit for a log.
 */
export async function prepareTables(query: RunQuery, schema: string, warn: (message: string) => void): Promise<void> {
  let version = await versionOf(query, schema)
  if (version === undefined) {
    await query(createTables(schema))
    version = await versionOf(query, schema)
  }
  if (version !== VERSION) {
    const both = `The tables of the log are of version ${version}, this Headwater knows version ${VERSION}`
    throw new Error(`${both}. Let all processes use the same Headwater`)
  }
  await probe(query, warn)
}

async function versionOf(query: RunQuery, schema: string): Promise<number | undefined> {
  try {
    const [row] = await query(`SELECT version FROM ${quoteSchema(schema)}.log`)
    return row === undefined ? undefined : Number(row[0])
  } catch (error) {
    if (isServerError(error) && MISSING.includes(error.code)) return undefined
    throw error
  }
}

async function probe(query: RunQuery, warn: (message: string) => void): Promise<void> {
  const [row = []] = await query(
    `SELECT current_setting('server_encoding'), pg_is_in_recovery()::text, current_setting('fsync'),
       current_setting('synchronous_commit')`,
  )
  const [encoding, isReplica, fsync, synchronousCommit] = row
  if (isReplica === 'true') throw new Error('This Postgres is a replica: a log needs the primary')
  if (encoding !== 'UTF8') throw new Error(`A log needs a database with the encoding UTF8, this one has ${encoding}`)
  if (fsync === 'off') warn('fsync is off in Postgres: a power failure can damage the log')
  if (synchronousCommit === 'off')
    warn('synchronous_commit is off in Postgres: a crash loses the last acknowledged events')
}
