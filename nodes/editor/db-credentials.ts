/** The address of a database, and apart from it who may open it. */
export interface SplitDbUrl {
  url: string
  user: string
  password: string
}

/**
 * Takes the user and the password out of a `db_url`, also where characters in them should have
 * been escaped, as Kamailio does not ask for it.
 *
 * @returns undefined when there are none in it
 */
export function splitDbUrl(dbUrl: string): SplitDbUrl | undefined {
  const trimmed = dbUrl.trim()
  if (isPlainServer(trimmed)) return undefined
  const [, scheme, userInfo, rest] = /^([a-z][a-z0-9+.-]*:\/\/)(.*)@([^@]*)$/is.exec(trimmed) ?? []
  if (scheme === undefined || userInfo === undefined) return undefined
  const [user = '', ...password] = userInfo.split(':')
  return {
    url: `${scheme}${rest}`,
    user: unescaped(user),
    password: unescaped(password.join(':')),
  }
}

/** An "@" behind the host is part of the database's name or of a parameter. */
function isPlainServer(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { username, password, hostname } = new URL(text)
  return hostname !== '' && username === '' && password === ''
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
