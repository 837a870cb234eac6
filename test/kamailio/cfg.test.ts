/** The reader of configurations beside a real Kamailio: what it has is what is read or reported. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ParsedModparams, parseModparams } from '../../src/index.ts'
import { requires } from '../support/required.ts'
import { configurationOf } from './cfg-generator.ts'
import { behaviourOf, databaseOf, MODULES, type Outcome, queuesOf } from './cfg-queues.ts'
import { Random } from './cfg-random.ts'
import { spelledText } from './cfg-spelling.ts'
import { ENVIRONMENT } from './cfg-wild.ts'
import { hasModule, kamailioVersion } from './rig.ts'

/** More are compared with MQUEUE_CFG_FILES=5000, others with MQUEUE_CFG_SEED=1. */
const FILES = Number(process.env.MQUEUE_CFG_FILES ?? 200)
const SEED = Number(process.env.MQUEUE_CFG_SEED ?? 20_000)
const AT_ONCE = 2
const OUTSIDE = { ...ENVIRONMENT, QUEUE_SIZE: '12', HOSTNAME: 'here' }
const DEFAULT = '/etc/kamailio/kamailio.cfg'
const FIELD = join(import.meta.dirname, '../field')

describe('a configuration read as by Kamailio', function () {
  this.timeout(60_000 + FILES * 1000)
  requires(
    kamailioVersion() !== undefined && hasModule('db_sqlite'),
    'apt-get install kamailio kamailio-sqlite-modules',
  )

  it(`has the same queues in ${FILES} files written at random, or tells what it cannot read`, async () => {
    const seeds = Array.from({ length: FILES }, (_, index) => SEED + index)
    const counts = { plain: 0, refused: 0, queues: 0 }
    async function work(): Promise<void> {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const { text, isPlain } = configurationOf(seed)
        const { outcome, read } = await compare(text, `seed ${seed}`)
        counts.queues += outcome?.length ?? 0
        if (outcome === undefined) counts.refused++
        if (!isPlain) continue
        counts.plain++
        assert.deepEqual(read.errors, [], `seed ${seed}:\n${text}`)
        assert.equal(read.definitions.length, outcome?.length, `seed ${seed}:\n${text}`)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    // The generator has not come down to what is refused, or is trivial.
    assert.ok(counts.plain > FILES / 3 && counts.queues > FILES, JSON.stringify(counts))
    assert.ok(counts.refused > FILES / 50, JSON.stringify(counts))
  })

  for (const file of globSync('cfg-*/*.cfg', { cwd: FIELD }).sort()) {
    it(`has the same queues in ${file}`, async () => {
      await compare(readFileSync(join(FIELD, file), 'utf8'), file)
    })
  }

  it("has the queues behind Kamailio's own default file", async function () {
    if (!existsSync(DEFAULT)) return this.skip()
    const text = readFileSync(DEFAULT, 'utf8')
    const queues = `#!ifndef WITH_NEVER
modparam("mqueue", "mqueue", "name=unsure")
#!endif
modparam("mqueue", "mqueue", "name=calls;size=3")`
    for (const flags of ['', '#!define WITH_DEBUG\n#!define WITH_NAT\n']) {
      const { outcome, read } = await compare(`${flags}${text}\n${queues}`, DEFAULT)
      assert.equal(outcome?.length, 2)
      const { definitions } = read
      assert.deepEqual(definitions, [{ name: 'calls', size: 3, addmode: 0, dbmode: 0 }])
      assert.deepEqual(
        read.errors.map(({ rule }) => rule),
        ['include', 'unknown'],
      )
    }
  })

  it('has the same database address', async () => {
    const random = new Random(7)
    const path = `nowhere/a b#c'd"e\\f;g?h=i`
    for (let round = 0; round < 12; round++) {
      const url = `sqlite:///${path.slice(0, 9 + round)}`
      const spelled = spelledText(random, url)
      const isDefined = round % 2 === 0 && !/[\r\n]/.test(spelled)
      const text = `#!define THE_URL ${isDefined ? spelled : '"other"'}
modparam("mqueue", "db_url", "sqlite:///first")
modparam("mqueue", "db_url", ${isDefined ? 'THE_URL' : spelled})
modparam("mqueue", "mqueue", "name=q;dbmode=1")`
      const { dbUrl, errors } = parseModparams(text)
      assert.deepEqual([dbUrl, errors], [url, []], text)
      const file = await databaseOf(`loadmodule "db_sqlite.so"\n${text}`)
      assert.equal(file, url.slice('sqlite:///'.length), text)
    }
  })
})

/** Lets Kamailio read a text, and fails where it has queues that are neither read nor reported. */
async function compare(
  text: string,
  place: string,
): Promise<{ outcome: Outcome; read: ParsedModparams }> {
  const read = parseModparams(MODULES + text)
  const { definitions, errors } = read
  const names = definitions.map(({ name }) => name)
  const outcome = await queuesOf(text, names, OUTSIDE)
  const message = `${place}:\n${text}\n${errors.map((error) => error.message).join('\n')}`
  if (outcome === undefined) {
    assert.ok(errors.length > 0, `Kamailio refuses ${message}`)
    return { outcome, read }
  }
  const known = outcome.filter(({ name }) => names.includes(name))
  const expected = definitions.map((definition) => {
    const { name, dbmode } = definition
    return { name, dbmode, behaviour: behaviourOf(definition) }
  })
  assert.deepEqual(known, expected, message)
  const silent = outcome.length - known.length - errors.length
  assert.ok(silent <= 0, `${silent} queues are missing from ${message}`)
  return { outcome, read }
}
