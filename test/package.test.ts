/** What ships: the packed tarball, installed as users install it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LINES, type Line, NodeRed, PROJECT } from './support/node-red.ts'
import { TYPES } from './support/node-types.ts'
import { UNDER_TEST } from './support/node-under-test.ts'
import { installPacked, type PackedUserDir } from './support/packed.ts'

const NAME = '@mqueue/node-red-mqueue'

describe('the packed tarball', function () {
  this.timeout(180_000)
  let packed: PackedUserDir
  let root: string
  let files: string[]

  before(() => {
    packed = installPacked()
    files = packed.files
    root = join(packed.userDir, 'node_modules', NAME)
  })
  after(() => packed.remove())

  const read = (file: string, from = root) => readFileSync(join(from, file), 'utf8')

  it('holds what is needed and nothing else', () => {
    const allowed =
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/src\/.*\.(js|d\.ts)|dist\/src\/redis\/lua\/[^/]*\.lua|dist\/nodes\/[^/]*\.js|dist\/nodes\/palette\/([^/]*\.(js|html)|package\.json)|dist\/nodes\/palette\/(icons\/.*\.svg|locales\/.*\.(json|html))|resources\/.*\.js|examples\/.*\.json)$/
    for (const file of files) assert.match(file, allowed)
    for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/src/index.d.ts']) {
      assert.ok(files.includes(file), file)
    }
    for (const type of TYPES) {
      for (const file of [`${type}.js`, `${type}.html`, 'package.json'])
        assert.ok(files.includes(`dist/nodes/palette/${file}`))
      assert.ok(files.includes(`dist/nodes/palette/locales/en-US/${type}.json`))
      assert.ok(files.includes(`dist/nodes/palette/locales/en-US/${type}.html`))
    }
  })

  it('has every script and icon that the html names', () => {
    for (const type of TYPES) {
      const html = read(`dist/nodes/palette/${type}.html`)
      for (const [, src = ''] of html.matchAll(/<script[^>]* src="([^"]*)"/g)) {
        const prefix = `resources/${NAME}/`
        assert.ok(src.startsWith(prefix), src)
        assert.ok(files.includes(`resources/${src.slice(prefix.length)}`), src)
      }
      const [, icon] = /icon: '([^']*)'/.exec(html) ?? []
      if (icon !== undefined) assert.ok(files.includes(`dist/nodes/palette/icons/${icon}`), icon)
      assert.equal(/registerType\('([^']*)'/.exec(html)?.[1], type)
    }
  })

  it('has every module that another one imports', () => {
    for (const file of files.filter((name) => name.endsWith('.js'))) {
      for (const [, from = ''] of read(file).matchAll(/(?:from |import\()'(\.[^']*)'/g)) {
        assert.ok(files.includes(join(dirname(file), from)), `${file} imports ${from}`)
      }
    }
  })

  it('depends on few packages, and on no native one', () => {
    const { dependencies } = JSON.parse(read('package.json'))
    assert.ok(Object.keys(dependencies).length <= 6)
    assert.deepEqual(globSync(join(packed.userDir, 'node_modules/**/binding.gyp')), [])
  })

  it('is a library that does not need Node-RED', () => {
    assert.deepEqual(globSync(join(packed.userDir, 'node_modules/node-red*')), [])
    const script = `
      import { Queue, parseDefinitionString, parseModparams, MqueueError } from '${NAME}'
      const queue = new Queue(parseDefinitionString('name=q;size=1'))
      queue.add('a', 1)
      console.log(queue.add('b', 2).dropped.reason, queue.fetch().key, queue.size)
      try { parseDefinitionString('name=q,size=3') } catch (e) { console.log(e instanceof MqueueError, e.code) }
      console.log(parseModparams('modparam("mqueue", "mqueue_name", "x")').definitions[0].name)`
    writeFileSync(join(packed.userDir, 'use.mjs'), script)
    const output = execFileSync(process.execPath, [join(packed.userDir, 'use.mjs')]).toString()
    assert.equal(output, 'overflow b 0\ntrue MQ_INVALID_DEFINITION\nx\n')
  })

  it('does what the example of docs/library.md says', () => {
    const [, example = ''] = /```js\n([\s\S]*?)```/.exec(read('docs/library.md', PROJECT)) ?? []
    const checked = example.replaceAll(/^(.*) \/\/ (.*)$/gm, 'assert.deepEqual($1, $2)')
    assert.equal(checked.match(/deepEqual/g)?.length, 2)
    const file = join(packed.userDir, 'example.mjs')
    writeFileSync(file, `import assert from 'node:assert/strict'\n${checked}`)
    execFileSync(process.execPath, [file], { stdio: 'pipe' })
  })

  it('is typed', () => {
    const check = (code: string) => {
      writeFileSync(join(packed.userDir, 'use.mts'), code)
      const tsc = join(PROJECT, 'node_modules/typescript/bin/tsc')
      const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024']
      try {
        execFileSync(process.execPath, [tsc, ...flags, '--types', '', 'use.mts'], {
          cwd: packed.userDir,
        })
        return ''
      } catch (error) {
        return String((error as { stdout: Buffer }).stdout)
      }
    }
    const right = `
      import { type Engine, MemoryEngine, Queue, parseDefinition } from '${NAME}'
      const queue = new Queue<number>(parseDefinition({ name: 'q' }))
      const size: number = queue.add('k', 1).size
      const value: number | undefined = queue.fetch()?.value
      const engine: Engine = new MemoryEngine()
      console.log(size, value, engine)`
    assert.equal(check(right), '')
    assert.match(check(right.replace("add('k', 1)", "add('k', 'text')")), /TS2345/)
  })

  for (const line of Object.keys(LINES) as Line[]) {
    it(`loads into Node-RED ${line} without a warning`, async () => {
      const nodeRed = await NodeRed.start({
        line,
        node: UNDER_TEST,
        userDir: packed.userDir,
        flows: [],
      })
      try {
        const known = /Projects disabled|Encrypted credentials not found/
        const warnings = nodeRed.log
          .split('\n')
          .filter((text) => /\[(warn|error)\]|Warning/.test(text) && !known.test(text))
        assert.deepEqual(warnings, [])
        const get = async (path: string) => {
          const response = await fetch(`${nodeRed.url}/${path}`, {
            headers: { Accept: path === 'nodes' ? 'application/json' : '*/*' },
          })
          assert.equal(response.status, 200, path)
          return response.text()
        }
        const sets = JSON.parse(await get('nodes')).filter(
          (set: { module: string }) => set.module === NAME,
        )
        assert.deepEqual(
          sets.flatMap((set: { types: string[] }) => set.types).sort(),
          TYPES.toSorted(),
        )
        for (const { enabled, err } of sets) assert.deepEqual([enabled, err], [true, undefined])
        for (const file of files.filter((name) => name.startsWith('resources/'))) {
          await get(`resources/${NAME}/${file.slice('resources/'.length)}`)
        }
        for (const type of TYPES) {
          const catalogue = JSON.parse(await get(`locales/${NAME}/${type}?lng=en-US`))
          assert.ok(Object.keys(catalogue[type].label).length > 0)
          if (type !== 'mqueue') assert.match(await get(`icons/${NAME}/${type}.svg`), /<svg/)
        }
      } finally {
        await nodeRed.stop({ keep: true })
      }
    })
  }
})
