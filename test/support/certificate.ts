import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Makes `server.crt` and `server.key` for 127.0.0.1 and localhost, which vouch for themselves. */
export function makeCertificate(directory: string): void {
  const options = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ]
  const names = ['-subj', '/CN=mqueue test', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const files = ['-keyout', join(directory, 'server.key'), '-out', join(directory, 'server.crt')]
  execFileSync('openssl', ['req', '-x509', ...options, ...names, ...files], { stdio: 'pipe' })
}
