import type { SqliteDatabase } from './database.ts'

interface Driver {
  readonly DatabaseSync: new (path: string) => SqliteDatabase
}

/** @throws {Error} when this runtime has no SQLite and none is installed. */
export async function openDatabase(path: string): Promise<SqliteDatabase> {
  const { DatabaseSync } = await loadDriver()
  return new DatabaseSync(path)
}

async function loadDriver(): Promise<Driver> {
  const builtin: unknown = process.getBuiltinModule?.('node:sqlite')
  if (builtin !== undefined) return builtin as Driver
  try {
    return (await import('@photostructure/sqlite')) as Driver
  } catch (cause) {
    throw new Error('A SqliteLog needs Node 22.13 or later, or: npm install @photostructure/sqlite', { cause })
  }
}
