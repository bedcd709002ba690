import { quoteSchema } from './schema.ts'

/** How much one statement of the sweeper takes on: appends to these channels wait for it. */
const SWEEP = { channels: 10, records: 1000, others: 5000 }

export interface Statements {
  /** No row: there is no such channel. */
  readonly append: string
  /** No row: there is no such channel, or the key is taken. */
  readonly appendOnce: string
  readonly known: string
  readonly create: string
  readonly read: string
  readonly heads: string
  readonly notify: string
  readonly turn: string
  readonly touch: string
  readonly trim: string
  readonly deleteKeys: string
  readonly forget: string
  readonly rotate: string
}

/** All that a log asks its tables. Arrays come as text (`toArray`). */
export function statementsFor(schema: string): Statements {
  const s = quoteSchema(schema)
  const hasLockTimeout = `set_config('lock_timeout', COALESCE($7, current_setting('lock_timeout')), true) IS NOT NULL`
  const move = `UPDATE ${s}.channels AS c
        SET head = head + $3::int, head_tag = $4::text, before_tag = head_tag,
          seconds = $5::float8, events = $6::bigint, newest = GREATEST(newest, clock_timestamp()), used = clock_timestamp(),
          oldest = CASE WHEN trimmed = head THEN GREATEST(newest, clock_timestamp()) ELSE oldest END`
  const moved = `RETURNING id, epoch, head - $3::int AS before, before_tag, newest
      ), stored AS (
        INSERT INTO ${s}.records (channel, place, tag, time, data)
        SELECT id, before + n, $4::text, newest, data
        FROM moved, unnest($2::text::text[]) WITH ORDINALITY AS given (data, n)
      )
      SELECT epoch, before, before_tag FROM moved`
  return {
    append: `
      WITH moved AS (
        ${move} WHERE name = $1 AND ${hasLockTimeout}
        ${moved}`,
    // The row of the channel is locked first, so that the key gets the places that the records will have. A key that is
    // taken leaves the channel as it is.
    appendOnce: `
      WITH channel AS MATERIALIZED (
        SELECT id, head FROM ${s}.channels WHERE name = $1 AND ${hasLockTimeout} FOR UPDATE
      ), claim AS (
        INSERT INTO ${s}.keys AS known (channel, key, first, last, tag, expires)
        SELECT id, $8::text, head + 1, head + $3::int, $4::text, clock_timestamp() + $9::float8 * interval '1 second'
        FROM channel
        ON CONFLICT (channel, key) DO UPDATE
        SET first = excluded.first, last = excluded.last, tag = excluded.tag, expires = excluded.expires
        WHERE known.expires <= clock_timestamp()
        RETURNING channel
      ), moved AS (
        ${move} FROM claim WHERE id = claim.channel
        ${moved}`,
    known: `
      SELECT epoch, first, last, tag FROM ${s}.channels
      LEFT JOIN ${s}.keys ON channel = id AND key = $2 AND expires > clock_timestamp()
      WHERE name = $1`,
    // In one order, so that processes which make the same channels do not lock each other out.
    create: `
      INSERT INTO ${s}.channels (name, epoch)
      SELECT name, epoch FROM unnest($1::text::text[], $2::text::text[]) AS new (name, epoch) ORDER BY name COLLATE "C"
      ON CONFLICT (name) DO NOTHING`,
    read: `
      SELECT c.epoch, c.head, c.head_tag, c.trimmed, c.trimmed_tag, here.tag, r.place, r.tag, r.data
      FROM ${s}.channels AS c
      LEFT JOIN ${s}.records AS here ON here.channel = c.id AND here.place = $2::bigint
      LEFT JOIN LATERAL (
        SELECT place, tag, data, sum(octet_length(data)) OVER page AS bytes, row_number() OVER page AS n
        FROM (
          SELECT place, tag, data FROM ${s}.records
          WHERE channel = c.id AND place > GREATEST($2::bigint, c.trimmed) ORDER BY place LIMIT $3::int
        ) AS next
        WINDOW page AS (ORDER BY place)
      ) AS r ON r.bytes <= $4::bigint OR r.n = 1
      WHERE c.name = $1 ORDER BY r.place`,
    heads: `
      SELECT epoch, head, head_tag, trimmed
      FROM unnest($1::text::text[]) WITH ORDINALITY AS asked (name, n) LEFT JOIN ${s}.channels USING (name) ORDER BY n`,
    notify: `SELECT pg_notify('${schema}', payload) FROM unnest($1::text::text[]) AS payload`,
    // One of the processes at a time.
    turn: `UPDATE ${s}.log SET swept = now() WHERE swept <= now() - $1::float8 * interval '1 second' RETURNING 1`,
    touch: `
      UPDATE ${s}.channels SET used = now()
      WHERE name = ANY ($1::text::text[]) AND extract(epoch FROM now() - used) > $2::float8`,
    // The row may be newer than what the statement sees of the records: it trims nothing that it does not see.
    trim: `
      WITH due AS MATERIALIZED (
        SELECT id, head, trimmed, seconds, events, newest FROM ${s}.channels
        WHERE trimmed < head AND (head - trimmed > events OR extract(epoch FROM now() - oldest) >= seconds)
        LIMIT ${SWEEP.channels} FOR UPDATE SKIP LOCKED
      ), cut AS (
        SELECT id, newest, LEAST(GREATEST(head - events, kept.place - 1), seen.place, trimmed + ${SWEEP.records}) AS last
        FROM due
        CROSS JOIN LATERAL (SELECT max(place) AS place FROM ${s}.records WHERE channel = id) AS seen
        LEFT JOIN LATERAL (
          SELECT COALESCE((
            SELECT place FROM ${s}.records
            WHERE channel = id AND place > trimmed AND extract(epoch FROM now() - time) < seconds
            ORDER BY place LIMIT 1
          ), seen.place + 1) AS place
        ) AS kept ON seconds IS NOT NULL
      ), moved AS (
        UPDATE ${s}.channels AS c SET trimmed = last, trimmed_tag = gone.tag, oldest = COALESCE(next.time, cut.newest)
        FROM cut
        JOIN ${s}.records AS gone ON gone.channel = cut.id AND gone.place = cut.last
        LEFT JOIN ${s}.records AS next ON next.channel = cut.id AND next.place = cut.last + 1
        WHERE c.id = cut.id AND cut.last > c.trimmed
        RETURNING c.id, c.trimmed
      ), deleted AS (
        DELETE FROM ${s}.records USING moved WHERE channel = moved.id AND place <= moved.trimmed
      )
      SELECT id FROM moved`,
    deleteKeys: `
      DELETE FROM ${s}.keys WHERE (channel, key) IN (
        SELECT channel, key FROM ${s}.keys WHERE expires <= now() LIMIT ${SWEEP.others} FOR UPDATE SKIP LOCKED
      ) RETURNING 1`,
    forget: `
      DELETE FROM ${s}.channels WHERE id IN (
        SELECT id FROM ${s}.channels AS c
        WHERE extract(epoch FROM now() - used) >= $1::float8 AND trimmed = head
          AND NOT EXISTS (SELECT FROM ${s}.keys WHERE channel = c.id)
        LIMIT ${SWEEP.others} FOR UPDATE SKIP LOCKED
      ) RETURNING 1`,
    rotate: `UPDATE ${s}.channels SET epoch = left(md5(epoch || $1), 12) WHERE $2::text IS NULL OR name = $2`,
  }
}
