import assert from 'node:assert/strict'
import { MqueueError, parseDefinitionString, parseModparams, RULES } from '../../src/index.ts'

function refusal(text: string): MqueueError {
  try {
    parseDefinitionString(text)
  } catch (error) {
    assert.ok(error instanceof MqueueError && error.code === 'MQ_INVALID_DEFINITION')
    return error
  }
  return assert.fail(`${text} was taken`)
}

describe('parseDefinitionString', () => {
  const taken: [string, name: string, size: number, addmode: number, dbmode: number][] = [
    ['name=q', 'q', 0, 0, 0],
    ['name=q;', 'q', 0, 0, 0],
    ['name=q;size=100;addmode=2;dbmode=1', 'q', 100, 2, 1],
    ['dbmode=4;addmode=1;size=7;name=q', 'q', 7, 1, 4],
    ['NAME=q;AddMode=1', 'q', 0, 1, 0],
    ['name = q ;\tsize\n=\r\n5 ', 'q', 5, 0, 0],
    ['name="a-b.c";size=\'9\'', 'a-b.c', 9, 0, 0],
  ]
  for (const [text, name, size, addmode, dbmode] of taken) {
    it(`takes ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseDefinitionString(text), { name, size, addmode, dbmode })
    })
  }

  const refused: [string, RegExp][] = [
    ['', /name must be/],
    ['size=3', /name must be/],
    ['name', /"name" has no value/],
    ['name=', /"name=" has no value/],
    ['name=;size=3', /has no value/],
    ['name=""', /name must be/],
    [' name=q', /begin with a blank/],
    [';name=q', /";" may only stand between/],
    ['name=q;;', /";" may only stand between/],
    ['name=q; ', /";" may only stand between/],
    ['name=q;size', /"size" has no value/],
    ['name=q;color=red', /"color" is none of name, size, addmode, dbmode/],
    ['name=q size=3', /put ";" between/],
    ['name="q"x', /put ";" between/],
    ['name=a b', /put ";" between/],
    // What Kamailio takes for something else without a word (MQUEUE oddity 11).
    ['name=q,size=3', /Kamailio ignores what comes after ","/],
    ['name=q;size=3x', /Size must be a whole number/],
    ['name=q;size=3.7', /Size must be a whole number/],
    ['name=q;size=abc', /Size must be a whole number/],
    ['name=q;size=0x3', /Size must be a whole number/],
    ['name=q;size=-2', /0 is unlimited/],
    ['name=q;addmode=3', /Equal keys \(addmode\) must be/],
    ['name=q;dbmode=7', /Storage \(dbmode\) must be/],
    ['name=a;name=b', /name is given twice/],
    ['name=q;size=1;SIZE=2', /size is given twice/],
    ['name=a/b', /name must be/],
    ['name="a;b"', /name must be/],
  ]
  for (const [text, reason] of refused) {
    it(`refuses ${JSON.stringify(text)} and says why`, () => {
      const { message, rule } = refusal(text)
      assert.match(message, reason)
      assert.ok(RULES.some((known) => known === rule))
    })
  }
})

describe('parseModparams', () => {
  it('reads all five parameters among everything else a kamailio.cfg holds', () => {
    const { definitions, dbUrl, errors } = parseModparams(`#!KAMAILIO
      # modparam("mqueue", "mqueue", "name=commented")
      // modparam("mqueue", "mqueue", "name=commented")
      loadmodule "mqueue.so"
      /* modparam("mqueue", "mqueue", "name=commented")
      */ modparam("mqueue", "db_url", "mysql://kamailio:pass@localhost/kamailio")
      modparam("htable", "htable", "a=>size=8;")
      modparam("mqueue", "mqueue", "name=first;size=10;addmode=2;dbmode=1")

      modparam ( 'mqueue' , "mqueue" ,
         "name=second" )
      modparam("tm|mqueue", "mqueue_name", "third")
      modparam("mqueue", "mqueue_size", 5)
      modparam("mqueue", "mqueue_addmode", 1)
      modparam("mqueue", "mqueue_name", "fourth")
      modparam("mqueue", "mqueue", "name=fifth")
      route[X] { mq_add("first", "modparam", 'x'); # "unbalanced
      }`)
    assert.deepEqual(errors, [])
    assert.equal(dbUrl, 'mysql://kamailio:pass@localhost/kamailio')
    assert.deepEqual(definitions, [
      { name: 'first', size: 10, addmode: 2, dbmode: 1 },
      { name: 'second', size: 0, addmode: 0, dbmode: 0 },
      { name: 'third', size: 0, addmode: 0, dbmode: 0 },
      { name: 'fourth', size: 5, addmode: 1, dbmode: 0 },
      { name: 'fifth', size: 0, addmode: 0, dbmode: 0 },
    ])
  })

  it('reads quotes inside of strings', () => {
    const text = String.raw`modparam("mqueue", "mqueue", "name=\"q\";size=2")`
    assert.deepEqual(parseModparams(text).definitions, [
      { name: 'q', size: 2, addmode: 0, dbmode: 0 },
    ])
  })

  it('tells the line of each error, and keeps what is right', () => {
    const { definitions, errors } = parseModparams(`modparam("mqueue", "mqueue", "name=a,size=1")
modparam("mqueue", "mqueue", "name=b")
modparam("mqueue", "mqueue_size", "5")
modparam("mqueue", "mqueue_size", -5)
modparam("mqueue", "mqueue_addmode", 3)
modparam("mqueue", "mqueue_name", b)
/*

*/
modparam("mqueue", "mqueue_name", "b")
modparam("mqueue", "length", 5)
modparam("mqueue", "mqueue_name" "c")
modparam("mqueue", "mqueue_name", "no name")`)
    assert.deepEqual(
      definitions.map(({ name }) => name),
      ['b'],
    )
    assert.deepEqual(
      errors.map(({ line }) => line),
      [1, 3, 4, 5, 6, 10, 11, 12, 13],
    )
    for (const { line, message, code } of errors) {
      assert.equal(code, 'MQ_INVALID_DEFINITION')
      assert.ok(message.startsWith(`Line ${line}: `))
    }
    assert.deepEqual(
      errors.map(({ rule, part }) => `${rule} ${part ?? ''}`.trim()),
      [
        'comma',
        'number mqueue_size',
        'number mqueue_size',
        'mode mqueue_addmode',
        'text mqueue_name',
        'definedTwice b',
        'unknownParameter length',
        'modparam modparam("mqueue", "mqueue_name" "c")',
        'name',
      ],
    )
    const reasons = errors.map(({ message }) => message)
    for (const [index, reason] of [
      /after ","/,
      /whole number from 0 on, without quotes/,
      /whole number from 0 on/,
      /from 0 to 2/,
      /text in quotes/,
      /defined twice/,
      /no parameter "length"/,
      /is not modparam/,
      /letters, digits/,
    ].entries()) {
      assert.match(reasons[index] ?? '', reason)
    }
  })

  it('finds nothing in a text without definitions', () => {
    for (const text of [
      '',
      '\n',
      'listen=udp:127.0.0.1',
      '/* open',
      '"open',
      'modparam("a", "b", 1)',
    ]) {
      assert.deepEqual(parseModparams(text), { definitions: [], errors: [] })
    }
  })
})
