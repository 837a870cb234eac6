import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROJECT } from './node-red.ts'

/** A user directory into which the packed tarball was installed, as users install it. */
export interface PackedUserDir {
  userDir: string
  /** What the tarball holds, sorted. */
  files: string[]
  remove(): void
}

/** Packs the build that the tests run against, and installs the tarball. */
export function installPacked(): PackedUserDir {
  const userDir = mkdtempSync(join(tmpdir(), 'mqueue-pack-'))
  const npm = (args: string[]) =>
    execFileSync('npm', args, { cwd: userDir, stdio: ['ignore', 'pipe', 'ignore'] }).toString()
  const [packed] = JSON.parse(
    npm(['pack', PROJECT, '--json', '--ignore-scripts', '--pack-destination', userDir]),
  )
  writeFileSync(join(userDir, 'package.json'), '{ "name": "user-dir", "private": true }')
  npm(['install', join(userDir, packed.filename), '--prefer-offline', '--no-audit', '--no-fund'])
  return {
    userDir,
    files: packed.files.map(({ path }: { path: string }) => path).sort(),
    remove: () => rmSync(userDir, { recursive: true, force: true }),
  }
}
