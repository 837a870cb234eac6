/** Whether nothing was written where a value may be. */
export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

/** Whether Node-RED replaces a value by an environment variable: all of it must be `${NAME}` or `$(NAME)`. */
export function isReference(value: unknown): value is string {
  return typeof value === 'string' && /^\$(\{\S+\}|\(\S+\))$/.test(value)
}
