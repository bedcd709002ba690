export { App, type AppOptions, type Base, type BuiltApp, Outer } from './app.ts'
export type { AppContext } from './app-context.ts'
export type { ListenOptions, RunningServer } from './app-server.ts'
export type { NamedProcedures, RouterOf } from './router-of.ts'
