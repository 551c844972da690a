// Columns as olap/live writes them: a head in JSON, then arrays, little-endian, each at a multiple of 8 bytes.

export type Column = Float64Array | Float32Array | Uint16Array | Uint8Array;

export interface Columns<Head = Record<string, unknown>> {
  head: Head;
  /** of returns a column, an empty one where there is none of that name. */
  of(name: string): Column;
}

interface Described {
  name: string;
  type: "f64" | "f32" | "u16" | "u8";
  count: number;
}

const kinds = {
  f64: [8, (b: ArrayBuffer, at: number, n: number) => new Float64Array(b, at, n)],
  f32: [4, (b: ArrayBuffer, at: number, n: number) => new Float32Array(b, at, n)],
  u16: [2, (b: ArrayBuffer, at: number, n: number) => new Uint16Array(b, at, n)],
  u8: [1, (b: ArrayBuffer, at: number, n: number) => new Uint8Array(b, at, n)],
} as const;

export function decode<Head = Record<string, unknown>>(buffer: ArrayBuffer): Columns<Head> {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length))) as Head & { columns: Described[] };
  const columns = new Map<string, Column>();
  let at = 8 + length;
  for (const c of head.columns) {
    const [size, make] = kinds[c.type];
    columns.set(c.name, make(buffer, at, c.count));
    at += Math.ceil((c.count * size) / 8) * 8;
  }
  return { head, of: (name) => columns.get(name) ?? new Float64Array(0) };
}
