/** Puts what tsc does not emit beside what it does, where Node-RED and the engines look for it. */
import { cpSync, globSync, rmSync } from 'node:fs'

rmSync('dist/nodes/locales', { recursive: true, force: true })
rmSync('dist/nodes/icons', { recursive: true, force: true })
for (const page of globSync('nodes/*.html')) cpSync(page, `dist/${page}`)
cpSync('src/redis/lua', 'dist/src/redis/lua', { recursive: true })
cpSync('nodes/locales', 'dist/nodes/locales', { recursive: true })
cpSync('icons', 'dist/nodes/icons', { recursive: true })
