/** A server, by its name or address. */
export interface HostPort {
  /** An IPv6 address stands without its brackets. */
  readonly host: string
  readonly port: number
}

const FORM = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([^\s:[\]<>"'`{}|\\^%,]+))(?::(\d{1,5})?)?$/i

/** Reads `host`, `host:port` or `[IPv6]:port`; undefined for anything else. */
export function parseHostPort(text: string, defaultPort: number): HostPort | undefined {
  const [, bracketed, plain, digits] = FORM.exec(text) ?? []
  const port = digits === undefined ? defaultPort : Number(digits)
  const host = bracketed ?? plain
  if (host === undefined || port < 1 || port > 65_535 || !isPossible(bracketed)) return undefined
  return { host, port }
}

/** A server as it stands in an address. */
export function shownHostPort({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Whether it is an IPv6 address, if it is in brackets. */
function isPossible(bracketed: string | undefined): boolean {
  return bracketed === undefined || URL.canParse(`http://[${bracketed.replace(/%.*/, '')}]`)
}
