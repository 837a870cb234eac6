/** What the engine of this process needs of a database, to be loaded in one. */
export { Database } from './database.ts'
export { Journal } from './journal.ts'
export { Snapshot } from './snapshot.ts'
