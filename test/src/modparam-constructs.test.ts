/** Configurations, construct by construct: what is taken as Kamailio takes it, and what is reported. */
import assert from 'node:assert/strict'
import { parseModparams } from '../../src/index.ts'

describe('parseModparams, construct by construct', () => {
  const accepted: [what: string, text: string, names: string[]][] = [
    [
      'names that are defined, in terms of others, and for nothing',
      '#!define N INNER\n#!define INNER "a"\n#!define NONE\nmodparam("mqueue", "mqueue_name", NONE N "b")',
      ['ab'],
    ],
    [
      'a name for a whole line, with a comment behind it',
      '!!def Q modparam("mqueue", "mqueue", "name=a") # the "first\nQ\nmodparam("mqueue", "mqueue", "name=b")',
      ['a', 'b'],
    ],
    [
      'the second definition of a name where it may have one',
      '#!define N "a"\n#!trydef N "b"\nmodparam("mqueue", "mqueue_name", N)\n#!redef N "c"\nmodparam("mqueue", "mqueue_name", N)',
      ['a', 'c'],
    ],
    [
      'branches within branches, and what stands behind the conditions',
      '#!ifdef A # no "\n#!ifndef A\n#!endif\n#!else\n#!ifndef A\nmodparam("mqueue", "mqueue_name", "a")\n#!endif \n#!endif\nmodparam("mqueue", "mqueue_name", "b")',
      ['a', 'b'],
    ],
    [
      'no directive that has more behind it than it may',
      '#!ifdef A\n#!else # if not\nmodparam("mqueue", "mqueue_name", "a")\n#!endif\nmodparam("mqueue", "mqueue_name", "b")',
      ['b'],
    ],
    [
      'a directive in the middle of a line',
      'my.value = 5 #!define N "a"\nmodparam("mqueue", "mqueue_name", N)',
      ['a'],
    ],
    [
      'substitutions, in every text, one after the other',
      `#!subst "/mqx/mqueue/g"\n#!substdef '!N!"a.b"!g'\n#!substdefs "!M!c!g"\n#!subst ',([x-z]+)+_?,<\\0>,i'\n#!subst "/<|>//g"\nmodparam("mqx", "mqx_name", N)\nmodparam("mqx", "mqx_name", M)\nmodparam("mqx", "mqx_name", "1XYz_x")`,
      ['a.b', 'c', '1XYz_x'],
    ],
    [
      'variables of modparamx that stand for defined names',
      '#!define N a\n#!define E 2\nmodparamx("$def(MORE)|mqueue", "mqueue_name", "$(def(N))$defn(E)$defn(NO)")\nmodparamx("mqueue", "mqueue_size", $defn(E))',
      ['a20'],
    ],
    [
      'escapes, and a zero that ends a text',
      String.raw`modparam("\x6dq\165eue", "mqueue_name", "a\x5Fb\
c\x00d")`,
      ['a_bc'],
    ],
    ['no escapes between single quotes', `modparam('mqueue', 'mqueue', 'name="a"')`, ['a']],
    [
      'texts behind each other, over lines',
      'modparam("mq" "ueue" , "mqueue"\n\t"_name", "a"\r\n"b")modparam("mqueue", "mqueue_name", "c");',
      ['ab', 'c'],
    ],
    [
      'characters that mean nothing',
      '\uFEFFmodparam(\u00a0"mqueue"\u00a0, ? "mqueue_name", `"a")',
      ['a'],
    ],
    [
      'quotes and comment signs in the variables of a route',
      'route { $var(x) = $(hdr(X){re.subst,/"//g}); $var(y) = $hdr(#) + $(var(z){s.rm,/*}); }\nmodparam("mqueue", "mqueue_name", "a")',
      ['a'],
    ],
    [
      'a module that is a pattern, in any case, as a whole',
      'modparam("^M[p-r]ue{1}(u|x)e$|tm", "mqueue_name", "a")\nmodparam("mqueues?", "mqueue_name", "b")',
      ['a', 'b'],
    ],
    ['nothing of another module', 'modparam("mq|queue|mqueue.", "db_url", "x")', []],
    [
      'a module that is loaded as a name that is defined',
      'loadmodule "/usr/lib/mqueue.so"\n#!ifdef MOD_mqueue\nmodparam("mqueue", "mqueue_name", "a")\n#!endif\n#!ifdef MOD_tm\nmodparam("mqueue", "mqueue_name", "b")\n#!endif',
      ['a'],
    ],
  ]
  for (const [what, text, names] of accepted) {
    it(`takes ${what}`, () => {
      const { definitions, errors } = parseModparams(text)
      assert.deepEqual(errors, [])
      assert.deepEqual(
        definitions.map(({ name }) => name),
        names,
      )
    })
  }

  it('takes numbers in every notation', () => {
    const numbers = ['7', '0x1F', '017', '101b', '010b', '0', 'yes', 'off', '2147483647']
    const lines = numbers.map(
      (number, index) =>
        `modparam("mqueue", "mqueue_size", ${number})\nmodparam("mqueue", "mqueue_name", "q${index}")`,
    )
    const { definitions, errors } = parseModparams(lines.join('\n'))
    assert.deepEqual(errors, [])
    assert.deepEqual(
      definitions.map(({ size }) => size),
      [7, 31, 15, 5, 2, 0, 1, 0, 2147483647],
    )
  })

  const told: [what: string, text: string, errors: string[], names: string[]][] = [
    [
      'a file that is included, and what depends on it',
      'modparam("mqueue", "mqueue_size", 5)\n#!define N "n"\ninclude_file "a.cfg"\n#!ifdef X\nmodparam("mqueue", "mqueue", "name=a")\n#!endif\nmodparam("mqueue", "mqueue_name", "b")\nmodparam("mqueue", "mqueue_name", N)\nmodparam("mqueue", "mqueue", "name=c")',
      ['3 include a.cfg', '5 unknown X', '7 unknown a.cfg', '8 unknown N'],
      ['c'],
    ],
    [
      'the environment',
      '#!defenv A=HOME\n#!trydefenvs B\n#!ifdef A\nmodparam("mqueue", "mqueue_name", "a")\n#!endif\n#!ifndef B\nmodparam("mqueue", "mqueue_name", "b")\n#!endif\nmodparam("mqueue", "db_url", A)\nmodparamx("mqueue", "mqueue_name", "c$env(HOME)")',
      ['7 unknown B', '9 unknown A', '10 unknown c$env(HOME)'],
      ['a'],
    ],
    [
      'a default that it does not know, until the next one',
      '#!defenv A\nmodparam("mqueue", "mqueue_size", A)\nmodparam("mqueue", "mqueue_name", "a")\nmodparam("mqueue", "mqueue_size", 5)\nmodparam("mqueue", "mqueue_name", "b")\nmodparam("mqueue", "mqueue_size", "6")\nmodparam("mqueue", "mqueue_name", "c")',
      ['2 unknown A', '3 unknown A', '6 number mqueue_size', '7 unknown mqueue_size'],
      ['b'],
    ],
    [
      'what only some versions calculate',
      '#!ifexp 1 > 2\nmodparam("mqueue", "mqueue_name", "a")\n#!else\nmodparam("mqueue", "mqueue_name", "b")\n#!endif\n#!defexp N 1 + 2\nmodparam("mqueue", "mqueue_size", N)\n#!ifdef KAMAILIO_6\nmodparam("mqueue", "db_url", "x")\n#!endif',
      [
        '1 unknown #!ifexp 1 > 2',
        '2 unknown #!ifexp 1 > 2',
        '4 unknown #!ifexp 1 > 2',
        '7 unknown N',
        '9 unknown KAMAILIO_6',
      ],
      [],
    ],
    [
      'a substitution that refers to groups, where it applies',
      `#!subst '/(a)(b)/\\2\\1/'\nmodparam("mqueue", "mqueue_name", "ab")\nmodparam("mqueue", "mqueue_name", "c")\n#!subst "x"`,
      ['2 unknown ab', '4 subst x'],
      ['c'],
    ],
    [
      'a name that is defined twice, one that is none, and a word of Kamailio',
      '#!define A "a"\n#!define A "b"\n#!define B-C 5\n#!define NAME "x"\nmodparam("mqueue", "mqueue_name", A)\nmodparam("mqueue", "mqueue_name", NAME)',
      ['2 redefined A', '3 directive B-', '5 unknown A', '6 text mqueue_name'],
      [],
    ],
    [
      'a name that is defined by itself',
      'modparam("mqueue", "mqueue_name", "a")\n#!define A B B\n#!define B A A\nA\nmodparam("mqueue", "mqueue_name", "b")',
      ['4 expansion B'],
      ['a'],
    ],
    [
      'conditions without an end or a beginning',
      '#!endif\nmodparam("mqueue", "mqueue_name", "a")\n#!ifdef X\nmodparam("mqueue", "mqueue_name", "b")',
      ['1 endif #!endif', '3 noEndif #!ifdef X'],
      ['a'],
    ],
    [
      'a text and a comment without an end',
      'xlog("open);\nmodparam("mqueue", "mqueue_name", "a")\n" + "x" /*\nmodparam("mqueue", "mqueue_name", "b")',
      ['1 unclosed open);', '3 unclosed /*'],
      [],
    ],
    [
      'a module that is another one, or a pattern that it does not know',
      'modparam("mqeue", "mqueue_name", "a")\nmodparam("mqueue\\\\b", "db_url", "b")',
      ['1 module mqeue', '2 module mqueue\\b'],
      [],
    ],
    [
      'numbers that Kamailio cannot hold',
      'modparam("mqueue", "mqueue_size", 4294967301)\nmodparam("mqueue", "mqueue", "name=a;size=4294967301")\nmodparam("mqueue", "mqueue_size", 08)',
      ['1 number mqueue_size', '2 highSize a', '3 number mqueue_size'],
      [],
    ],
    [
      'a call within a call',
      'modparam("mqueue",\nmodparam("mqueue", "mqueue_name", "a")\nmodparam("mqueue", "mqueue_name" modparam("mqueue", "mqueue_name", "b")',
      [
        '1 modparam modparam("mqueue",',
        '3 modparam modparam("mqueue", "mqueue_name" modparam("mqueue", "mqueue_name", "b")',
      ],
      ['a', 'b'],
    ],
    [
      'a blank that is none to Kamailio',
      'modparam("mqueue", "mqueue", "name=a\u00a0;size=2")',
      ['1 name'],
      [],
    ],
    [
      'variables that do not stand for defined names',
      '#!define N x\nmodparamx("mqueue", "mqueue_size", $defn(N))\nmodparamx("mqueue", "mqueue_name", $var(x))\nmodparamx("mqueue$", "mqueue_name", "a$$")\nmodparamx("$env(M)mqueue", "mqueue_name", "a")\nmodparamx("mqueue", "$env(M)", "a")',
      [
        '2 unknown $defn(N)',
        '3 unknown $var(x)',
        '4 unknown mqueue$',
        '5 unknown $env(M)mqueue',
        '6 unknown $env(M)',
      ],
      [],
    ],
    [
      'bytes that are not characters of ASCII',
      String.raw`modparam("mqueue", "db_url", "\xc3\xa9")`,
      ['1 unknown Ã©'],
      [],
    ],
    [
      'a branch that may be read, in what it changes',
      '#!define N "a"\n#!trydefenv E\n#!ifdef E\n#!redef N "b"\n#!define M "m"\n#!subst "/zz/y/"\nmodparam("mqueue", "mqueue_addmode", 1)\n#!endif\nmodparam("mqueue", "mqueue_name", N)\nmodparam("mqueue", "mqueue_name", M)\nmodparam("mqueue", "mqueue", "name=zz")\nmodparam("mqueue", "mqueue", "name=c")\nmodparam("mqueue", "mqueue_name", "d")',
      ['7 unknown E', '9 unknown N', '10 unknown M', '11 unknown name=zz', '13 unknown E'],
      ['c'],
    ],
  ]
  for (const [what, text, expected, names] of told) {
    it(`tells ${what}`, () => {
      const { definitions, errors, dbUrl } = parseModparams(text)
      assert.deepEqual(
        errors.map(({ line, rule, part = '' }) => `${line} ${rule} ${part}`.trim()),
        expected,
      )
      assert.deepEqual(
        definitions.map(({ name }) => name),
        names,
      )
      assert.equal(dbUrl, undefined)
    })
  }
})
