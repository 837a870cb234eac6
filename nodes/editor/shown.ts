/** A value as a field shows it. */
export function shown(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}
