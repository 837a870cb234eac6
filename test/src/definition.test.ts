// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
import assert from 'node:assert/strict'
import { FAILURE_FIELDS } from '../../nodes/editor/modes.ts'
import { MqueueError, parseDefinition, parseDefinitions } from '../../src/index.ts'

function errorOf(input: unknown, defaults = {}): MqueueError {
  try {
    parseDefinition(input, defaults)
  } catch (error) {
    assert.ok(error instanceof MqueueError)
    assert.equal(error.code, 'MQ_INVALID_DEFINITION')
    return error
  }
  return assert.fail(`${JSON.stringify(input)} was taken`)
}

describe('parseDefinition', () => {
  it('fills in what is not given', () => {
    assert.deepEqual(parseDefinition({ name: 'q' }), { name: 'q', size: 0, addmode: 0, dbmode: 0 })
  })

  it('takes numbers as strings, as they come from environment variables', () => {
    const input = { name: 'q', size: '100', addmode: '2', dbmode: ' 4 ' }
    assert.deepEqual(parseDefinition(input), { name: 'q', size: 100, addmode: 2, dbmode: 4 })
    assert.equal(parseDefinition({ name: 5 }).name, '5')
  })

  it('takes the defaults where size and addmode are blank', () => {
    const defaults = { mqueueSize: '7', mqueueAddmode: 1 }
    for (const blank of ['', ' ', null, undefined]) {
      const { size, addmode, dbmode } = parseDefinition(
        { name: 'q', size: blank, addmode: blank, dbmode: blank },
        defaults,
      )
      assert.deepEqual({ size, addmode, dbmode }, { size: 7, addmode: 1, dbmode: 0 })
    }
    assert.equal(parseDefinition({ name: 'q', size: 0 }, defaults).size, 0)
  })

  it('takes every allowed name', () => {
    for (const name of ['q', 'a-b.c_D9', '-', '.', '__proto__', 'constructor', 'x'.repeat(64)]) {
      assert.equal(parseDefinition({ name }).name, name)
    }
  })

  for (const name of ['', ' ', 'a b', 'q ', 'é', 'a/b', '$b', 'x'.repeat(65), 'a\n', {}, null]) {
    it(`refuses the name ${JSON.stringify(name)} and says what is allowed`, () => {
      const error = errorOf({ name })
      assert.equal(error.field, 'name')
      assert.match(error.message, /1 to 64 of letters, digits/)
    })
  }

  for (const size of [
    -1,
    1.5,
    'many',
    '3x',
    '0x3',
    '1e3',
    '-2',
    true,
    [],
    2 ** 53,
    '9'.repeat(400),
  ]) {
    it(`refuses the size ${JSON.stringify(size).slice(0, 20)}, naming queue and field`, () => {
      const error = errorOf({ name: 'calls', size })
      assert.deepEqual([error.queue, error.field], ['calls', 'size'])
      assert.match(error.message, /"calls".*whole number from 0 on/)
    })
  }

  for (const [field, value, allowed] of [
    ['addmode', 3, /0 \(keep all\), 1 \(the oldest.*2/],
    ['addmode', 'abc', /Equal keys \(addmode\) must be/],
    ['dbmode', 5, /0 \(memory\).*4 \(every change\)/],
    ['dbmode', -1, /Storage \(dbmode\) must be/],
  ] as const) {
    it(`refuses ${field} ${value}, naming what is allowed`, () => {
      const error = errorOf({ name: 'calls', [field]: value })
      assert.deepEqual([error.queue, error.field], ['calls', field])
      assert.match(error.message, allowed)
    })
  }

  it('refuses a bad default where it is taken', () => {
    const error = errorOf({ name: 'q' }, { mqueueSize: 'x' })
    assert.deepEqual([error.queue, error.field], ['q', 'mqueueSize'])
    assert.match(error.message, /Size is blank, and Default size must be a whole number/)
    assert.equal(errorOf({ name: 'q' }, { mqueueAddmode: 3 }).field, 'mqueueAddmode')
    assert.equal(parseDefinition({ name: 'q', size: 1 }, { mqueueSize: 'x' }).size, 1)
  })

  it('names an environment variable that is not set, for every field and default', () => {
    const named = { name: 'q', size: '1' }
    for (const field of ['name', 'size', 'addmode', 'dbmode', ...FAILURE_FIELDS]) {
      const error = errorOf({ ...named, [field]: '${MISSING}' })
      assert.deepEqual([error.field, error.rule, error.part], [field, 'notSet', 'MISSING'])
      assert.match(error.message, /The environment variable "MISSING" is not set\./)
    }
    for (const field of ['mqueueSize', 'mqueueAddmode']) {
      const { errors } = parseDefinitions([{ name: 'q' }], { [field]: '$(MISSING)' })
      assert.deepEqual(
        errors.map(({ rule, part, row }) => [rule, part, row]),
        [
          ['notSet', 'MISSING', undefined],
          ['notSet', 'MISSING', 0],
        ],
      )
    }
    const { errors } = parseDefinitions('${MISSING}')
    assert.match(errors[0]?.message ?? '', /"MISSING" is not set/)
  })

  it('refuses what is not an object', () => {
    for (const input of [null, 'q', 5, undefined]) assert.match(errorOf(input).message, /an object/)
  })

  it('shows a very long name only in part', () => {
    assert.ok(errorOf({ name: 'x'.repeat(1_000_000) }).message.length < 300)
  })
})

describe('parseDefinitions', () => {
  it('keeps the good ones and tells what is wrong with each of the others', () => {
    const { definitions, errors } = parseDefinitions([
      { name: 'a' },
      { name: 'b', size: -1 },
      { name: 'c', addmode: 9 },
      { name: 'd' },
    ])
    assert.deepEqual(
      definitions.map(({ name }) => name),
      ['a', 'd'],
    )
    assert.deepEqual(
      errors.map(({ queue, field, row }) => [queue, field, row]),
      [
        ['b', 'size', 1],
        ['c', 'addmode', 2],
      ],
    )
  })

  it('refuses the second queue of a name, and lets case tell names apart', () => {
    const { definitions, errors } = parseDefinitions([
      { name: 'q', size: 1 },
      { name: 'Q' },
      { name: 'q', size: 2 },
    ])
    assert.deepEqual(
      definitions.map(({ name, size }) => [name, size]),
      [
        ['q', 1],
        ['Q', 0],
      ],
    )
    assert.deepEqual([errors[0]?.queue, errors[0]?.field, errors[0]?.row], ['q', 'name', 2])
    assert.match(errors[0]?.message ?? '', /taken/)
  })

  it('refuses bad defaults, even when no queue takes them', () => {
    const queues = [{ name: 'q', size: 1, addmode: 1 }]
    const { definitions, errors } = parseDefinitions(queues, { mqueueSize: -1, mqueueAddmode: 3 })
    assert.equal(definitions.length, 1)
    assert.deepEqual(
      errors.map(({ field }) => field),
      ['mqueueSize', 'mqueueAddmode'],
    )
  })

  it('says which rule each one breaks, whatever the language', () => {
    const bad = [{ name: '' }, { name: 'q', size: -1 }, { name: 'q', addmode: 3 }, null]
    const modes = [{ name: 'q', dbmode: 5 }, { name: 'a' }, { name: 'a' }, { name: 'b', size: 1 }]
    const rulesOf = (queues: unknown, defaults = {}) =>
      parseDefinitions(queues, defaults).errors.map(({ rule }) => rule)
    assert.deepEqual(rulesOf([...bad, ...modes]), [
      'name',
      'size',
      'addmode',
      'object',
      'dbmode',
      'taken',
    ])
    assert.deepEqual(rulesOf({}), ['list'])
    assert.deepEqual(rulesOf([{ name: 'q', addmode: 1 }], { mqueueSize: 'x' }), [
      'defaultSize',
      'blankSize',
    ])
    assert.deepEqual(rulesOf([{ name: 'q', size: 1 }], { mqueueAddmode: 3 }), [
      'defaultAddmode',
      'blankAddmode',
    ])
  })

  it('refuses anything but a list', () => {
    for (const input of [null, {}, 'name=q', 5]) {
      const { definitions, errors } = parseDefinitions(input)
      assert.deepEqual(definitions, [])
      assert.equal(errors[0]?.code, 'MQ_INVALID_DEFINITION')
    }
  })
})
