import assert from 'node:assert/strict'
import fc from 'fast-check'
import { formatModparams, parseModparams, type QueueDefinition } from '../../src/index.ts'

const definition = fc.record(
  {
    name: fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/),
    size: fc.nat(),
    addmode: fc.constantFrom(0, 1, 2),
    dbmode: fc.constantFrom(0, 1, 2, 3, 4),
  },
  { noNullPrototype: true },
) as fc.Arbitrary<QueueDefinition>

describe('formatModparams', () => {
  it('writes lines as people write them, without what is 0', () => {
    const lines = formatModparams(
      [
        { name: 'calls', size: 100, addmode: 2, dbmode: 1 },
        { name: 'plain', size: 0, addmode: 0, dbmode: 0 },
      ],
      ' mysql://db.example/kamailio ',
    )
    assert.equal(
      lines,
      `modparam("mqueue", "db_url", "mysql://db.example/kamailio")
modparam("mqueue", "mqueue", "name=calls;size=100;addmode=2;dbmode=1")
modparam("mqueue", "mqueue", "name=plain")
`,
    )
  })

  it('marks what Kamailio does not know', () => {
    const lines = formatModparams([{ name: 'q', size: 0, addmode: 0, dbmode: 4 }])
    assert.match(lines, /^# Kamailio has no dbmode 4.*\nmodparam\(.*dbmode=4"\)\n$/)
  })

  it('is nothing for nothing', () => assert.equal(formatModparams([]), ''))

  it('is read back as it was', () => {
    const lists = fc.uniqueArray(definition, { selector: ({ name }) => name })
    const urls = fc.stringMatching(/^[!-~]+$/)
    fc.assert(
      fc.property(lists, urls, (definitions, dbUrl) => {
        const read = parseModparams(formatModparams(definitions, dbUrl))
        assert.deepEqual(read, { definitions, dbUrl, errors: [] })
      }),
    )
  })
})
