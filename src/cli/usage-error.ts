/** Something is wrong with what the command was given. */
export class UsageError extends Error {}
