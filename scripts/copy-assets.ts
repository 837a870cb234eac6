/** Puts what tsc does not emit beside what it does, where Node-RED and the engines look for it. */
import { cpSync, globSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'

/** What `node-red` in package.json names: Node-RED looks for the rest of a node beside it. */
const PALETTE = 'dist/nodes/palette'

for (const folder of ['locales', 'icons']) {
  rmSync(join(PALETTE, folder), { recursive: true, force: true })
}
for (const page of globSync('nodes/*.html')) cpSync(page, join(PALETTE, basename(page)))
cpSync('nodes/palette/package.json', join(PALETTE, 'package.json'))
cpSync('src/redis/lua', 'dist/src/redis/lua', { recursive: true })
cpSync('nodes/locales', join(PALETTE, 'locales'), { recursive: true })
cpSync('icons', join(PALETTE, 'icons'), { recursive: true })
