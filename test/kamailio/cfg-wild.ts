/** What the environment of Kamailio holds, which the text does not say. */
export const ENVIRONMENT = { MQUEUE_CFG_TEXT: '"env"', MQUEUE_CFG_NUMBER: '7' }

/**
 * What Kamailio refuses, and what depends on more than the text.
 *
 * @param name a name for a queue that no other has
 * @param defines the number of a name to define that no other has
 */
export function wildPieces(name: string, defines: number): string[] {
  const queue = (value: string) => `modparam("mqueue", "mqueue_name", ${value})`
  return [
    ...[
      queue(name),
      queue('UNDEFINED'),
      `#!define NAME "n"\n${queue('NAME')}`,
      queue(`"${name}" 'b'`),
      queue(`"${name}" /* */ "b"`),
    ],
    ...[
      '#!endif\n',
      '#!ifdef NEVER\n',
      '#!else\n',
      '#!define QA 1\n#!define QA 2\n',
      '#!define A-b 5',
    ],
    ...[`${queue(`"${name}"`)}\n${queue(`"${name}"`)}`, 'modparam("mqueue", "mqueue_size", "5")'],
    ...['modparam("mqueue", "mqueue_size", -5)', 'modparam("mqueue", "length", 5)'],
    ...['modparam("mqueue", "mqueue_addmode", 7)', 'modparam("mqueue", "mqueue_size", 12b)'],
    ...['modparam("mqueue", "mqueue_size", 99999999999)', 'modparam("mqueue", "mqueue" "name=b")'],
    ...['import_file "nowhere.cfg"', '#!import_file "nowhere.cfg"', 'include_file "nowhere.cfg"'],
    `#!defenv E${name.replace(/\W/g, '')}=MQUEUE_CFG_TEXT\n${queue(`E${name.replace(/\W/g, '')}`)}`,
    `#!trydefenv MQUEUE_CFG_NUMBER\n#!ifdef MQUEUE_CFG_NUMBER\n${queue(`"${name}"`)}\n#!endif`,
    '#!trydefenv MQUEUE_CFG_NONE\nmodparam("mqueue", "mqueue_size", MQUEUE_CFG_NONE)',
    `modparamx("mqueue", "mqueue_name", "${name}$env(MQUEUE_CFG_NUMBER)")`,
    `modparamx("mqueue", "mqueue_name", "${name}$$")`,
    `#!ifdef KAMAILIO_5_6\n${queue(`"${name}"`)}\n#!endif`,
    `#!subst "/${name}(x|y)(z*)/\\2\\1/g"\n${queue(`"${name}yzz"`)}`,
    `#!ifexp 1 == 1\n${queue(`"${name}"`)}\n#!endif`,
    `#!defexp XP${defines} 3 * 4\n${queue('XP')}`,
    ...[
      `modparam("m(q", "mqueue_name", "${name}")`,
      `modparam("mqueue", "mqueue", "name=${name},size=3")`,
    ],
    ...[queue(`"${name} x"`), `modparam("mqueue", "mqueue", "name=${name};size=3x;addmode=2")`],
    ...[
      `/* never closed\n${queue(`"${name}"`)}`,
      `route[X${name}] { xlog("open); }\n${queue(`"${name}"`)}`,
    ],
  ]
}
