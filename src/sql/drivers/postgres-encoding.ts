import type pg from 'pg'
import { Charset, UNITS } from './charset.ts'

/**
 * Makes the server write every character in the encoding of the database, and read it again. It leaves the ranges of
 * those that it holds in a setting of the session. Nothing but a block can go on after an error.
 */
const ASKING = `do $$
declare
  encoding constant text := getdatabaseencoding();
  ranges text := '';
  first int := 1;
  last int := 0;
  utf8 bytea;
begin
  for code in 1..65535 loop
    continue when code between 55296 and 57343;
    utf8 := decode(case
      when code < 128 then lpad(to_hex(code), 2, '0')
      when code < 2048 then to_hex(49280 + ((code >> 6) << 8) + (code & 63))
      else to_hex(14712960 + ((code >> 12) << 16) + (((code >> 6) & 63) << 8) + (code & 63))
    end, 'hex');
    begin
      continue when convert(convert(utf8, 'UTF8', encoding), encoding, 'UTF8') <> utf8;
    exception when others then
      continue;
    end;
    if code > last + 1 then
      ranges := ranges || first || '-' || last || ' ';
      first := code;
    end if;
    last := code;
  end loop;
  perform set_config('mqueue.held', ranges || first || '-' || last, false);
end $$`

/**
 * What the encoding of a database holds. Characters beyond the first 65,536, of which two encodings have some, are taken
 * for not held.
 */
export async function askEncoding(client: pg.Client): Promise<Charset> {
  await client.query(ASKING)
  const { rows } = await client.query<{ held: string }>(
    `select current_setting('mqueue.held') as held`,
  )
  const bytes = new Uint8Array(UNITS)
  for (const range of rows[0]?.held.split(' ') ?? []) {
    const [first = 0, last = 0] = range.split('-').map(Number)
    bytes.fill(1, first, last + 1)
  }
  return new Charset(bytes)
}
