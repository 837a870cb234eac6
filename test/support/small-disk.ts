/** A disk that is soon full: a real file system, which this process must be allowed to mount. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export class SmallDisk {
  readonly path: string

  /**
   * @param path of the directory that it is mounted on, which is made
   * @param kilobytes its size
   */
  constructor(path: string, kilobytes: number) {
    this.path = path
    mkdirSync(path, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path])
  }

  /** Fills it up, except some pages of 4 kB. */
  fill(pagesLeft: number): void {
    const { bavail, bsize } = statfsSync(this.path)
    writeFileSync(join(this.path, 'filling'), Buffer.alloc((bavail - pagesLeft) * bsize))
  }

  /** Takes away what it was filled up with. */
  clear(): void {
    rmSync(join(this.path, 'filling'), { force: true })
  }

  unmount(): void {
    execFileSync('umount', ['--lazy', this.path])
  }
}
