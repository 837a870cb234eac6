import type { MqueueError } from './errors.ts'

/** Makes the error of an address, of a reason as it stands in a sentence. */
type Invalid = (reason: string) => MqueueError

/** Who may use a server: what stands before the `@` of its address. */
export function userInfo(text: string, invalid: Invalid): { user: string; password: string } {
  const [user = '', ...password] = text.split(':')
  return { user: unescaped(user, invalid), password: unescaped(password.join(':'), invalid) }
}

/**
 * A user or a password out of an address, as it is meant.
 *
 * @throws what `invalid` makes, where a "%" in it stands for nothing
 */
export function unescaped(text: string, invalid: Invalid): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('a "%" in its user or password must be written as %25')
  }
}
