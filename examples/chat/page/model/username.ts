import { readStored, writeStored } from './storage.ts'
import { Store } from './store.ts'

export const MAX_NAME_LENGTH = 50

/** As it stands in the field; each tab has its own, a new one begins with the name given last. */
export const username = new Store<string>(readStored(localStorage, 'username', 'guest'))
username.subscribe(() => writeStored(localStorage, 'username', username.state))
