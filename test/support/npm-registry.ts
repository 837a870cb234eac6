/** A registry for npm that has this package alone, packed as it is published. All that it depends on comes from where npm is set to. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROJECT } from './node-red.ts'

export interface NpmRegistry {
  version: string
  /** A user directory in which nothing is installed, and npm looks for the package here. */
  makeUserDir(): string
  close(): void
}

export async function npmRegistry(): Promise<NpmRegistry> {
  const dir = mkdtempSync(join(tmpdir(), 'mqueue-registry-'))
  const args = ['pack', PROJECT, '--json', '--ignore-scripts', '--pack-destination', dir]
  const [packed] = JSON.parse(execFileSync('npm', args, { stdio: 'pipe' }).toString())
  const tarball = readFileSync(join(dir, packed.filename))
  const manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'))
  const { name, version } = manifest
  const server = createServer((request, response) => {
    if (request.url === '/tarball.tgz') {
      response.end(tarball)
      return
    }
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
    const dist = { tarball: `${url}tarball.tgz`, integrity }
    const versions = { [version]: { ...manifest, dist } }
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const made = [dir]
  return {
    version,
    makeUserDir() {
      const userDir = mkdtempSync(join(tmpdir(), 'mqueue-user-'))
      made.push(userDir)
      writeFileSync(join(userDir, 'package.json'), '{ "name": "user-dir", "private": true }')
      writeFileSync(join(userDir, '.npmrc'), `@mqueue:registry=${url}\nprefer-offline=true\n`)
      return userDir
    },
    close() {
      server.close()
      for (const path of made) rmSync(path, { recursive: true, force: true })
    },
  }
}
